/** `task-mcp slo-budget`: what is left, what spent it, when it runs out, and whether to ship. */
import { resolve } from 'node:path'
import { loadSettings } from '../config.ts'
import type { Context } from '../context.ts'
import { type ExitCode, exit, UsageError } from '../errors.ts'
import { gatherDeploys } from '../facts/deploys.ts'
import { discover } from '../facts/discover.ts'
import { podMatchers } from '../facts/queries.ts'
import { gatherSlo } from '../facts/slo.ts'
import { nearest } from '../nearest.ts'
import { renderBudget } from '../output/slo-budget.ts'
import { styleFor } from '../output/style.ts'
import type { Objective } from '../slo/objectives.ts'
import type { Policy } from '../slo/policy.ts'
import { principalsIn } from '../slo/principals.ts'
import { type BudgetBase, type BudgetReport, budgetReport } from '../slo/report.ts'
import type { Moment } from '../slo/seen.ts'
import { budgetWindow } from '../slo/window.ts'
import type { GlobalOptions } from './entry.ts'
import { promisesOf } from './slo-services.ts'

export interface BudgetOptions extends GlobalOptions {
  readonly at?: string
  readonly window?: string
  readonly timeZone?: string
  readonly base?: BudgetBase
  readonly slo?: readonly string[]
  readonly slos?: string
  readonly deploy?: readonly string[]
  readonly incident?: readonly string[]
  readonly principals?: string
  readonly html?: string
}

export async function run(context: Context, _args: readonly string[], options: BudgetOptions): Promise<ExitCode> {
  const { report } = await readBudget(context, options)
  const { terminal } = context
  if (options.html !== undefined) {
    const { budgetPage } = await import('../output/slo-html.ts')
    await context.files.write(resolve(context.cwd, options.html), budgetPage(report))
    terminal.err(`wrote ${options.html}\n`)
  }
  terminal.out(
    options.json
      ? `${JSON.stringify(report, null, 2)}\n`
      : renderBudget(report, { columns: terminal.columns, style: styleFor(terminal), verbose: options.verbose }, options.slo ?? []),
  )
  return report.policy === 'unknown' ? exit.unknown : exit.ok
}

/** Reads and judges the budgets that the options ask for; without the story, only what is left of them. */
export async function readBudget(
  context: Context,
  options: BudgetOptions,
  story = true,
): Promise<{ report: BudgetReport; objectives: readonly Objective[] }> {
  const { settings } = await loadSettings(options, context)
  const promises = await promisesOf(context, settings, options.slos)
  const objectives = chosen(
    promises.flatMap((one) => one.objectives),
    options.slo,
  )
  const at = options.at === undefined ? context.clock.now() / 1000 : readTime(options.at, '--at')
  const asked = askedWindow(options, objectives)
  if (options.base !== undefined && !isCalendar(asked.text))
    throw new UsageError('--base is about calendar windows', 'use it with --window week, month or quarter')
  const window = budgetWindow(asked.text, at, asked.timeZone)
  const whoIs = principalsIn(await namesFrom(context, options.principals))
  const targets = context.targets(settings)
  const question = {
    objectives,
    story,
    window,
    at,
    // Whose deploys they are is only plain where there is one service.
    versions: promises.length === 1 ? podMatchers(settings.service) : undefined,
    deploys: (options.deploy ?? []).map((text): Moment => ({ at: readTime(text, '--deploy'), name: 'the release' })),
    incidents: (options.incident ?? []).map(readIncident),
  }
  for (const moment of [...question.deploys, ...question.incidents])
    if (moment.at >= at)
      throw new UsageError(
        `${new Date(moment.at * 1000).toISOString()} is not before the time looked at`,
        'give a time in the past, or a later --at',
      )
  const revisions = promises.length === 1 ? () => gatherDeploys(() => targets.cluster(), settings.service, context.signal) : undefined
  const place = await discover('prometheus', settings.prometheus, () => targets.cluster(), context.signal)
  const facts = await gatherSlo(await targets.metrics(place), { ...question, revisions }, context.signal)
  if (promises.length > 1 && story)
    facts.notSeen.push('deploys: they are looked for where there is one service alone; --deploy TIME names one')
  return { report: budgetReport(facts, objectives, options.base ?? 'observed', whoIs), objectives }
}

