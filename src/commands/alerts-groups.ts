/** `task-mcp alerts groups`: who is told what, in which message. */
import type { Context } from '../context.ts'
import { type ExitCode, exit } from '../errors.ts'
import { renderGroups } from '../output/slo-silences.ts'
import { styleFor } from '../output/style.ts'
import { alertSource } from './alerts.ts'
import type { GlobalOptions } from './entry.ts'

export async function run(context: Context, _args: readonly string[], options: GlobalOptions): Promise<ExitCode> {
  const source = await alertSource(context, options)
  const groups = await source.groups(context.signal)
  const { terminal } = context
  const look = { columns: terminal.columns, style: styleFor(terminal), verbose: options.verbose }
  terminal.out(
    options.json
      ? `${JSON.stringify({ schemaVersion: 1, where: source.where, groups }, null, 2)}\n`
      : renderGroups(groups, source.where, new Date(context.clock.now()).toISOString(), look),
  )
  return groups.some(({ alerts }) => alerts.some(({ state }) => state !== 'suppressed')) ? exit.findings : exit.ok
}
