/** Reads the fixed set of metrics from Prometheus in parallel. */
import type { Targets } from '../context.ts'
import { deadlineIn } from '../duration.ts'
import type { ServiceSettings, SourceSettings } from '../settings.ts'
import type { SloFacts } from '../slo/seen.ts'
import { budgetWindow } from '../slo/window.ts'
import type { MetricsSource, QueryAnswer } from '../targets/ports.ts'
import { discover } from './discover.ts'
import { objectivesFor } from './objectives.ts'
import { part } from './part.ts'
import { instantQueries, rangeQueries } from './queries.ts'
import { gatherSlo } from './slo.ts'
import type { Part } from './snapshot.ts'

export interface MetricFacts {
  where: string | undefined
  instant: Part<Record<string, QueryAnswer>>
  ranges: Part<Record<string, QueryAnswer>>
  slo: Part<SloFacts> | undefined
}

/** Whether budgets are what was asked about, or one thing among others. */
export type BudgetReading = 'asked' | 'beside'

/** Days of which a budget is kept, and seconds that its reading may hold up other things. */
const budgetDays = 30
const mostBesideSeconds = 3

/** What is left of the budgets of the service's promises, without the story of what spent them. */
function readBudgets(
  source: MetricsSource,
  service: ServiceSettings,
  at: number,
  reading: BudgetReading,
  signal: AbortSignal,
): Promise<Part<SloFacts>> {
  const question = {
    objectives: objectivesFor(service),
    window: budgetWindow(`${budgetDays}d`, at),
    at,
    versions: undefined,
    story: false,
    deploys: [],
    incidents: [],
  }
  const bounded = reading === 'asked' ? signal : AbortSignal.any([signal, deadlineIn(mostBesideSeconds)])
  return part(() => gatherSlo(source, question, bounded), signal)
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

/** Finds Prometheus and asks it everything for one time, `at` in unix seconds; budgets only where they are asked for. */
export async function gatherMetrics(
  targets: Targets,
  settings: SourceSettings,
  service: ServiceSettings,
  lookbackSeconds: number,
  at: number,
  signal: AbortSignal,
  budgets?: BudgetReading,
): Promise<MetricFacts> {
  const source = await part(async () => targets.metrics(await discover('prometheus', settings, () => targets.cluster(), signal)), signal)
  if (source.state !== 'ok') return { where: undefined, instant: source, ranges: source, slo: budgets ? source : undefined }
  const metrics = source.value
  const [instant, ranges, slo] = await Promise.all([
    part(() => metrics.instant(instantQueries(service), at, signal), signal),
    part(() => readRanges(metrics, service, lookbackSeconds, at, signal), signal),
    budgets ? readBudgets(metrics, service, at, budgets, signal) : undefined,
  ])
  return { where: metrics.where, instant, ranges, slo }
}
