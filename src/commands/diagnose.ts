/** `task-mcp diagnose [runbook]`: gather, judge, walk the runbook, show. */
import path from 'node:path'
import { loadSettings, type Resolved, withDiscovered } from '../config.ts'
import type { Context } from '../context.ts'
import { changes } from '../diagnosis/changes.ts'
import { chartsOf } from '../diagnosis/charts.ts'
import { chooseRunbook } from '../diagnosis/choose.ts'
import { judge } from '../diagnosis/judge.ts'
import { restarts } from '../diagnosis/saturation.ts'
import type { Verdict } from '../diagnosis/verdict.ts'
import type { View } from '../diagnosis/view.ts'
import { type ExitCode, ExpectedError, exit, UsageError } from '../errors.ts'
import { bytesOf, isPacked, readBundle } from '../facts/capture-read.ts'
import type { Discovered } from '../facts/discover-service.ts'
import { gather } from '../facts/gather.ts'
import { gatherLocal } from '../facts/local.ts'
import type { BudgetReading } from '../facts/metrics.ts'
import { parseSnapshot, snapshotText } from '../facts/record.ts'
import type { Snapshot } from '../facts/snapshot.ts'
import { verdictJson } from '../output/json.ts'
import { verdictJunit } from '../output/junit.ts'
import { styleFor } from '../output/style.ts'
import { renderVerdict } from '../output/verdict.ts'
import { loadRunbooks, named } from '../runbook/directory.ts'
import type { Runbook } from '../runbook/runbook.ts'
import { walk } from '../runbook/walk.ts'
import type { Settings } from '../settings.ts'
import type { GlobalOptions } from './entry.ts'
import { settledLook } from './settled-look.ts'

interface DiagnoseOptions extends GlobalOptions {
  readonly record?: string
  readonly from?: string
  readonly url?: string
  readonly junit?: string
  readonly html?: string
  readonly all?: boolean
  readonly watch?: boolean
  readonly guide?: boolean
  readonly yesTo?: readonly string[]
  readonly ephemeral?: string
  readonly yes: boolean
}

const watchMilliseconds = 15_000

export async function run(context: Context, [name]: readonly string[], options: DiagnoseOptions): Promise<ExitCode> {
  if (options.from && (options.watch || options.record || options.url))
    throw new UsageError('--from judges a file and goes with none of --watch, --record, --url', 'give one of them')
  if (options.guide || options.yesTo) {
    if (options.from || options.url || options.all || options.watch)
      throw new UsageError('--guide walks with what is there now, and goes with none of --from, --url, --all, --watch', 'leave them out')
    const { run: walkThrough } = await import('./runbook-run.ts')
    return walkThrough(context, name ? [name] : [], { ...options, dryRun: false, yes: false, autoUndo: false })
  }
  if (options.ephemeral && (options.from || options.url || options.watch || options.guide || options.yesTo))
    throw new UsageError(
      '--ephemeral looks once from inside a pod, and goes with none of --from, --url, --watch, --guide, --yes-to',
      'leave them out',
    )
  if (name && options.all) throw new UsageError('--all walks every runbook and takes no name', 'leave one of them out')
  const resolved = await loadSettings(options, context)
  const books = await loadRunbooks(context.files, context.root, resolved.settings.runbooks)
  const wanted = name ? named(books, name) : undefined
  for (;;) {
    const budgets = wanted?.name === 'slo-violations' ? 'asked' : options.all ? 'beside' : undefined
    const takeLook = (seconds: number) => look(context, resolved, options, budgets, seconds)
    const judgedAll = (snapshot: Snapshot) => judged(snapshot, books, wanted, options.all ?? false)
    const settled = options.from
      ? judgedAll(await saved(context, options.from))
      : await settledLook(context, resolved.settings.timeoutSeconds, takeLook, judgedAll)
    const verdicts = options.ephemeral
      ? judgedAll(await alsoInside(context, resolved.settings, settled[0]!.view, options.ephemeral, options))
      : settled
    // A saved look says nothing of the service now.
    if (options.from === undefined) context.learned?.({ verdict: verdicts[0]!.verdict })
    await show(context, verdicts, options)
    const code = codeFor(verdicts.map((v) => v.verdict))
    if (!options.watch || code === exit.ok) return code
    await context.clock.sleep(watchMilliseconds, context.signal)
  }
}

async function look(
  context: Context,
  resolved: Resolved,
  options: DiagnoseOptions,
  budgets: BudgetReading | undefined,
  seconds: number,
): Promise<Snapshot> {
  const { clock, files, signal, version } = context
  const settings = { ...resolved.settings, timeoutSeconds: seconds }
  const deps = {
    targets: context.targets(settings),
    clock,
    signal,
    version,
    budgets,
    refine: (found: readonly Discovered[]) => ({ ...withDiscovered(resolved, found).settings, timeoutSeconds: seconds }),
  }
  const snapshot = options.url ? await gatherLocal(settings, options.url, deps) : await gather(settings, deps)
  if (options.record) await files.write(path.resolve(context.cwd, options.record), snapshotText(snapshot))
  return snapshot
}

