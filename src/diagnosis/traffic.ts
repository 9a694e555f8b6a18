/** Requests and errors, from counters: what happens now, by pod, and what happened before a moment. Pure. */
import type { DirectScrape } from '../facts/snapshot.ts'
import type { Series } from '../targets/ports.ts'
import { startedAt } from './edits.ts'
import { range, type View } from './view.ts'

export interface Traffic {
  /** Requests and 5xx answers in the window. */
  total: number
  bad: number
  /** bad / total; undefined where there was no request: no traffic is not an error ratio of zero. */
  ratio: number | undefined
  /** Requests a second. */
  rate: number
  seconds: number
  byPod: Map<string, { total: number; bad: number }>
  byStatus: Map<string, number>
  source: 'prometheus' | 'metrics'
  /** The same by pod since each began to count, where only two moments were seen and their difference is small. */
  sinceStart?: Map<string, { total: number; bad: number }>
}

/** How much a counter grew over its points: the sum of its steps, a step down being a restart from zero. */
export function increase(points: readonly (readonly [number, number])[]): number {
  let sum = 0
  for (let i = 1; i < points.length; i++) {
    const [before, after] = [points[i - 1]![1], points[i]![1]]
    if (Number.isFinite(before) && Number.isFinite(after)) sum += after >= before ? after - before : after
  }
  return sum
}

export const isServerError = (status: string | undefined): boolean => /^5/.test(status ?? '')

/** `failures` are counters of failed operations whose answer carries no 5xx. */
function sum(
  view: View,
  series: readonly Series[],
  from: number,
  to: number,
  failures: readonly Series[] = range(view, 'failed_operations') ?? [],
): Traffic | undefined {
  const { statusLabel } = view.service.metrics
  const result: Traffic = {
    total: 0,
    bad: 0,
    ratio: undefined,
    rate: 0,
    seconds: 0,
    byPod: new Map(),
    byStatus: new Map(),
    source: 'prometheus',
  }
  let [first, last] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  const start = Math.min(...series.map((s) => s.points[0]?.[0] ?? Number.POSITIVE_INFINITY))
  for (const s of series) {
    const points = s.points.filter(([t]) => t >= from && t <= to)
    if (points.length < 1) continue
    // A series that appears within the window counts from zero: the first error of a program is an error. So do those of a pod that started in it.
    const appeared = points[0]![0] === s.points[0]![0] && (points[0]![0] > start + 10 || began(view, s.labels.pod, from))
    const grown = increase(points) + (appeared ? points[0]![1] : 0)
    first = Math.min(first, points[0]![0])
    last = Math.max(last, points.at(-1)![0])
    const status = s.labels[statusLabel] ?? ''
    const pod = s.labels.pod ?? ''
    const bad = isServerError(status) ? grown : 0
    result.total += grown
    result.bad += bad
    const of = result.byPod.get(pod) ?? { total: 0, bad: 0 }
    result.byPod.set(pod, { total: of.total + grown, bad: of.bad + bad })
    result.byStatus.set(status, (result.byStatus.get(status) ?? 0) + grown)
  }
  if (last <= first) return undefined
  for (const s of failures) {
    const points = s.points.filter(([t]) => t >= from && t <= to)
    if (points.length < 1) continue
    const failed = increase(points) + (points[0]![0] === s.points[0]![0] && points[0]![0] > start + 10 ? points[0]![1] : 0)
    const of = result.byPod.get(s.labels.pod ?? '')
    // No more can have failed than were asked.
    const more = of ? Math.min(failed, of.total - of.bad) : 0
    if (of) of.bad += more
    result.bad += more
  }
  result.seconds = last - first
  result.rate = result.total / result.seconds
  result.ratio = result.total > 0 ? result.bad / result.total : undefined
  return result
}

/** Whether a pod that is there started no earlier than `from`, in seconds. */
function began(view: View, name: string | undefined, from: number): boolean {
  const pod = view.pods.find((p) => p.metadata.name === name)
  return pod !== undefined && startedAt(pod) >= from * 1000
}

/** Windows to look at, the shortest that holds enough samples first; seconds. */
const windows = [45, 120, 300] as const

/** Samples that ended this long ago say nothing of now: the pods are no longer scraped. */
const staleSeconds = 90

/** What happens now; undefined where nothing tells. */
export function traffic(view: View): Traffic | undefined {
  const series = range(view, 'requests')
  if (!series?.length) return scraped(view)
  const end = Math.max(...series.map((s) => s.points.at(-1)?.[0] ?? 0))
  if (end < view.now / 1000 - staleSeconds) return scraped(view)
  for (const window of windows) {
    const found = sum(view, series, end - window, end)
    if (found && found.seconds >= window * 0.6) return found
  }
  return sum(view, series, end - 300, end)
}

/** The last moments alone: whether it still goes on. Seconds. */
export function trafficLately(view: View, seconds = 20): Traffic | undefined {
  const series = range(view, 'requests')
  if (!series?.length) return scraped(view)
  const end = Math.max(...series.map((s) => s.points.at(-1)?.[0] ?? 0))
  return end < view.now / 1000 - staleSeconds ? scraped(view) : sum(view, series, end - seconds, end)
}

/** Requests below which a share of failures means nothing. */
export const enough = 10

/**
 * The traffic in up to five minutes before a moment (milliseconds); undefined where it was not seen. Where counters were scraped for too short
 * a time to have grown much, what they stood at then: a program counts from its start.
 */
