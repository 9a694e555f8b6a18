/** How requests were answered over time, from the long rates, and when that changed. Pure. */
import type { Series } from '../targets/ports.ts'
import { range, type View } from './view.ts'

export interface Answered {
  /** Unix seconds. */
  at: number
  /** Requests a second. */
  rate: number
  byStatus: ReadonlyMap<string, number>
}

/** Rates by status at each time, oldest first; empty where nothing was counted. */
export function answeredOver(view: View): Answered[] {
  const { statusLabel } = view.service.metrics
  const times = new Map<number, Map<string, number>>()
  for (const { labels, points } of range(view, 'request_rate') ?? []) {
    const status = labels[statusLabel] ?? ''
    for (const [at, value] of points) {
      if (!Number.isFinite(value)) continue
      const of = times.get(at) ?? new Map<string, number>()
      of.set(status, (of.get(status) ?? 0) + value)
      times.set(at, of)
    }
  }
  return inOrder(times)
}

/** Seconds over which the rates of a short history are taken: three scrapes of a Prometheus that is in a hurry, one of any other. */
const bucket = 15
/** Share of them that must have been seen for their rate to tell anything. */
const mostOf = 2 / 3

/** The same for a service of which only minutes are known: rates from its counters over the last ten minutes. */
export function answeredLately(view: View): Answered[] {
  const { statusLabel } = view.service.metrics
  const slots = new Map<number, { grown: Map<string, number>; seen: Map<number, number> }>()
  for (const { labels, points } of range(view, 'requests') ?? []) {
    const status = labels[statusLabel] ?? ''
    for (const [i, [at, value]] of points.entries()) {
      const before = points[i - 1]
      if (before === undefined || !Number.isFinite(value) || !Number.isFinite(before[1])) continue
      const slot = Math.ceil(at / bucket) * bucket
      const { grown, seen } = slots.get(slot) ?? { grown: new Map(), seen: new Map() }
      // A step down is a counter that began again at zero.
      grown.set(status, (grown.get(status) ?? 0) + (value >= before[1] ? value - before[1] : value))
      seen.set(at, Math.min(at - before[0], seen.get(at) ?? Number.POSITIVE_INFINITY))
      slots.set(slot, { grown, seen })
    }
  }
  const rates = new Map<number, Map<string, number>>()
  for (const [slot, { grown, seen }] of slots) {
    const seconds = [...seen.values()].reduce((sum, one) => sum + one, 0)
    if (seconds >= bucket * mostOf) rates.set(slot, new Map([...grown].map(([status, count]) => [status, count / seconds])))
  }
  return inOrder(rates)
}

const inOrder = (times: ReadonlyMap<number, Map<string, number>>): Answered[] =>
  [...times]
    .sort((a, b) => a[0] - b[0])
    .map(([at, byStatus]) => ({ at, byStatus, rate: [...byStatus.values()].reduce((sum, v) => sum + v, 0) }))

/** Requests a second that were answered with a status that matches. */
export const rateOf = ({ byStatus }: Answered, status: RegExp): number =>
  [...byStatus].reduce((sum, [name, value]) => sum + (status.test(name) ? value : 0), 0)

/** Their share of all; 0 where nobody asked. */
export const shareOf = (one: Answered, status: RegExp): number => (one.rate > 0 ? rateOf(one, status) / one.rate : 0)

/** The first time of the stretch, up to the end, in which something holds; undefined where it does not hold at the end. */
export function heldSince<T extends { at: number }>(points: readonly T[], holds: (point: T) => boolean): number | undefined {
  const last = points.findLastIndex((point) => !holds(point))
  return points[last + 1]?.at
}

export const median = (values: readonly number[]): number | undefined =>
  values.length === 0 ? undefined : [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]

/** Rates below this many points tell nothing of what is usual. */
const fewestPoints = 20
/** Points at the end that may belong to what happens now. */
const lately = 5
/** Points of a short history that say what is usual, and with it whether there is one: a minute of them. */
const fewestLately = lately + 4

/** What is usual: the middle of the values before the last ones; undefined where too few were seen. */
export const usual = (values: readonly number[], fewest = fewestPoints): number | undefined =>
  values.length < fewest ? undefined : median(values.slice(0, -lately))

/** How requests were answered, and what is usual of it: over the look-back where that is known, else over the last minutes. */
export function answeredAsUsual(view: View): { history: Answered[]; usual: (of: (one: Answered) => number) => number | undefined } {
  const long = answeredOver(view)
  const history = long.length < fewestPoints ? answeredLately(view) : long
  if (long.length >= fewestPoints) return { history, usual: (of) => usual(history.map(of)) }
  return { history, usual: (of) => usual(history.map(of), fewestLately) ?? steady(history.map(of)) }
}

/** Points that agree well enough to be called usual although they are so few, and how far they may be from their middle. */
const fewestSteady = 4
const apart = 0.25

/** The middle of the first stretch of a short history whose values agree, as long as it goes and without the last; what came before may be a start. */
function steady(values: readonly number[]): number | undefined {
  for (let from = 0; from < values.length - fewestSteady; from++)
    for (let to = values.length - 1; to - from >= fewestSteady; to--) {
      const stretch = values.slice(from, to)
      const middle = median(stretch)!
      if (middle > 0 && stretch.every((value) => Math.abs(value - middle) <= apart * middle)) return middle
    }
  return undefined
}

/** Points of the series whose labels match, added up at each time, oldest first. */
export function summed(series: readonly Series[], matches: (labels: Series['labels']) => boolean): { at: number; value: number }[] {
  const times = new Map<number, number>()
  for (const { labels, points } of series)
    if (matches(labels)) for (const [at, value] of points) if (Number.isFinite(value)) times.set(at, (times.get(at) ?? 0) + value)
  return [...times].sort((a, b) => a[0] - b[0]).map(([at, value]) => ({ at, value }))
}
