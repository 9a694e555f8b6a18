/** How old streams were when they ended, how their number came to what it is, and how much waits for those that are open. Pure. */
import { summed } from './history.ts'
import { instant, range, type View } from './view.ts'

export interface AgeGroup {
  /** Seconds: older than `from`, at most `to`. */
  from: number
  to: number
  n: number
  /** In the group after it. */
  next: number
}

export interface Ages {
  ended: number
  /** The age that most of them had. */
  most: AgeGroup | undefined
  /** Seconds; undefined where none ended or nobody told. */
  mean: number | undefined
}

/** Streams that ended in 15 minutes: all, or those whose reason matches. A service that tells no reason has an empty one. */
export function streamAges(view: View, reason = /^/): Ages {
  const by = new Map<number, number>()
  const counts = new Map<string, number>()
  for (const { labels, points } of instant(view, 'stream_ages') ?? []) {
    if (!reason.test(labels.reason ?? '')) continue
    const to = labels.le === '+Inf' ? Number.POSITIVE_INFINITY : Number(labels.le)
    const n = points.at(-1)?.[1] || 0
    by.set(to, (by.get(to) ?? 0) + n)
    if (to === Number.POSITIVE_INFINITY) counts.set(labels.reason ?? '', n)
  }
  const bounds = [...by].map(([to, n]) => ({ to, n })).sort((a, b) => a.to - b.to)
  const groups = bounds.map(
    ({ to, n }, i): AgeGroup => ({
      from: bounds[i - 1]?.to ?? 0,
      to,
      n: n - (bounds[i - 1]?.n ?? 0),
      next: (bounds[i + 1]?.n ?? n) - n,
    }),
  )
  const means = (instant(view, 'stream_age') ?? []).flatMap(({ labels, points }) => {
    const [weight, value] = [counts.get(labels.reason ?? '') ?? 0, points.at(-1)?.[1] ?? Number.NaN]
    return weight > 0 && Number.isFinite(value) ? [{ weight, value }] : []
  })
  const weight = means.reduce((sum, m) => sum + m.weight, 0)
  return {
    ended: bounds.at(-1)?.n ?? 0,
    most: groups.reduce<AgeGroup | undefined>((a, b) => (a && a.n >= b.n ? a : b), undefined),
    mean: weight > 0 ? means.reduce((sum, m) => sum + m.weight * m.value, 0) / weight : undefined,
  }
}

/** A number of streams that rose to what it is. */
export interface Rise {
  /** Streams that were open before it. */
  from: number
  to: number
  /** From when to when, unix seconds. */
  since: number
  until: number
  /** The same number more in every stretch of time. */
  even: boolean
}

/** A rise within so many seconds is many who came at once; one that is even must have taken longer than the next, and gone through so many counts. */
const atOnce = 30
const slowly = 45
const fewestCounts = 4
/** Share of the rise by which the counts of an even one may be off the line. */
const off = 0.15

/** How the open streams came to be so many; undefined where there are as many as ever, or nobody counted over time. */
export function streamRise(view: View): Rise | undefined {
  const points = summed(range(view, 'streams') ?? [], () => true)
  const to = points.at(-1)?.value ?? 0
  const low = points.findLastIndex((p) => p.value <= 0.3 * to)
  const high = points.findIndex((p, i) => i > low && p.value >= 0.9 * to)
  if (low < 0 || high < 0) return undefined
  const [first, last] = [points[low]!, points[high]!]
  const line = (at: number): number => first.value + ((at - first.at) / (last.at - first.at)) * (last.value - first.value)
  const between = points.slice(low, high + 1)
  const even =
    last.at - first.at >= slowly &&
    between.length >= fewestCounts &&
    between.every((p) => Math.abs(p.value - line(p.at)) <= off * (last.value - first.value) + 2)
  return { from: first.value, to, since: first.at, until: last.at, even }
}

export const cameAtOnce = (rise: Rise | undefined): boolean => rise !== undefined && rise.until - rise.since <= atOnce

/** Of the time that streams were open, the part that those have which are open still, in place of those that ended: this many times is none that ends. */
const outlast = 3
const window = 900

/** Whether the streams that came with a rise stay, rather than end as others come; undefined where no ages were told. */
export function stays(view: View, rise: Rise): boolean | undefined {
  const { ended, mean } = streamAges(view)
  if (mean === undefined) return ended > 0 || !instant(view, 'stream_ages') ? undefined : true
  const counted = Math.min(window, view.now / 1000 - (summed(range(view, 'streams') ?? [], () => true)[0]?.at ?? 0))
  const theirs = Math.max(0, ended * mean - rise.from * counted)
  const open = (rise.to - rise.from) * ((rise.until - rise.since) / 2 + view.now / 1000 - rise.until)
  return open > outlast * theirs
}

const muchWaiting = 8 * 2 ** 20
const muchEach = 128 * 2 ** 10

/** Whether so many bytes in one pod, for so many open streams, mean readers that are too slow. */
export const tooMuchWaits = (waiting: number, open: number | undefined): boolean =>
  waiting > muchWaiting && waiting / (open || 1) > muchEach

/** Streams that ended in five minutes, by what ended them. */
export function closings(view: View): { all: number; of: (reason: RegExp) => number } {
  const rows = (instant(view, 'streams_closed') ?? []).map((s) => ({ reason: s.labels.reason ?? '', n: s.points.at(-1)?.[1] || 0 }))
  const of = (reason: RegExp): number => rows.reduce((sum, r) => sum + (reason.test(r.reason) ? r.n : 0), 0)
  return { all: of(/^/), of }
}
