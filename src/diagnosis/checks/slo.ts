/** Checks of what was promised: budgets, how fast they go, when they are gone. */
import { parseDuration, span } from '../../duration.ts'
import { burnPairs } from '../../slo/burn-alerts.ts'
import type { ObjectiveReport } from '../../slo/report.ts'
import { budgetsOf, burnOf, countedSeconds, windowSeconds } from '../causes/slo.ts'
import type { View } from '../view.ts'
import { type CheckResult, found, ok, percent, some, unknown } from './result.ts'

/** Shares near one or none need their digits: 99.95%, 0.023%. */
const fine = (ratio: number, digits = 2): string => `${Number((ratio * 100).toPrecision(digits))}%`

/** The promises that were counted, or why there are none. */
function seen(view: View, name?: string): ObjectiveReport[] | CheckResult {
  const { slo } = view.snapshot
  if (slo === undefined) return unknown('budgets were not read in this look: task-mcp diagnose slo-violations reads them')
  if (slo.state !== 'ok') return unknown(`cannot see budgets: ${slo.state}, ${slo.reason}`)
  const reports = (budgetsOf(view) ?? []).filter((r) => (name === undefined || r.name === name) && r.counts !== null)
  return reports.length > 0
    ? reports
    : unknown('nothing was counted in the window of the budget: there was no traffic, or Prometheus has none of it')
}

/** How much of the window was counted, where that is not nearly all. */
const part = (view: View, r: ObjectiveReport): string =>
  countedSeconds(view, r) >= 0.95 * windowSeconds(view)
    ? ''
    : ` (${span(countedSeconds(view, r))} of ${span(windowSeconds(view))} were counted)`

/** Whether a window was counted for long enough that its budget means something. */
const told = (view: View, r: ObjectiveReport, seconds = windowSeconds(view)): boolean => countedSeconds(view, r) >= 0.5 * seconds

/** Below this share only repairs are shipped. */
const little = 0.2

export function sloBudget(view: View): CheckResult {
  const reports = seen(view)
  if (!Array.isArray(reports)) return reports
  const left = reports.flatMap((r) => (r.remaining.fraction === null ? [] : [{ r, fraction: r.remaining.fraction }]))
  if (left.length === 0) return unknown('there was no traffic, so no budget was spent and none is known')
  left.sort((a, b) => a.fraction - b.fraction)
  const text = `left of each budget: ${some(
    left.map(({ r, fraction }) => `${r.title} ${percent(fraction)}${part(view, r)}`),
    5,
  )}`
  return left.some(({ r, fraction }) => fraction < little && told(view, r)) ? found(text) : ok(text)
}

const kept =
  (name: string) =>
  (view: View): CheckResult => {
    const reports = seen(view, name)
    if (!Array.isArray(reports)) return reports
    const r = reports[0]!
    if (r.indicator === null) return unknown(`there was no traffic to keep "${r.title}" for`)
    const text = `${fine(1 - r.indicator)} of ${Math.round(r.counts?.total ?? 0)} ${r.unit} were bad, ${fine(r.target, 5)} promised${part(view, r)}`
    return r.indicator < r.target && told(view, r) ? found(text) : ok(text)
  }

export const sloAvailability = kept('availability')
export const sloThroughput = kept('throughput')

export function sloBurn(view: View): CheckResult {
  const reports = seen(view)
  if (!Array.isArray(reports)) return reports
  const rate = (r: ObjectiveReport, window: string): string => {
    const burn = burnOf(r, window)?.rate
    return burn === null || burn === undefined ? 'no traffic' : Number(burn.toPrecision(2)).toString()
  }
  const say = (r: ObjectiveReport): string => `${r.title} ${rate(r, '1h')} in 1 h, ${rate(r, '5m')} in 5 min`
  const long = (factor: number): number => parseDuration(burnPairs.find((p) => p.factor === factor)?.long ?? '') ?? 0
  const burning = reports.flatMap((r) => {
    const alerts = r.burning.filter((b) => b.factor >= burnPairs[0]!.factor || told(view, r, long(b.factor)))
    return alerts.length > 0 ? [{ ...r, burning: alerts }] : []
  })
  if (burning.length === 0) return ok(`burn, 1 being what lasts: ${some(reports.map(say), 5)}`)
  const few = burning.filter((r) => r.confidence.insufficientTraffic)
  return few.length === burning.length
    ? unknown(`too little traffic to tell: ${some(few.map(say))}`)
    : found(
        `burns too fast over a long and a short time together: ${some(burning.map((r) => `${say(r)} (${r.burning.map((b) => b.alert).join(', ')})`))}`,
      )
}

/** A budget that lasts this long needs no one to get up; seconds. */
const soon = 3 * 86_400

export function sloExhaustion(view: View): CheckResult {
  const reports = seen(view)
  if (!Array.isArray(reports)) return reports
  const spent = reports.filter((r) => r.remaining.fraction !== null && r.remaining.fraction <= 0)
  const gone = spent.filter((r) => told(view, r))
  if (gone.length > 0) return found(`used up: ${some(gone.map((r) => `${r.title}${part(view, r)}`))}`)
  if (spent.length > 0) return unknown(`too little was counted to tell: ${some(spent.map((r) => `${r.title}${part(view, r)}`))}`)
  const ends = reports.flatMap((r) =>
    r.forecast.naive === null || !Number.isFinite(r.forecast.naive) ? [] : [{ r, left: r.forecast.naive }],
  )
  ends.sort((a, b) => a.left - b.left)
  if (!ends[0]) return ok('at the pace of the last hour no budget runs out')
  const text = `at the pace of the last hour: ${some(ends.map(({ r, left }) => `${r.title} in ${span(left)}`))}`
  return ends.some(({ r, left }) => left < soon && told(view, r, 3600)) ? found(text) : ok(text)
}
