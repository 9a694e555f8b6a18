/** What every action command does around its plan: settings, targets, the door, the answer. */
import { sameBegun, settleAll, tellOpen } from '../actions/cut-off.ts'
import { type Door, finish, type ObjectDiff, perform, type Receipt } from '../actions/door.ts'
import { type Golden, lookGolden } from '../actions/golden.ts'
import type { Look } from '../actions/look.ts'
import type { Objection, Plan } from '../actions/plan.ts'
import { openRecord } from '../actions/run-record.ts'
import { planUndo } from '../actions/undo.ts'
import { loadSettings } from '../config.ts'
import type { Context } from '../context.ts'
import { deadlineIn } from '../duration.ts'
import { type ExitCode, ExpectedError, exit } from '../errors.ts'
import { discover } from '../facts/discover.ts'
import { renderPlan, renderReceipt } from '../output/plan.ts'
import { styleFor } from '../output/style.ts'
import type { Settings } from '../settings.ts'
import type { ClusterWriter } from '../targets/ports.ts'
import type { ActionOptions } from './action-options.ts'
import { approvedPlan, planOnPaper } from './on-paper.ts'
import { needsTwo } from './two-people.ts'

const defaultWait = 180
const defaultObserve = 30

export interface Acting {
  name: string
  args: readonly string[]
  options: ActionOptions
  /** Settings to use in place of those of the command line, for an action that a diagnosis chose. */
  settings?: Settings
  /** Why a diagnosis speaks against it; asked while the plan is made. */
  objections?: () => Promise<readonly Objection[]>
  plan: (look: Look, writer: ClusterWriter) => Promise<Plan>
  /** Asked in place of a plain "are you sure", once the plan was shown. */
  agree?: (() => Promise<boolean>) | undefined
  /** Done after consent and before the first write. */
  before?: (plan: Plan, look: Look, context: Context) => Promise<void>
}

/** How a command makes its plan from its words and options. */
export type Planner<Options> = (args: readonly string[], options: Options) => Pick<Acting, 'plan' | 'before'>

/** Plan an action, take it through the door and print what became of it. */
export async function act(context: Context, acting: Acting): Promise<ExitCode> {
  const { receipt } = await actQuietly(context, acting)
  const { terminal } = context
  if (acting.options.json) terminal.out(`${JSON.stringify({ schemaVersion: 1, ...receipt }, null, 2)}\n`)
  else terminal.out(renderReceipt(receipt, { columns: terminal.columns, style: styleFor(terminal) }))
  return receipt.exitCode
}

