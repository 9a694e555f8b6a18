/** Asks Prometheus what an incident did to users: requests, sessions, error budgets, and the curves of its time. */
import type { Context } from '../context.ts'
import { finite, ratioOver } from '../diagnosis/charts.ts'
import { deadlineIn } from '../duration.ts'
import { discover } from '../facts/discover.ts'
import { part } from '../facts/part.ts'
import { podMatchers, rangeQueries } from '../facts/queries.ts'
import { momentsOf } from '../incident/moments.ts'
import type { Incident } from '../incident/state.ts'
import type { BudgetCost, Measured, StoryChart } from '../incident/story.ts'
import type { Settings } from '../settings.ts'
import type { MetricsSource } from '../targets/ports.ts'
import type { BudgetOptions } from './slo-budget.ts'

/** The charts begin this long before the onset and end this long after the end, in seconds. */
const margin = 600

/** What could be measured; the rest says why not. Never throws for what is outside. */
export async function measure(context: Context, settings: Settings, incident: Incident, options: BudgetOptions): Promise<Measured> {
  const { onset, recovered, resolved } = momentsOf(incident)
  const now = context.clock.now()
  const start = Date.parse(onset.at) / 1000
  const end = Math.max(start + 60, Math.min(now, Date.parse((recovered ?? resolved)?.at ?? new Date(now).toISOString())) / 1000)
  const measured: Measured = {
    start: new Date(start * 1000).toISOString(),
    end: new Date(end * 1000).toISOString(),
    requests: null,
    sessions: null,
    budgets: [],
    charts: [],
    source: null,
    notSeen: [],
  }
  const { namespace, workload, kind } = incident.service
  const service = { ...settings.service, namespace, workload, kind: kind as typeof settings.service.kind }
  const targets = context.targets(settings)
  const signal = AbortSignal.any([context.signal, deadlineIn(settings.timeoutSeconds)])
  const source = await part(
    async () => targets.metrics(await discover('prometheus', settings.prometheus, () => targets.cluster(), signal)),
    context.signal,
  )
  if (source.state !== 'ok') return { ...measured, notSeen: [`requests, budgets and curves: ${source.reason}`] }
  const own = { ...settings, service }
  const counted = await part(() => counts(source.value, own, { start, end }, signal), context.signal)
  if (counted.state === 'ok') Object.assign(measured, counted.value)
  else measured.notSeen.push(`requests: ${counted.reason}`)
  const drawn = await part(
    () => charts(source.value, own, { start: start - margin, end: Math.min(now / 1000, end + margin) }, signal),
    context.signal,
  )
  if (drawn.state === 'ok') measured.charts = drawn.value
  else measured.notSeen.push(`curves: ${drawn.reason}`)
  const spent = await part(() => budgets(context, { ...options, namespace, workload } as BudgetOptions, { start, end }), context.signal)
  if (spent.state === 'ok') measured.budgets = spent.value
  else measured.notSeen.push(`error budgets: ${spent.reason}`)
  return { ...measured, source: source.value.where }
}

interface Stretch {
  start: number
  end: number
}

async function counts(
  source: MetricsSource,
  { service }: Settings,
  { start, end }: Stretch,
  signal: AbortSignal,
): Promise<Pick<Measured, 'requests' | 'sessions'>> {
  const seconds = Math.max(60, Math.round(end - start))
  const { requests, statusLabel, exclude } = service.metrics
  const selector = [podMatchers(service), exclude].filter(Boolean).join(',')
  const answers = await source.instant(
    {
      requests: `sum by (${statusLabel}) (increase(${requests}{${selector}}[${seconds}s]))`,
      sessions: `max_over_time(sum(mcp_server_sessions_active{${podMatchers(service)}})[${seconds}s:30s])`,
    },
    end,
    signal,
  )
  const series = answers.requests?.series ?? []
  const sum = (of: typeof series) =>
    Math.round(of.reduce((all, { points }) => all + (Number.isFinite(points[0]?.[1]) ? points[0]![1] : 0), 0))
  const sessions = answers.sessions?.series[0]?.points[0]?.[1]
  return {
    requests:
      series.length === 0 ? null : { total: sum(series), failed: sum(series.filter(({ labels }) => /^5/.test(labels[statusLabel] ?? ''))) },
    sessions: sessions === undefined || !Number.isFinite(sessions) ? null : sessions,
  }
}

async function charts(
  source: MetricsSource,
  { service, thresholds }: Settings,
  { start, end }: Stretch,
  signal: AbortSignal,
): Promise<StoryChart[]> {
  const queries = rangeQueries(service, Math.max(600, end - start))
  const window = { start, end, step: Math.max(15, Math.ceil((end - start) / 240)) }
  const ask = async (name: string) =>
    queries[name] === undefined ? [] : (await source.range(queries[name].expression, window, signal)).series
  const [rates, p95] = await Promise.all([ask('request_rate'), ask('p95')])
  const sums = new Map<number, number>()
  for (const one of rates) for (const [at, value] of finite(one)) sums.set(at, (sums.get(at) ?? 0) + value)
  const all: StoryChart[] = [
    { title: 'Requests that fail', unit: 'ratio', points: ratioOver(rates, service.metrics.statusLabel), threshold: thresholds.errorRatio },
    { title: 'Latency, 95th percentile', unit: 'seconds', points: finite(p95[0]), threshold: thresholds.p95Seconds },
    { title: 'Requests', unit: 'rate', points: [...sums].sort((a, b) => a[0] - b[0]) },
  ]
  return all.filter((chart) => chart.points.length > 1)
}

async function budgets(context: Context, options: BudgetOptions, { start, end }: Stretch): Promise<BudgetCost[]> {
  const { readBudget } = await import('./slo-budget.ts')
  const now = context.clock.now() / 1000
  const { report } = await readBudget(context, { ...options, incident: [`${Math.floor(start)}/${Math.floor(Math.min(end, now - 1))}`] })
  return report.objectives.flatMap((objective): BudgetCost[] => {
    const cost = objective.spent.incidents[0]
    if (cost === undefined) return []
    const { bad, share, net } = cost
    return [
      {
        slo: objective.name,
        title: objective.title,
        bad,
        unit: objective.unit,
        share,
        net,
        remaining: objective.remaining.fraction,
        window: '30 days',
      },
    ]
  })
}