export function trafficBefore(view: View, moment: number | undefined): Traffic | undefined {
  const series = range(view, 'requests')
  if (!series?.length || moment === undefined) return undefined
  const end = moment / 1000 - 1
  const grown = sum(view, series, end - 299, end)
  if (grown && grown.total >= enough) return grown
  const byStatus = new Map<string, number>()
  for (const { labels, points } of series) {
    const status = labels[view.service.metrics.statusLabel] ?? ''
    byStatus.set(status, (byStatus.get(status) ?? 0) + (points.findLast(([t]) => t <= end)?.[1] ?? 0))
  }
  const total = [...byStatus.values()].reduce((all, n) => all + n, 0)
  if (total === 0) return grown
  const bad = [...byStatus].reduce((all, [status, n]) => all + (isServerError(status) ? n : 0), 0)
  const empty = { rate: 0, seconds: 0, byPod: new Map(), source: 'prometheus' as const }
  return { ...(grown ?? empty), total, bad, byStatus, ratio: bad / total }
}

/** How long after a change what was under way before it may still be counted, in milliseconds. */
const settling = 5000

/** The traffic now, leaving out what came before a moment (milliseconds); undefined where nothing was counted since. */
export function trafficSince(view: View, moment: number | undefined): Traffic | undefined {
  const series = range(view, 'requests')
  if (!series?.length || moment === undefined) return traffic(view)
  const end = Math.max(...series.map((s) => s.points.at(-1)?.[0] ?? 0))
  if (end < view.now / 1000 - staleSeconds) return scraped(view)
  return sum(view, series, Math.max(end - windows[0], (moment + settling) / 1000), end)
}

/** From two scrapes of the pods themselves. */
function scraped(view: View): Traffic | undefined {
  const { direct } = view.snapshot
  if (direct.state !== 'ok') return undefined
  const { requests, statusLabel } = view.service.metrics
  const series = new Map<string, Series>()
  for (const scrape of direct.value) {
    for (const s of scrape.samples) {
      if (s.name !== requests) continue
      const id = `${scrape.pod} ${JSON.stringify(s.labels)}`
      const known = series.get(id) ?? { labels: { pod: scrape.pod, [statusLabel]: s.labels[statusLabel] ?? '' }, points: [] }
      known.points.push([scrape.at, s.value])
      series.set(id, known)
    }
  }
  const times = direct.value.map((s) => s.at)
  const found = sum(view, [...series.values()], Math.min(...times), Math.max(...times), failedIn(direct.value))
  return found && { ...found, source: 'metrics', sinceStart: sinceStart([...series.values()], statusLabel) }
}

/** What counters of pods stand at. */
function sinceStart(series: readonly Series[], statusLabel: string): Map<string, { total: number; bad: number }> {
  const pods = new Map<string, { total: number; bad: number }>()
  for (const { labels, points } of series) {
    const counted = points.at(-1)?.[1] ?? 0
    const of = pods.get(labels.pod ?? '') ?? { total: 0, bad: 0 }
    pods.set(labels.pod ?? '', { total: of.total + counted, bad: of.bad + (isServerError(labels[statusLabel]) ? counted : 0) })
  }
  return pods
}

/** Requests and failures of some pods, over the longest time that was seen of each. */
export function ofPods(pods: readonly { metadata: { name: string } }[], t: Traffic): { total: number; bad: number } {
  const counted = pods.flatMap((p) => (t.sinceStart ?? t.byPod).get(p.metadata.name) ?? [])
  return { total: counted.reduce((sum, of) => sum + of.total, 0), bad: counted.reduce((sum, of) => sum + of.bad, 0) }
}

/** What the server is to blame for, as `error_type` has it where no status shows it. */
const serverErrors = new Set(['internal', 'unavailable', 'timeout'])

/** Failed operations in two scrapes, by pod; one that only the second has counts from zero. */
function failedIn(scrapes: readonly DirectScrape[]): Series[] {
  return [...new Set(scrapes.map((s) => s.pod))].map((pod) => ({
    labels: { pod },
    points: scrapes
      .filter((s) => s.pod === pod)
      .sort((a, b) => a.at - b.at)
      .map(({ at, samples }): [number, number] => [
        at,
        samples.reduce(
          (total, s) =>
            total + (s.name === 'mcp_server_operation_duration_seconds_count' && serverErrors.has(s.labels.error_type ?? '') ? s.value : 0),
          0,
        ),
      ]),
  }))
}

/** When the errors began, in milliseconds: the first point of the long rate above the threshold that stayed there. */
export function errorOnset(view: View): number | undefined {
  const series = range(view, 'request_rate')
  if (!series?.length) return undefined
  const { statusLabel } = view.service.metrics
  const at = new Map<number, { total: number; bad: number }>()
  for (const s of series) {
    for (const [t, v] of s.points) {
      if (!Number.isFinite(v)) continue
      const of = at.get(t) ?? { total: 0, bad: 0 }
      at.set(t, { total: of.total + v, bad: of.bad + (/^5/.test(s.labels[statusLabel] ?? '') ? v : 0) })
    }
  }
  for (const s of range(view, 'failed_operation_rate') ?? []) {
    for (const [t, v] of s.points) {
      const of = at.get(t)
      if (of && Number.isFinite(v)) of.bad += Math.min(v, of.total - of.bad)
    }
  }
  const points = [...at].sort((a, b) => b[0] - a[0])
  let onset: number | undefined
  for (const [t, of] of points) {
    if (of.total > 0 && of.bad / of.total > view.thresholds.errorRatio) onset = t * 1000
    else break
  }
  return onset
}
