/** `task-mcp alerts silences`: which silences there are, and what each holds. */
import type { Context } from '../context.ts'
import { type ExitCode, exit, UsageError } from '../errors.ts'
import { renderSilences } from '../output/slo-silences.ts'
import { styleFor } from '../output/style.ts'
import type { AlertSource, Silencer } from '../targets/ports.ts'
import { alertSource } from './alerts.ts'
import type { GlobalOptions } from './entry.ts'

interface SilencesOptions extends GlobalOptions {
  readonly expired: boolean
}

export async function run(context: Context, _args: readonly string[], options: SilencesOptions): Promise<ExitCode> {
  const source = await alertSource(context, options)
  const [alerts, all] = await Promise.all([source.alerts(context.signal), silencerOf(source).silences(context.signal)])
  const silences = all
    .filter(({ state }) => options.expired || state !== 'expired')
    .map((silence) => ({
      ...silence,
      holds: alerts.filter(({ silencedBy }) => silencedBy?.includes(silence.id)).map(({ name, labels }) => ({ name, labels })),
    }))
    .sort((a, b) => a.endsAt.localeCompare(b.endsAt))
  const { terminal } = context
  const look = { columns: terminal.columns, style: styleFor(terminal), verbose: options.verbose }
  terminal.out(
    options.json
      ? `${JSON.stringify({ schemaVersion: 1, where: source.where, silences }, null, 2)}\n`
      : renderSilences(silences, source.where, new Date(context.clock.now()).toISOString(), look),
  )
  return exit.ok
}

/** The source's silencer; a UsageError where alerts can only be read. */
export function silencerOf(source: AlertSource): Silencer {
  if (!source.silencer) throw new UsageError(`${source.where} can only be read`, 'give --alertmanager URL')
  return source.silencer
}