/** As `act`, but the receipt is the caller's to print. */
export async function actQuietly(context: Context, acting: Acting): Promise<{ receipt: Receipt; door: Door }> {
  const { options } = acting
  const settings = acting.settings ?? (await loadSettings(options, context)).settings
  const targets = context.targets(settings)
  const [cluster, writer] = await Promise.all([targets.cluster(), targets.writer()])
  const record = openRecord(context)
  const signal = AbortSignal.any([context.signal, deadlineIn(settings.timeoutSeconds)])
  const look: Look = { cluster, settings, now: context.clock.now, signal, record }
  const { terminal } = context
  const page = { columns: terminal.columns, style: styleFor(terminal) }
  const door: Door = {
    context,
    look,
    cluster,
    writer,
    show: (plan: Plan, diff: readonly ObjectDiff[]) => terminal.err(renderPlan(plan, diff, page)),
    tell: (line) => terminal.err(`  ${line}\n`),
    golden: (window) => goldenNow(context, look, window),
    ...(acting.agree ? { agree: acting.agree } : {}),
    ...(acting.before ? { before: (plan: Plan) => acting.before!(plan, { ...look, signal: context.signal }, context) } : {}),
  }
  const asked = commandLine({ name: acting.name, args: acting.args, options: whatIsAsked(options, settings) })
  const consent = {
    dryRun: options.dryRun,
    yes: options.yes,
    despite: options.despite ?? [],
    wait: options.wait ?? defaultWait,
    observe: options.observe ?? defaultObserve,
    command: commandLine(acting),
  }
  const cut = await settleAll(look)
  const begun = acting.name === 'undo' ? undefined : sameBegun(cut.open, asked, context.clock.now())
  for (const line of cut.lines) terminal.err(`careful: ${line}\n`)
  for (const change of cut.open) if (change !== begun) terminal.err(`careful: ${await tellOpen(look, change)}\n`)
  if (begun !== undefined && !options.dryRun) {
    const receipt = await finish(door, begun, consent.wait)
    context.learned?.({ receipt })
    return { receipt, door }
  }
  if (begun !== undefined)
    terminal.err(`careful: change ${begun.id} was cut off after it was applied; without --dry-run this goes on from there\n`)
  const paper = options.plan
  const [plan, objections] =
    paper === undefined
      ? await Promise.all([acting.plan(look, writer), acting.objections?.() ?? []])
      : [await approvedPlan(context, look, paper, asked), []]
  plan.objections.push(...objections)
  plan.asked = asked
  const { planOut } = options
  if (planOut !== undefined)
    return { receipt: await planOnPaper(context, door, plan, consent, { ...options, planOut }, asked.replace(/ --yes$/, '')), door }
  const second = paper === undefined && needsTwo(settings) ? 'two people are needed for a change here' : undefined
  const receipt = await perform(door, plan, { ...consent, second })
  context.learned?.({ receipt })
  if (receipt.outcome !== 'failed' || !options.autoUndo) return { receipt, door }
  terminal.err(`${receipt.said}; taking it back\n`)
  const later = { ...look, signal: AbortSignal.any([context.signal, deadlineIn(settings.timeoutSeconds)]) }
  const back = await perform({ ...door, look: later }, await planUndo(later, plan.id, 'it was not verified'), { ...consent, yes: true })
  context.learned?.({ receipt: back })
  const { undo: _, ...rest } = receipt
  return {
    receipt: { ...rest, said: `${receipt.said}; ${back.exitCode === exit.ok ? 'it was taken back' : `taking it back: ${back.said}`}` },
    door,
  }
}

/** The golden signals up to now; undefined where no Prometheus has them. It must not hold a change up for long. */
async function goldenNow(context: Context, look: Look, window: number): Promise<Golden | undefined> {
  const { settings, cluster } = look
  const signal = AbortSignal.any([context.signal, AbortSignal.timeout(3000)])
  try {
    const place = await discover('prometheus', settings.prometheus, async () => cluster, signal)
    return await lookGolden({ ...look, signal }, await context.targets(settings).metrics(place), window)
  } catch (error) {
    if (!(error instanceof ExpectedError) || context.signal.aborted) throw error
    return undefined
  }
}

/** The options that say what is to be done, with the namespace and the context that were meant. */
function whatIsAsked(options: ActionOptions, settings: Settings): ActionOptions {
  const { yes: _1, why: _2, wait: _3, despite: _4, autoUndo: _5, observe: _0, timeout: _6, config: _7, kubeconfig: _8, ...rest } = options
  const { plan: _9, planOut: _10, signWith: _11, validFor: _12, dryRun: _13, json: _14, verbose: _15, color: _16, ...what } = rest
  return { ...what, namespace: settings.service.namespace } as ActionOptions
}

const quoted = (word: string): string => (/^[\w./:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)

/** The command line that does this without asking. */
export function commandLine({ name, args, options }: Pick<Acting, 'name' | 'args' | 'options'>): string {
  const flags = Object.entries(options).flatMap(([key, value]) => {
    const flag = `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
    if (['yes', 'dryRun', 'json', 'color', 'verbose'].includes(key) || value === undefined || value === false) return []
    if (value === true) return [flag]
    const said =
      key === 'wait' || key === 'observe' || key === 'for' || key === 'validFor' || key === 'timeout' || key === 'lookback'
        ? `${value}s`
        : value
    return (Array.isArray(said) ? said : [said]).flatMap((one) => [flag, quoted(String(one))])
  })
  return ['task-mcp', name, ...args.map(quoted), ...flags, '--yes'].join(' ')
}
