/** What the errors of the past hours and days mean for what was promised: arithmetic over counts, never a reason of its own. */
import { parseDuration, span } from '../../duration.ts'
import { objectivesFor } from '../../facts/objectives.ts'
import { burnPairs } from '../../slo/burn-alerts.ts'
import { loneErrorFloor, wilson } from '../../slo/confidence.ts'
import { budgetShare } from '../../slo/objectives.ts'
import { budgetReport, type ObjectiveReport } from '../../slo/report.ts'
import { type Claim, supported } from '../claim.ts'
import { percent } from '../quantity.ts'
import { traffic } from '../traffic.ts'
import type { Evidence } from '../verdict.ts'
import type { View } from '../view.ts'

/** The promises, counted and judged; undefined where budgets were not read. */
export function budgetsOf(view: View): ObjectiveReport[] | undefined {
  const { slo } = view.snapshot
  if (slo?.state !== 'ok') return undefined
  return budgetReport(
    slo.value,
    objectivesFor(view.service).filter((o) => slo.value.counts[o.name] !== undefined),
    'observed',
  ).objectives
}

export const burnOf = (report: ObjectiveReport, window: string) => report.burn.find((b) => b.window === window)

export function slo(view: View): Claim[] {
  const reports = budgetsOf(view)
  if (!reports) return []
  const [fast, slow] = [burnPairs.filter((p) => p.severity === 'critical'), burnPairs.filter((p) => p.severity !== 'critical')]
  const burning = (report: ObjectiveReport, pairs: typeof burnPairs) =>
    report.burning.filter((b) => pairs.some((p) => p.factor === b.factor)).sort((a, b) => b.factor - a.factor)[0]
  const worst = (pairs: typeof burnPairs) =>
    reports
      .flatMap((report) => {
        const one = burning(report, pairs)
        return one ? [{ report, pair: burnPairs.find((p) => p.factor === one.factor)! }] : []
      })
      .sort((a, b) => b.pair.factor - a.pair.factor)
  const told = worst(fast).filter(({ report, pair }) => surely(report, pair) && goesOn(view, report))
  if (told[0]) return [claim(view, 'slo_fast_burn', told[0].report, told[0].pair)]
  const few = reports.find(
    (r) => r.kind === 'events' && !surely(r, fast[0]!) && (burnOf(r, '1h')?.bad ?? 0) > 0 && (burnOf(r, '1h')?.rate ?? 0) > fast[0]!.factor,
  )
  const gone = reports.filter(
    (r) =>
      r.remaining.fraction !== null &&
      r.remaining.fraction <= 0 &&
      enough(r, 'window') &&
      countedLikeOthers(r, reports) &&
      countedSeconds(view, r) > 0.5 * windowSeconds(view),
  )
  const slowly = worst(slow).filter(
    ({ report, pair }) =>
      enough(report, pair.long) &&
      countedLikeOthers(report, reports) &&
      countedSeconds(view, report) > 0.5 * (parseDuration(pair.long) ?? 0),
  )
  if (gone[0]) return [exhausted(view, gone[0])]
  if (slowly[0]) return [claim(view, 'slo_slow_burn', slowly[0].report, slowly[0].pair)]
  return few ? [tooFew(view, few)] : []
}

/** A service younger than this had bad minutes because it began. Seconds. */
const youth = 900
/** Bad minutes of an hour that are an outage and no start. */
const fewestMinutes = 5

/** Whether what burns the budget is still to be seen now, by what else was read: a look is finer than the shortest window. */
function goesOn(view: View, report: ObjectiveReport): boolean {
  if (report.kind === 'time-slices') return countedSeconds(view, report) > youth && (burnOf(report, '1h')?.bad ?? 0) >= fewestMinutes
  const now = report.name === 'error-rate' ? traffic(view) : undefined
  return now?.ratio === undefined || now.ratio > budgetShare(report.target)
}

/** Seconds of the budget's window that were counted at all: minutes that rules recorded, else those in which the service was known. */
export function countedSeconds({ snapshot: { slo } }: View, { name }: ObjectiveReport): number {
  if (slo?.state !== 'ok') return 0
  const { counts } = slo.value
  return 60 * Math.max(counts[name]?.recordedMinutes ?? 0, counts.availability?.windows.window?.total ?? 0)
}
/** Seconds that the window has. */
export const windowSeconds = ({ snapshot: { slo } }: View): number =>
  slo?.state === 'ok' ? slo.value.window.elapsed : Number.POSITIVE_INFINITY

