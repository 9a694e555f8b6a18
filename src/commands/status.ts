/** `task-mcp status`: the service at a glance. */
import { loadSettings } from '../config.ts'
import type { Context } from '../context.ts'
import { statusOf } from '../diagnosis/status.ts'
import { makeView } from '../diagnosis/view.ts'
import { type ExitCode, exit } from '../errors.ts'
import { gather } from '../facts/gather.ts'
import { renderStatus } from '../output/status.ts'
import { styleFor } from '../output/style.ts'
import type { GlobalOptions } from './entry.ts'

export async function run(context: Context, _args: readonly string[], options: GlobalOptions): Promise<ExitCode> {
  const { settings } = await loadSettings(options, context)
  const { clock, signal, terminal, version } = context
  const report = statusOf(makeView(await gather(settings, { targets: context.targets(settings), clock, signal, version })))
  terminal.out(
    options.json
      ? `${JSON.stringify(report, null, 2)}\n`
      : renderStatus(report, { columns: terminal.columns, style: styleFor(terminal), verbose: options.verbose }),
  )
  if (report.state === 'unknown') return [report.rollout, report.pods].some((part) => part.state === 'denied') ? exit.denied : exit.unknown
  return report.state === 'well' ? exit.ok : exit.findings
}
