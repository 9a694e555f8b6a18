/** The measurements that show a fault over time, from the ranges of a Snapshot. Pure. */
import type { Series } from '../targets/ports.ts'
import { saturation } from './saturation.ts'
import { range, type View } from './view.ts'

/** [unix seconds, value], in order of time; what is no measurement is left out. */
export type History = [number, number][]

export interface Histories {
  /** Failed over all requests, at each time that has requests. */
  errorRatio: History
  /** Latency at the 95th percentile, in seconds. */
  p95: History
}

export function historiesOf(view: View): Histories {
  return {
    errorRatio: ratioOver(range(view, 'request_rate') ?? [], view.service.metrics.statusLabel),
    p95: finite(range(view, 'p95')?.[0]),
  }
}

/** The measurements of one series. */
export const finite = (series: Series | undefined): History => (series?.points ?? []).filter(([, value]) => Number.isFinite(value))

/** The share of 5xx in rates by status, at each time that has requests. */
export function ratioOver(series: readonly Series[], statusLabel: string): History {
  const sums = new Map<number, { failed: number; all: number }>()
  for (const one of series) {
    const failure = /^5/.test(one.labels[statusLabel] ?? '')
    for (const [at, value] of finite(one)) {
      const sum = sums.get(at) ?? { failed: 0, all: 0 }
      sums.set(at, { failed: sum.failed + (failure ? value : 0), all: sum.all + value })
    }
  }
  return [...sums]
    .filter(([, sum]) => sum.all > 0)
    .map(([at, sum]): [number, number] => [at, sum.failed / sum.all])
    .sort((a, b) => a[0] - b[0])
}

/** The histories with a name, a unit and the threshold they are held against; those without a point are left out. */
export function chartsOf(view: View): { title: string; unit: 'ratio' | 'seconds'; points: History; threshold: number }[] {
  const { errorRatio, p95 } = historiesOf(view)
  const { thresholds } = view
  return [
    { title: 'Requests that fail', unit: 'ratio' as const, points: errorRatio, threshold: thresholds.errorRatio },
    { title: 'Latency, 95th percentile', unit: 'seconds' as const, points: p95, threshold: thresholds.p95Seconds },
    {
      title: 'Memory of its limit, the fullest pod',
      unit: 'ratio' as const,
      points: saturation(view, 'memory'),
      threshold: thresholds.memoryRatio,
    },
    { title: 'CPU of its limit, the busiest pod', unit: 'ratio' as const, points: saturation(view, 'cpu'), threshold: thresholds.cpuRatio },
  ].filter((chart) => chart.points.length > 0)
}
