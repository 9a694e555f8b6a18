/** Reads the fixed set of metrics from Prometheus in parallel. */
import type { Targets } from '../context.ts'
import type { ServiceSettings, SourceSettings } from '../settings.ts'
import type { MetricsSource, QueryAnswer } from '../targets/ports.ts'
import { discover } from './discover.ts'
import { part } from './part.ts'
import { instantQueries, rangeQueries } from './queries.ts'
import type { Part } from './snapshot.ts'

export interface MetricFacts {
  where: string | undefined
  instant: Part<Record<string, QueryAnswer>>
  ranges: Part<Record<string, QueryAnswer>>
}

async function readRanges(
  source: MetricsSource,
  service: ServiceSettings,
  lookbackSeconds: number,
  at: number,
  signal: AbortSignal,
): Promise<Record<string, QueryAnswer>> {
  const named = Object.entries(rangeQueries(service, lookbackSeconds))
  const answers = await Promise.all(
    named.map(([, q]) => source.range(q.expression, { start: at - q.seconds, end: at, step: q.step }, signal)),
  )
  return Object.fromEntries(named.map(([name], i) => [name, answers[i]!]))
}

/** Finds Prometheus and asks it everything for one time, `at` in unix seconds. */
export async function gatherMetrics(
  targets: Targets,
  settings: SourceSettings,
  service: ServiceSettings,
  lookbackSeconds: number,
  at: number,
  signal: AbortSignal,
): Promise<MetricFacts> {
  const source = await part(async () => targets.metrics(await discover('prometheus', settings, () => targets.cluster(), signal)), signal)
  if (source.state !== 'ok') return { where: undefined, instant: source, ranges: source }
  const metrics = source.value
  const [instant, ranges] = await Promise.all([
    part(() => metrics.instant(instantQueries(service), at, signal), signal),
    part(() => readRanges(metrics, service, lookbackSeconds, at, signal), signal),
  ])
  return { where: metrics.where, instant, ranges }
}