/** Of the requests of the window that some promise counted, the share that another must have counted to be judged by them. */
const fewestOfAll = 0.1

/** Whether a promise was counted for as long as the others of its kind: a histogram may be days younger than the counter beside it. */
function countedLikeOthers(report: ObjectiveReport, all: readonly ObjectiveReport[]): boolean {
  const total = (r: ObjectiveReport): number => burnOf(r, 'window')?.total ?? 0
  const alike = all.filter(({ kind, unit }) => kind === report.kind && unit === report.unit)
  return report.kind !== 'events' || total(report) >= fewestOfAll * Math.max(...alike.map(total))
}

/** Whether one error alone could not have made the difference in a window. */
function enough(report: ObjectiveReport, window: string): boolean {
  if (report.kind !== 'events') return true
  const total = burnOf(report, window)?.total ?? 0
  return total > loneErrorFloor(budgetShare(report.target), burnPairs[0]!.factor)
}

/** Whether a budget burns so fast over the long window of a pair, and not by the chance of a few requests: the lower end of what its share may be does too. */
function surely(report: ObjectiveReport, { long, factor }: (typeof burnPairs)[number]): boolean {
  if (report.kind !== 'events') return true
  const { bad = 0, total = 0 } = burnOf(report, long) ?? {}
  const sure = wilson({ bad: bad ?? 0, total: total ?? 0 })
  return enough(report, long) && sure !== null && sure.low > factor * budgetShare(report.target)
}

/** The target as people write it: 99.9%. */
const promised = ({ target }: ObjectiveReport): string => `${Number((100 * target).toPrecision(6))}%`

const counted = (report: ObjectiveReport, window: string): Evidence => {
  const one = burnOf(report, window)
  return {
    source: 'prometheus',
    asked: `bad of all ${report.unit} for "${report.title}" in ${window === 'window' ? 'the budget window' : window}`,
    observed:
      one?.total == null
        ? 'not counted'
        : `${Math.round(one.bad ?? 0)} of ${Math.round(one.total)}${one.rate === null ? ', no traffic' : `, burn ${one.rate.toFixed(1)}`}`,
    expected: `at most ${percent(1 - report.target)}`,
  }
}

function claim(view: View, code: 'slo_fast_burn' | 'slo_slow_burn', report: ObjectiveReport, pair: (typeof burnPairs)[number]): Claim {
  const rate = burnOf(report, pair.long)?.rate ?? 0
  const left = report.forecast.naive
  return supported({
    code,
    subject: view.subject,
    confidence: 0.97,
    summary: `the budget of "${report.title}" (${promised(report)}) burns ${rate.toFixed(1)} times too fast over ${pair.long}, and still does over ${pair.short}${left === null || left <= 0 ? '' : `; at this rate it is gone in ${span(left)}`}`,
    evidence: [counted(report, pair.long), counted(report, pair.short), counted(report, 'window')],
    hints: { slo: report.name },
  })
}

const exhausted = (view: View, report: ObjectiveReport): Claim =>
  supported({
    code: 'budget_exhausted',
    subject: view.subject,
    confidence: 0.97,
    summary: `the error budget of "${report.title}" (${promised(report)}) is used up: ${percent(1 - (report.remaining.fraction ?? 0))} of it is spent`,
    evidence: [counted(report, 'window'), counted(report, '1h')],
    hints: { slo: report.name },
  })

/** A share of bad requests that would page, made of so few requests that one alone makes it. */
function tooFew(view: View, report: ObjectiveReport): Claim {
  const hour = burnOf(report, '1h')!
  return supported({
    code: 'insufficient_traffic',
    subject: view.subject,
    confidence: 0.93,
    summary: `${Math.round(hour.bad ?? 0)} of ${Math.round(hour.total ?? 0)} ${report.unit} were bad in the last hour: too few to tell whether "${report.title}" is kept`,
    evidence: [
      counted(report, '1h'),
      {
        source: 'prometheus',
        asked: `${report.unit} in 1h`,
        observed: String(Math.round(hour.total ?? 0)),
        expected: `more than ${Math.floor(loneErrorFloor(budgetShare(report.target), burnPairs[0]!.factor))}, so that one error alone proves nothing`,
      },
    ],
  })
}
