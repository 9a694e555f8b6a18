/** What some pods answered in a stretch of time, from Prometheus: how new pods are held against old ones. */
import type { ServiceSettings } from '../settings.ts'
import type { MetricsSource } from '../targets/ports.ts'
import { podMatchers } from './queries.ts'

/** Requests and failures in a window, probes left out, and latency at its 95th percentile in seconds. */
export interface Side {
  requests: number
  failed: number
  p95: number | undefined
}

/** `at` is the end of the window in unix seconds; `pods` the names of the new pods. `old` is everything else of the workload. */
export async function measureSide(
  source: MetricsSource,
  service: ServiceSettings,
  window: { at: number; seconds: number; side: 'new' | 'old'; pods: readonly string[] },
  signal: AbortSignal,
): Promise<Side> {
  const { requests, duration, exclude, statusLabel } = service.metrics
  const names = JSON.stringify(window.pods.join('|'))
  const labels = [podMatchers(service), `pod${window.side === 'new' ? '=~' : '!~'}${names}`, exclude].filter(Boolean).join(',')
  const span = `${Math.max(1, Math.round(window.seconds))}s`
  const answers = await source.instant(
    {
      requests: `sum by (${statusLabel}) (increase(${requests}{${labels}}[${span}]))`,
      ...(duration === undefined
        ? {}
        : { p95: `histogram_quantile(0.95, sum by (le) (increase(${duration}_bucket{${labels}}[${span}])))` }),
    },
    window.at,
    signal,
  )
  const counts = (answers.requests?.series ?? []).map((series) => ({
    status: series.labels[statusLabel] ?? '',
    count: finite(series.points.at(-1)?.[1]) ?? 0,
  }))
  const sum = (some: typeof counts) => Math.round(some.reduce((total, { count }) => total + count, 0))
  return {
    requests: sum(counts),
    failed: sum(counts.filter(({ status }) => status.startsWith('5'))),
    p95: finite(answers.p95?.series[0]?.points.at(-1)?.[1]),
  }
}

const finite = (value: number | undefined): number | undefined => (value !== undefined && Number.isFinite(value) ? value : undefined)
