/** The instant queries that two scrapes of the pods can answer too, for services that no Prometheus sees. Pure. */
import type { DirectScrape } from '../../facts/snapshot.ts'
import type { Series } from '../../targets/ports.ts'
import type { View } from '../view.ts'

interface Source {
  metric: string
  /** Labels to keep; `pod` is the scraped one. */
  by: readonly string[]
  /** `growth` is how much a counter grew from one scrape to the other; the others are over the last scrape of each pod. */
  how: 'sum' | 'max' | 'min' | 'growth'
}

const source = (metric: string, how: Source['how'], ...by: string[]): Source => ({ metric, by, how })

/** By the names of facts/queries.ts. */
const sources: Readonly<Record<string, Source>> = {
  pool: source('db_pool_connections', 'sum', 'pod', 'state'),
  dependency_outcomes: source('dependency_requests_total', 'growth', 'dependency', 'outcome'),
  breaker: source('circuit_breaker_state', 'max', 'dependency'),
  health: source('health_check_status', 'min', 'check'),
  loop_utilization: source('nodejs_eventloop_utilization', 'max', 'pod'),
  loop_lag: source('nodejs_eventloop_lag_p99_seconds', 'max', 'pod'),
  streams: source('streaming_active_connections', 'sum', 'pod'),
  streams_limit: source('streaming_connections_limit', 'max', 'pod'),
  streams_rejected: source('streaming_connections_rejected_total', 'growth', 'reason'),
  streams_closed: source('streaming_connections_closed_total', 'growth', 'reason'),
  in_flight: source('http_server_active_requests', 'sum', 'pod'),
  slow_queries: source('db_slow_queries_total', 'growth'),
  stream_buffered: source('streaming_buffered_bytes', 'sum', 'pod'),
  sessions: source('mcp_server_sessions_active', 'sum', 'pod'),
  auth_attempts: source('auth_attempts_total', 'growth'),
  auth_failures: source('auth_failures_total', 'growth', 'reason'),
  rate_limited: source('rate_limit_hits_total', 'growth', 'limiter', 'reason'),
}

/** Seconds between the two scrapes; undefined where there were none. */
export function scrapesApart(view: View): number | undefined {
  const { direct } = view.snapshot
  if (direct.state !== 'ok' || direct.value.length < 2) return undefined
  const times = direct.value.map((scrape) => scrape.at)
  return Math.max(...times) - Math.min(...times)
}

/** What the scrapes say where a query of that name would have been asked; undefined where they say nothing. */
export function scraped(view: View, name: string): Series[] | undefined {
  const { direct } = view.snapshot
  const wanted = sources[name]
  if (direct.state !== 'ok' || !wanted) return undefined
  const groups = new Map<string, { labels: Record<string, string>; values: number[]; at: number }>()
  for (const pod of new Set(direct.value.map((scrape) => scrape.pod))) {
    const [first, last] = ends(direct.value.filter((scrape) => scrape.pod === pod))
    for (const sample of last.samples.filter((candidate) => candidate.name === wanted.metric)) {
      const labels = Object.fromEntries(wanted.by.map((label) => [label, label === 'pod' ? pod : (sample.labels[label] ?? '')]))
      const value = wanted.how === 'growth' ? growth(first, sample) : sample.value
      const group = groups.get(JSON.stringify(labels)) ?? { labels, values: [], at: last.at }
      group.values.push(value)
      groups.set(JSON.stringify(labels), group)
    }
  }
  if (groups.size === 0) return undefined
  const join = { sum, growth: sum, max: (values: number[]) => Math.max(...values), min: (values: number[]) => Math.min(...values) }[
    wanted.how
  ]
  return [...groups.values()].map(({ labels, values, at }) => ({ labels, points: [[at, join(values)]] }))
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)

function ends(scrapes: readonly DirectScrape[]): [DirectScrape, DirectScrape] {
  const inOrder = [...scrapes].sort((a, b) => a.at - b.at)
  return [inOrder[0]!, inOrder.at(-1)!]
}

/** A counter that is lower than before has started again from zero. */
function growth(first: DirectScrape, sample: DirectScrape['samples'][number]): number {
  const key = (labels: Record<string, string>): string => JSON.stringify(Object.entries(labels).sort())
  const before =
    first.samples.find((candidate) => candidate.name === sample.name && key(candidate.labels) === key(sample.labels))?.value ?? 0
  return sample.value >= before ? sample.value - before : sample.value
}
