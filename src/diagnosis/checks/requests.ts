/** How many requests failed, by pod and by route, from Prometheus or from two scrapes of the pods. Pure. */
import { traffic } from '../traffic.ts'
import { instant, type View } from '../view.ts'

export interface Count {
  pod: string | undefined
  route: string | undefined
  status: string
  /** Requests counted; a fraction where Prometheus interpolated. */
  count: number
}

export interface Requests {
  /** "Prometheus, 120 s", "two scrapes of the pods, 2 s". */
  from: string
  counts: Count[]
}

/** By pod, with status `5xx` for failures and `other` for the rest; undefined where neither source was seen. */
export function requestsByPod(view: View): Requests | undefined {
  const seen = traffic(view)
  if (!seen) return undefined
  const counts = [...seen.byPod].flatMap(([pod, { total, bad }]) => [
    { pod, route: undefined, status: '5xx', count: bad },
    { pod, route: undefined, status: 'other', count: total - bad },
  ])
  const source = seen.source === 'prometheus' ? 'Prometheus' : 'two scrapes of the pods'
  return { from: `${source}, ${Math.round(seen.seconds)} s`, counts }
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
export const errorRatio = (view: View): number | undefined => traffic(view)?.ratio