/** The window that was asked for, else the one that the promises name, else 30 days. @throws UsageError where they name several. */
function askedWindow(options: BudgetOptions, objectives: readonly Objective[]): NonNullable<Objective['window']> {
  const zone = options.timeZone === undefined ? {} : { timeZone: options.timeZone }
  if (options.window !== undefined) return { text: options.window, ...zone }
  const named = new Map(objectives.map(({ window = { text: '30d' } }) => [`${window.text} ${window.timeZone ?? ''}`.trim(), window]))
  if (named.size > 1)
    throw new UsageError(
      `the SLOs are kept over different windows: ${[...named.keys()].join(', ')}`,
      'ask for those of one window with --slo, or for all over one with --window',
    )
  return { ...[...named.values()][0]!, ...zone }
}

async function namesFrom(context: Context, file: string | undefined): Promise<string> {
  if (file === undefined) return ''
  try {
    return await context.files.read(resolve(context.cwd, file))
  } catch (error) {
    throw new UsageError(`${file} cannot be read`, 'give --principals a token file of the server, or a file with one name a line', {
      cause: error,
    })
  }
}

/** Those named, or whose name begins with a word that was given: `--slo latency` is both latencies, of every service; `--slo checkout` all of one. */
function chosen(objectives: readonly Objective[], names: readonly string[] | undefined): readonly Objective[] {
  if (names === undefined || names.length === 0) return objectives
  const all = objectives.map(({ id }) => id)
  const picked = new Set<string>()
  for (const name of names) {
    const matching = objectives.flatMap((one) =>
      [one.id, one.name, one.service].includes(name) || one.id.startsWith(`${name}-`) || one.name.startsWith(`${name}-`) ? [one.id] : [],
    )
    if (matching.length === 0) {
      const meant = nearest(name, all)
      throw new UsageError(`no SLO is called "${name}"`, `${meant ? `did you mean ${meant}?  ` : ''}there are ${all.join(', ')}`)
    }
    for (const one of matching) picked.add(one)
  }
  return objectives.filter(({ id }) => picked.has(id))
}

/** RFC 3339 or unix seconds, as unix seconds. */
function readTime(text: string, flag: string): number {
  const value = /^\d{9,11}(\.\d+)?$/.test(text)
    ? Number(text)
    : /^\d{4}-\d\d-\d\dT.+(Z|[+-]\d\d:\d\d)$/.test(text)
      ? Date.parse(text) / 1000
      : Number.NaN
  if (Number.isNaN(value))
    throw new UsageError(`${flag} takes a time, not "${text}"`, `for example ${flag} 2026-11-23T03:12:00Z, or unix seconds`)
  return value
}

function readIncident(text: string): Moment {
  const [start, end, ...more] = text.split('/')
  if (end === undefined || more.length > 0)
    throw new UsageError(`--incident takes two times, not "${text}"`, 'for example --incident 2026-11-23T03:12:00Z/2026-11-23T03:40:00Z')
  const moment = { at: readTime(start!, '--incident'), end: readTime(end, '--incident'), name: 'the incident' }
  if (moment.end <= moment.at) throw new UsageError(`the incident ${text} ends before it begins`, 'put the earlier time first')
  return moment
}

function isCalendar(window: string): boolean {
  return !/^\d/.test(window)
}

/** Exit code of a policy: 0 may ship, 3 may not, 5 not known. `allowed` is the strictest policy under which this release may still go. */
export function verdictOf(policy: Policy, allowed: 'normal' | 'careful' | 'only-fixes'): ExitCode {
  if (policy === 'unknown') return exit.unknown
  const order = ['normal', 'careful', 'only-fixes', 'freeze']
  return order.indexOf(policy) <= order.indexOf(allowed) ? exit.ok : exit.findings
}