/** The same look with what a container inside a pod was told; kept where `--record` says. */
async function alsoInside(
  context: Context,
  settings: Settings,
  view: View,
  image: string,
  options: Pick<DiagnoseOptions, 'yes' | 'record'>,
): Promise<Snapshot> {
  const { lookInside } = await import('./inside-look.ts')
  const snapshot = { ...view.snapshot, inside: await lookInside(context, settings, view, image, options.yes) }
  if (options.record) await context.files.write(path.resolve(context.cwd, options.record), snapshotText(snapshot))
  return snapshot
}

/** The snapshot in a file: one that --record wrote, or a bundle of `task-mcp capture`, which is checked from end to end. */
async function saved(context: Context, file: string): Promise<Snapshot> {
  const { files } = context
  const place = path.resolve(context.cwd, file)
  try {
    if (!(await isPacked(files, place))) return parseSnapshot(await files.read(place), file)
  } catch (error) {
    if (error instanceof ExpectedError) throw error
    throw new UsageError(`cannot read ${file}: ${error instanceof Error ? error.message : error}`, 'check --from', { cause: error })
  }
  let text: string | undefined
  await readBundle(files, place, file, async ({ what }, body) => {
    if (what === 'snapshot') text = (await bytesOf(body)).toString('utf8')
  })
  if (text === undefined) throw new UsageError(`${file} holds no snapshot`, 'look into it with task-mcp capture show')
  return parseSnapshot(text, file)
}

interface Judged {
  verdict: Verdict
  view: View
}

/** One verdict for each runbook asked for; without a name, for the one that the symptoms choose. */
function judged(snapshot: Snapshot, books: readonly Runbook[], wanted: Runbook | undefined, all: boolean): Judged[] {
  const walked = (book: Runbook): Judged => {
    const { verdict, view } = judge(snapshot, book.name)
    return { verdict: { ...verdict, steps: walk(book, view, verdict.causes) }, view }
  }
  if (all) return books.filter((b) => b.steps.some((s) => s.kind === 'check')).map(walked)
  if (wanted) return [walked(wanted)]
  const { verdict } = judge(snapshot, 'service-downtime')
  const alerts = Object.fromEntries(books.flatMap((b) => b.alerts.map((a) => [a, b.name])))
  return [walked(named(books, chooseRunbook(verdict.symptoms, verdict.causes, alerts)))]
}

async function show(context: Context, all: readonly Judged[], options: DiagnoseOptions): Promise<void> {
  const { terminal, files, cwd } = context
  // The worst first: a page and a report begin with what matters.
  const [first, ...others] = [...all].sort((a, b) => gravity(a) - gravity(b)) as [Judged, ...Judged[]]
  if (options.junit) await files.write(path.resolve(cwd, options.junit), verdictJunit(first.verdict, ...others.map((j) => j.verdict)))
  if (options.html) await files.write(path.resolve(cwd, options.html), await page(first, others))
  if (options.json) {
    terminal.out(
      all.length === 1
        ? verdictJson(first.verdict)
        : `${JSON.stringify(
            all.map((j) => j.verdict),
            null,
            2,
          )}\n`,
    )
    return
  }
  terminal.out(
    all
      .map((j) =>
        renderVerdict(j.verdict, { columns: terminal.columns, style: styleFor(terminal), verbose: options.verbose }, chartsOf(j.view)),
      )
      .join('\n'),
  )
}

async function page({ verdict, view }: Judged, others: readonly Judged[]): Promise<string> {
  const { verdictHtml } = await import('../output/html.ts')
  const lines = [
    ...changes(view).map((c) => ({ at: c.at, text: `${c.kind} ${c.name}: ${c.what}` })),
    ...restarts(view).map((one) => ({ ...one, restart: true as const })),
  ].sort((a, b) => Date.parse(a.at) - Date.parse(b.at))
  return verdictHtml(
    { verdict, charts: chartsOf(view), changes: lines },
    others.map((other) => other.verdict),
  )
}

const gravity = ({ verdict }: Judged): number => ['faulty', 'degraded', 'inconclusive', 'healthy'].indexOf(verdict.verdict)

/** The worst of several verdicts decides. */
export function codeFor(verdicts: readonly Verdict[]): ExitCode {
  if (verdicts.some((v) => v.causes[0]?.code === 'access_denied')) return exit.denied
  if (verdicts.some((v) => v.verdict === 'faulty' || v.verdict === 'degraded')) return exit.findings
  return verdicts.some((v) => v.verdict === 'inconclusive') ? exit.unknown : exit.ok
}
