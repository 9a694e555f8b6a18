/** Golden signals of the service before and after a change: errors, latency, saturation, restarts, with what the sample allows to say. */
import { quantity } from '../diagnosis/quantity.ts'
import { selects } from '../diagnosis/selectors.ts'
import { durationText } from '../duration.ts'
import { podMatchers } from '../facts/queries.ts'
import type { ServiceSettings, Thresholds } from '../settings.ts'
import { type Interval, wilson, worsening } from '../slo/confidence.ts'
import type { MetricsSource, QueryAnswer } from '../targets/ports.ts'
import { type AnyWorkload, type Look, listed, workloadResource } from './look.ts'

/** What is true of a window up to a moment. */
export interface Golden {
  /** Seconds. */
  window: number
  requests: number
  errors: number
  /** Seconds; undefined without traffic or without a histogram. */
  p95: number | undefined
  /** 0..1 of the limit, the worst pod; undefined where there is no limit or nobody measures it. */
  cpu: number | undefined
  memory: number | undefined
  /** Restarts of the containers of each pod that there is. */
  restarts: Record<string, number>
}

/** The questions for one window, by our names. Pure: settings in, PromQL out. */
export function goldenQueries(service: ServiceSettings, window: number): Record<string, string> {
  const { requests, statusLabel, duration, exclude } = service.metrics
  const pods = podMatchers(service)
  const all = [pods, exclude].filter(Boolean).join(',')
  const span = `${Math.max(1, Math.round(window))}s`
  return {
    requests: `sum(increase(${requests}{${all}}[${span}]))`,
    errors: `sum(increase(${requests}{${all},${statusLabel}=~"5.."}[${span}]))`,
    ...(duration && { p95: `histogram_quantile(0.95, sum by (le) (rate(${duration}_bucket{${all}}[${span}])))` }),
    cpu: `max(sum by (pod) (rate(container_cpu_usage_seconds_total{${pods},container!="POD",container!=""}[${span}])))`,
    memory: `max(sum by (pod) (container_memory_working_set_bytes{${pods},container!="POD",container!=""}))`,
  }
}

/** Look at a window of so many seconds up to now. Throws what the source throws. */
export async function lookGolden(look: Look, metrics: MetricsSource, window: number): Promise<Golden> {
  const { service } = look.settings
  const { namespace, workload, kind } = service
  const [answers, pods, object] = await Promise.all([
    metrics.instant(goldenQueries(service, window), look.now() / 1000, look.signal),
    listed(look, 'pods', { namespace }),
    look.cluster.get(workloadResource[kind], { namespace, name: workload }, look.signal).catch(() => undefined) as Promise<
      AnyWorkload | undefined
    >,
  ])
  const value = (name: string): number | undefined => lastOf(answers[name])
  const share = (used: number | undefined, resource: 'cpu' | 'memory'): number | undefined => {
    const limits = object?.spec.template.spec.containers.map((container) => quantity(container.resources?.limits?.[resource]))
    const limit = limits?.every((one) => one !== undefined) ? limits.reduce((sum, one) => sum! + one!, 0) : undefined
    return used === undefined || limit === undefined || limit === 0 ? undefined : used / limit
  }
  const own = (pods ?? []).filter((pod) => object !== undefined && selects(object.spec.selector, pod.metadata.labels))
  return {
    window,
    requests: Math.round(value('requests') ?? 0),
    errors: Math.round(value('errors') ?? 0),
    p95: value('p95'),
    cpu: share(value('cpu'), 'cpu'),
    memory: share(value('memory'), 'memory'),
    restarts: Object.fromEntries(
      own.map((pod) => [pod.metadata.name, (pod.status?.containerStatuses ?? []).reduce((sum, one) => sum + (one.restartCount ?? 0), 0)]),
    ),
  }
}

function lastOf(answer: QueryAnswer | undefined): number | undefined {
  const value = answer?.series[0]?.points.at(-1)?.[1]
  return value === undefined || !Number.isFinite(value) ? undefined : value
}

