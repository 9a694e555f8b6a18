/** `task-mcp block add WHO | block list | block remove WHO`: keep an address or a principal out. */
import { entriesOf, planBlock, planUnblock } from '../actions/block.ts'
import { listIn, liveFile, podsOf, seenIn } from '../actions/live-settings.ts'
import type { Look } from '../actions/look.ts'
import { openRecord } from '../actions/run-record.ts'
import { loadSettings } from '../config.ts'
import type { Context } from '../context.ts'
import { deadlineIn } from '../duration.ts'
import { type ExitCode, exit } from '../errors.ts'
import { type BlockReport, renderBlocked } from '../output/blocked.ts'
import { styleFor } from '../output/style.ts'
import { act, type Planner } from './act.ts'
import type { ActionOptions } from './action-options.ts'
import type { GlobalOptions } from './entry.ts'
import { diagnosedObjections } from './objections.ts'

export interface BlockOptions extends ActionOptions {
  /** Seconds. */
  readonly for?: number
  readonly by?: 'server' | 'policy'
}

export const planner: Planner<BlockOptions> = (args, options) => ({
  plan: (look) => planBlock(look, args[0]!, options.for, options.by === 'policy', options.why ?? 'asked for by hand'),
})

export function run(context: Context, args: readonly string[], options: BlockOptions): Promise<ExitCode> {
  const objections = () => diagnosedObjections(context, options, 'block', undefined)
  return act(context, { name: 'block add', args, options, objections, ...planner(args, options) })
}

export function remove(context: Context, args: readonly string[], options: ActionOptions): Promise<ExitCode> {
  return act(context, {
    name: 'block remove',
    args,
    options,
    plan: (look) => planUnblock(look, args[0]!, options.why ?? 'asked for by hand'),
  })
}

export async function list(context: Context, _args: readonly string[], options: GlobalOptions): Promise<ExitCode> {
  const { settings } = await loadSettings(options, context)
  const { terminal, clock } = context
  const signal = AbortSignal.any([context.signal, deadlineIn(settings.timeoutSeconds)])
  const look: Look = { cluster: await context.targets(settings).cluster(), settings, now: clock.now, signal, record: openRecord(context) }
  const live = await liveFile(look)
  const entries = (['address', 'principal'] as const).flatMap((kind) =>
    entriesOf(kind, listIn(live.document, kind === 'address' ? 'blocked-addresses' : 'blocked-principals'), clock.now()),
  )
  const seen = await Promise.all((await podsOf(look, live.workload)).map((pod) => seenIn(look, pod)))
  const report: BlockReport = {
    schemaVersion: 1,
    from: `${live.key} of configmap/${live.configMap.name}`,
    entries: entries.map(({ kind, who, until, over }) => ({ kind, who, over, ...(until === undefined ? {} : { until }) })),
    refused: seen.some((one) => one.refused !== undefined) ? seen.reduce((sum, one) => sum + (one.refused ?? 0), 0) : null,
  }
  const page = { columns: terminal.columns, style: styleFor(terminal), verbose: options.verbose }
  terminal.out(options.json ? `${JSON.stringify(report, null, 2)}\n` : renderBlocked(report, clock.now(), page))
  return exit.ok
}
