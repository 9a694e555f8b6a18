/** `task-mcp status`: the service at a glance. */
import { loadSettings, withDiscovered } from '../config.ts'
import type { Context } from '../context.ts'
import { type BudgetsLeft, statusOf } from '../diagnosis/status.ts'
import { makeView } from '../diagnosis/view.ts'
import { type ExitCode, exit } from '../errors.ts'
import { gather } from '../facts/gather.ts'
import { part } from '../facts/part.ts'
import type { Part } from '../facts/snapshot.ts'
import { renderStatus } from '../output/status.ts'
import { styleFor } from '../output/style.ts'
import type { Settings } from '../settings.ts'
import type { GlobalOptions } from './entry.ts'
import { explained, type LookOptions, selectorLine, where, workloadWords } from './look-only.ts'
import { readBudget } from './slo-budget.ts'

/** The rest of the time is for judging and showing what was not seen. */
const shareForReading = 0.9
/** Milliseconds. Nobody waits for a glance. */
const longestForBudgets = 1500

export async function run(context: Context, _args: readonly string[], options: LookOptions): Promise<ExitCode> {
  if (await explained(context, options, byHand)) return exit.ok
  const resolved = await loadSettings(options, context)
  const { settings } = resolved
  const { clock, signal, terminal, version } = context
  const [snapshot, budget] = await Promise.all([
    gather(settings, {
      targets: context.targets(settings),
      clock,
      signal,
      version,
      refine: (found) => withDiscovered(resolved, found).settings,
    }),
    budgets(context, settings, options),
  ])
  const report = statusOf(makeView(snapshot), budget)
  terminal.out(
    options.json
      ? `${JSON.stringify(report, null, 2)}\n`
      : renderStatus(report, { columns: terminal.columns, style: styleFor(terminal), verbose: options.verbose }),
  )
  if (report.state === 'unknown') return [report.rollout, report.pods].some((part) => part.state === 'denied') ? exit.denied : exit.unknown
  return report.state === 'well' ? exit.ok : exit.findings
}

const byHand = (settings: Settings): string[] => [
  selectorLine(settings),
  `kubectl get pods ${where(settings)} -l "$SELECTOR" -o wide`,
  `kubectl rollout status ${where(settings)} ${workloadWords(settings)} --watch=false`,
]

/** What slo-budget says, in a short time: without recorded counts Prometheus may work on it for long. A part that was not seen leaves a line out. */
async function budgets(context: Context, settings: Settings, options: GlobalOptions): Promise<Part<BudgetsLeft>> {
  const late = AbortSignal.timeout(Math.min(longestForBudgets, settings.timeoutSeconds * shareForReading * 1000))
  const signal = AbortSignal.any([context.signal, late])
  const seen = await part(async () => {
    const { report } = await readBudget({ ...context, signal }, options, false)
    const left = report.objectives.flatMap(({ title, remaining }) =>
      remaining.fraction === null ? [] : [{ title, fraction: remaining.fraction }],
    )
    return { left, policy: report.policy }
  }, context.signal)
  return seen.state !== 'ok' && late.aborted
    ? { state: 'unreachable', reason: 'not counted in time; task-mcp slo-budget waits for it', next: 'task-mcp slo-budget' }
    : seen
}
