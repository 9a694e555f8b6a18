/** How many requests were answered how, in the last two minutes, from Prometheus or from two scrapes of the pods. Pure. */
import type { Series } from '../../targets/ports.ts'
import { instant, range, type View } from '../view.ts'

export const windowSeconds = 120

export interface Count {
  pod: string | undefined
  route: string | undefined
  status: string
  /** Requests in the window; a fraction where Prometheus interpolated. */
  count: number
}

export interface Requests {
  /** "Prometheus, last 2 min", "two scrapes 3 s apart". */
  from: string
  counts: Count[]
}

/** Growth of a counter over the last `windowSeconds` of a series, resets counted from zero. */
function growth(series: Series): number {
  const end = series.points.at(-1)?.[0] ?? 0
  const points = series.points.filter(([at, value]) => at >= end - windowSeconds && Number.isFinite(value))
  return points.reduce((sum, [, value], i) => {
    const before = points[i - 1]?.[1]
    return before === undefined ? sum : sum + (value >= before ? value - before : value)
  }, 0)
}

/** By pod and status; undefined where neither source was seen. An empty list means that nothing was counted. */
export function requestsByPod(view: View): Requests | undefined {
  const { statusLabel } = view.service.metrics
  const series = range(view, 'requests')
  if (series?.length) {
    const counts = series.map((s) => ({ pod: s.labels.pod, route: undefined, status: s.labels[statusLabel] ?? '', count: growth(s) }))
    return { from: 'Prometheus, last 2 min', counts }
  }
  return fromScrapes(view) ?? (series && { from: 'Prometheus, last 2 min', counts: [] })
}

/** By route and status, as far as known. */
export function requestsByRoute(view: View): Requests | undefined {
  const { routeLabel, statusLabel } = view.service.metrics
  const series = instant(view, 'errors_by_route')
  if (series?.length) {
    const counts = series.map((s) => ({
      pod: undefined,
      route: s.labels[routeLabel],
      status: s.labels[statusLabel] ?? '',
      count: Math.max(0, s.points.at(-1)?.[1] ?? 0) || 0,
    }))
    return { from: 'Prometheus, last 2 min', counts }
  }
  return fromScrapes(view) ?? (series && { from: 'Prometheus, last 2 min', counts: [] })
}

function fromScrapes(view: View): Requests | undefined {
  const { direct } = view.snapshot
  if (direct.state !== 'ok') return undefined
  const { requests, routeLabel, statusLabel } = view.service.metrics
  const key = (labels: Record<string, string>): string => JSON.stringify(Object.entries(labels).sort())
  const counts: Count[] = []
  let apart = 0
  for (const pod of new Set(direct.value.map((s) => s.pod))) {
    const [first, last] = direct.value.filter((s) => s.pod === pod).sort((a, b) => a.at - b.at)
    if (!first || !last) continue
    apart = Math.max(apart, last.at - first.at)
    const before = new Map(first.samples.filter((s) => s.name === requests).map((s) => [key(s.labels), s.value]))
    for (const { name, labels, value } of last.samples) {
      const route = labels[routeLabel]
      if (name !== requests || /^\/(health|metrics)/.test(route ?? '')) continue
      const earlier = before.get(key(labels)) ?? 0
      counts.push({ pod, route, status: labels[statusLabel] ?? '', count: value >= earlier ? value - earlier : value })
    }
  }
  return apart > 0 ? { from: `two scrapes of the pods ${Number(apart.toFixed(1))} s apart`, counts } : undefined
}

export const isFailure = (count: Count): boolean => /^5/.test(count.status)

/** Failures and all requests of some counts. */
export const tally = (counts: readonly Count[]): { failed: number; all: number } => ({
  failed: counts.filter(isFailure).reduce((sum, c) => sum + c.count, 0),
  all: counts.reduce((sum, c) => sum + c.count, 0),
})

/** Sums by a key, largest first; counts without the key are left out. */
export function sumBy(counts: readonly Count[], key: (count: Count) => string | undefined): [string, number][] {
  const sums = new Map<string, number>()
  for (const c of counts) {
    const k = key(c)
    if (k !== undefined) sums.set(k, (sums.get(k) ?? 0) + c.count)
  }
  return [...sums].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
}

/** Failed over all requests; undefined where not seen or without traffic. */
export function errorRatio(view: View): number | undefined {
  const { failed, all } = tally((requestsByPod(view) ?? { counts: [] }).counts)
  return all > 0 ? failed / all : undefined
}
