/** Checks of the process itself: what it works on, and how much of its time goes to tidying up. */
import { traffic } from '../traffic.ts'
import type { View } from '../view.ts'
import { asked, type CheckResult, found, isResult, many, ok, percent, ranked, seconds, some, unknown } from './result.ts'

/** Requests in flight below this many are no pile, however slow each is. */
const fewestInFlight = 10

export function requestsInFlight(view: View): CheckResult {
  const series = asked(view, 'in_flight', 'requests being worked on')
  if (isResult(series)) return series
  const list = ranked(series)
  const all = list.reduce((sum, s) => sum + s.value, 0)
  const rate = traffic(view)?.rate
  const top = list[0]
  const where = top && list.length > 1 && top.value > 0 ? `, most in ${top.labels.pod ?? '?'}: ${top.value}` : ''
  if (rate === undefined) return ok(`${many(all, 'request')} being worked on${where}`)
  const text = `${many(all, 'request')} being worked on while ${Number(rate.toFixed(1))} arrive a second${where}`
  // In the long run as many are in flight as arrive in the time that one takes.
  const each = all / Math.max(rate, 0.1)
  return all >= fewestInFlight && each > 4 * view.thresholds.p99Seconds ? found(`${text}: each takes about ${seconds(each)}`) : ok(text)
}

/** Share of the time from which the heap is too small for what is alive in it. */
const muchCollecting = 0.1

export function garbageCollection(view: View): CheckResult {
  const series = asked(view, 'collection', 'garbage collection')
  if (isResult(series)) return series
  const list = ranked(series)
  if (!list[0]) return unknown('no value for garbage collection')
  const text = `of its time: ${some(list.map((s) => `${s.labels.pod ?? '?'} ${percent(s.value)}`))}`
  return list[0].value > muchCollecting ? found(`much time goes to collecting garbage, ${text}`) : ok(`collecting garbage takes, ${text}`)
}
