/** `task-mcp doctor`: what can be seen and done from here. */
import { loadSettings } from '../config.ts'
import type { Context } from '../context.ts'
import { judgeDoctor } from '../diagnosis/doctor.ts'
import { deadlineIn } from '../duration.ts'
import { type ExitCode, exit } from '../errors.ts'
import { gatherDoctor } from '../facts/doctor.ts'
import { renderDoctor } from '../output/doctor.ts'
import { styleFor } from '../output/style.ts'
import type { GlobalOptions } from './entry.ts'

const codes = { yes: exit.ok, denied: exit.denied, unreachable: exit.unknown } as const

export async function run(context: Context, _args: readonly string[], options: GlobalOptions): Promise<ExitCode> {
  const { settings } = await loadSettings(options, context)
  const deadline = AbortSignal.any([context.signal, deadlineIn(settings.timeoutSeconds * 0.9)])
  const report = judgeDoctor(await gatherDoctor(settings, context.targets(settings), context.clock, deadline, context.signal))
  const { terminal } = context
  terminal.out(
    options.json
      ? `${JSON.stringify(report, null, 2)}\n`
      : renderDoctor(report, { columns: terminal.columns, style: styleFor(terminal), verbose: options.verbose }),
  )
  return codes[report.works]
}