export interface Comparison {
  /** Signals that are worse than before beyond what chance explains, in words. */
  worse: string[]
  /** Everything that was compared, in one line. */
  said: string
  /** 95% interval of the error ratio afterwards; null without requests. */
  errors: Interval | null
}

/** Below so many requests a percentile and a ratio are luck. */
const fewest = 30

/** Chance of a rise in the error ratio at least this large, if nothing had changed, below which it is believed. */
const unlikely = 0.01

/** What got worse. `before` is undefined where it could not be seen. Pure. */
export function compareGolden(before: Golden | undefined, after: Golden, thresholds: Thresholds): Comparison {
  const worse: string[] = []
  const ratio = ({ requests, errors }: Golden): number => (requests > 0 ? Math.min(1, errors / requests) : 0)
  const counts = ({ requests, errors }: Golden) => ({ bad: Math.min(errors, requests), total: requests })
  const interval = wilson(counts(after))
  if (before !== undefined && after.requests >= fewest && ratio(after) > ratio(before)) {
    const chance = worsening(counts(before), counts(after))
    if (chance !== null && chance < unlikely && ratio(after) > thresholds.errorRatio)
      worse.push(`errors ${percent(ratio(before))} -> ${percent(ratio(after))}`)
  }
  if (before?.p95 !== undefined && after.p95 !== undefined && after.requests >= fewest && before.requests >= fewest)
    if (after.p95 > before.p95 * 1.5 && after.p95 > thresholds.p95Seconds) worse.push(`p95 ${seconds(before.p95)} -> ${seconds(after.p95)}`)
  for (const [name, limit] of [
    ['cpu', thresholds.cpuRatio],
    ['memory', thresholds.memoryRatio],
  ] as const) {
    const [was, is] = [before?.[name], after[name]]
    if (was !== undefined && is !== undefined && is > limit && is > was + 0.1)
      worse.push(`${name} ${percent(was)} -> ${percent(is)} of its limit`)
  }
  const restarts = Object.entries(after.restarts).reduce((sum, [pod, count]) => sum + Math.max(0, count - (before?.restarts[pod] ?? 0)), 0)
  if (before !== undefined && restarts > 0) worse.push(`${restarts} container restart${restarts === 1 ? '' : 's'} since`)
  return { worse, said: sentence(before, after, interval), errors: interval }
}

function sentence(before: Golden | undefined, after: Golden, interval: Interval | null): string {
  const errors =
    interval === null
      ? `no requests in ${durationText(after.window)}, so errors and latency say nothing`
      : after.requests < fewest
        ? `only ${after.requests} requests in ${durationText(after.window)}: ${after.errors} failed, and with so few anything from ${percent(interval.low)} to ${percent(interval.high)} may be true`
        : `${after.errors} of ${after.requests} requests failed in ${durationText(after.window)} (95% sure: ${percent(interval.low)} to ${percent(interval.high)})`
  const was =
    before === undefined
      ? 'before was not seen'
      : before.requests === 0
        ? 'no requests before'
        : `before ${before.errors} of ${before.requests} in ${durationText(before.window)}`
  const p95 = after.p95 === undefined ? [] : [`p95 ${seconds(after.p95)}${before?.p95 === undefined ? '' : `, was ${seconds(before.p95)}`}`]
  const used = (['cpu', 'memory'] as const).flatMap((name) =>
    after[name] === undefined ? [] : [`${name} ${percent(after[name])} of its limit`],
  )
  return [`${errors}; ${was}`, ...p95, ...used].join('; ')
}

const percent = (ratio: number): string => `${(ratio * 100).toFixed(ratio < 0.1 && ratio > 0 ? 2 : 0)}%`
const seconds = (value: number): string => (value < 1 ? `${Math.round(value * 1000)} ms` : `${value.toFixed(2)} s`)
