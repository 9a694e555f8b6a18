/** The fixed set of questions for Prometheus, by our name for each. Pure: settings in, PromQL out. */
import type { ServiceSettings } from '../settings.ts'

const quote = (value: string): string => JSON.stringify(value)
/** Text that an expression takes to the letter. */
export const escapeRegex = (value: string): string => value.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')

/** Label matchers for the pods of the workload. */
export const podMatchers = (s: ServiceSettings): string => `namespace=${quote(s.namespace)},pod=~${quote(`${escapeRegex(s.workload)}-.*`)}`

const requests = (s: ServiceSettings): string => `${s.metrics.requests}{${[podMatchers(s), s.metrics.exclude].filter(Boolean).join(',')}}`

/** Instant queries, all answered for one time. */
export function instantQueries(s: ServiceSettings): Record<string, string> {
  const pods = podMatchers(s)
  const { statusLabel, routeLabel, duration } = s.metrics
  // A pod's own cgroup has an empty container label; some runtimes export nothing below it.
  const inNamespace = `namespace=${quote(s.namespace)},pod!="",container!="POD"`
  return {
    up: `up{${pods}}`,
    errors_by_route: `sum by (${routeLabel}, ${statusLabel}) (increase(${requests(s)}[2m]))`,
    cpu: `sum by (pod, container) (rate(container_cpu_usage_seconds_total{${inNamespace}}[1m]))`,
    throttled: `sum by (pod, container) (rate(container_cpu_cfs_throttled_periods_total{${inNamespace}}[1m])) / sum by (pod, container) (rate(container_cpu_cfs_periods_total{${inNamespace}}[1m]))`,
    memory: `sum by (pod, container) (container_memory_working_set_bytes{${inNamespace}})`,
    node_cpu: ['30s', '1m'].map((window) => `sum by (node) (rate(container_cpu_usage_seconds_total{id="/"}[${window}]))`).join(' or '),
    node_memory: 'sum by (node) (container_memory_working_set_bytes{id="/"})',
    ...(duration && {
      p95: latency(s, 0.95),
      p99: latency(s, 0.99),
      p95_lately: latency(s, 0.95, undefined, '30s'),
      p99_lately: latency(s, 0.99, undefined, '30s'),
      p95_by_pod: latency(s, 0.95, 'pod'),
      p95_by_route: latency(s, 0.95, routeLabel),
    }),
    pool: `sum by (pod, state) (db_pool_connections{${pods}})`,
    query_time: queryTime(pods, '2m'),
    query_time_lately: `${queryTime(pods, '30s')} or ${queryTime(pods, '1m')}`,
    query_rate: `sum(rate(db_query_duration_seconds_count{${pods}}[1m]))`,
    query_count: `sum by (operation) (increase(db_query_duration_seconds_count{${pods}}[2m]))`,
    dependency_outcomes: `sum by (dependency, outcome) (increase(dependency_requests_total{${pods}}[2m]))`,
    breaker: `max by (dependency) (circuit_breaker_state{${pods}})`,
    health: `min by (check) (health_check_status{${pods}})`,
    heap: `max by (pod) (nodejs_heap_size_used_bytes{${pods}}) / max by (pod) (nodejs_heap_size_limit_bytes{${pods}})`,
    loop_utilization: `max by (pod) (nodejs_eventloop_utilization{${pods}})`,
    loop_lag: `max by (pod) (nodejs_eventloop_lag_p99_seconds{${pods}})`,
    descriptors: `max by (pod) (process_open_fds{${pods}} / process_max_fds{${pods}})`,
    streams: `sum by (pod) (streaming_active_connections{${pods}})`,
    streams_limit: `max by (pod) (streaming_connections_limit{${pods}})`,
    streams_rejected: `sum by (reason) (increase(streaming_rejected_total{${pods}}[2m]) or increase(streaming_connections_rejected_total{${pods}}[2m]))`,
    streams_closed: `sum by (reason) (increase(streaming_closed_total{${pods}}[5m]) or increase(streaming_connections_closed_total{${pods}}[5m]))`,
    sessions: `sum by (pod) (mcp_server_sessions_active{${pods}})`,
    auth_attempts: `sum (increase(auth_attempts_total{${pods}}[2m]))`,
    auth_failures: `sum by (reason) (increase(auth_failures_total{${pods}}[2m]))`,
    rate_limited: `sum by (limiter, reason) (increase(rate_limit_hits_total{${pods}}[2m]))`,
    in_flight: either('sum by (pod) (', ['http_server_active_requests', 'http_requests_in_flight', 'http_requests_in_progress'], pods, ')'),
    slow_queries: `sum(increase(db_slow_queries_total{${pods}}[2m]))`,
    collection: either(
      'sum by (pod) (rate(',
      ['nodejs_gc_duration_seconds_sum', 'go_gc_duration_seconds_sum', 'jvm_gc_pause_seconds_sum', 'jvm_gc_collection_seconds_sum'],
      pods,
      '[2m]))',
    ),
    dependency_p95: `histogram_quantile(0.95, sum by (le, dependency) (rate(dependency_duration_seconds_bucket{${pods}}[2m])))`,
    health_p95: `histogram_quantile(0.95, sum by (le, check) (rate(health_check_duration_seconds_bucket{${pods}}[5m])))`,
    stream_first: `histogram_quantile(0.95, sum by (le) (rate(streaming_first_message_seconds_bucket{${pods}}[5m])))`,
    stream_ages: `sum by (le, reason) (increase(streaming_connection_duration_seconds_bucket{${pods}}[15m]))`,
    stream_age: `sum by (reason) (increase(streaming_connection_duration_seconds_sum{${pods}}[15m])) / sum by (reason) (increase(streaming_connection_duration_seconds_count{${pods}}[15m]))`,
    streams_opened: `sum(increase(streaming_connections_total{${pods}}[15m]))`,
    stream_messages: `sum by (pod) (rate(streaming_messages_total{${pods}}[2m]))`,
    stream_buffered: `sum by (pod) (streaming_buffered_bytes{${pods}})`,
    cache: cacheUse(pods, '5m'),
    request_metrics: `count by (__name__) ({${pods},__name__=~".*requests?(_duration)?(_seconds)?(_total|_count)"})`,
  }
}

/** Names that libraries give to the histogram of request durations, in seconds. */
const usualDurations = ['http_server_request_duration_seconds', 'http_request_duration_seconds', 'http_server_requests_seconds']

/** Mean seconds of a query, by operation. */
const queryTime = (pods: string, window: string): string =>
  `sum by (operation) (rate(db_query_duration_seconds_sum{${pods}}[${window}])) / sum by (operation) (rate(db_query_duration_seconds_count{${pods}}[${window}]))`

/** A quantile of latency by the histogram of the settings; where the pods have none of that name, by a usual one. */
function latency(s: ServiceSettings, quantile: number, by?: string, window = '2m'): string {
  const pods = [podMatchers(s), s.metrics.exclude].filter(Boolean).join(',')
  return [...new Set([s.metrics.duration, ...usualDurations])]
    .map(
      (name) =>
        `histogram_quantile(${quantile}, sum by (${['le', by].filter(Boolean).join(', ')}) (rate(${name}_bucket{${pods}}[${window}])))`,
    )
    .join(' or ')
}

/** Operations that failed in the server while HTTP said 200: the error is inside a stream or a batch. Where the status shows it, `error_type` is that status. */
const failedOperations = (pods: string): string =>
  `mcp_server_operation_duration_seconds_count{${pods},error_type=~"internal|unavailable|timeout"}`

/** The first of some metrics that the pods have; programs name the same thing differently. */
const either = (before: string, names: readonly string[], pods: string, after: string): string =>
  names.map((name) => `${before}${name}{${pods}}${after}`).join(' or ')

/** Questions to a cache that were answered from it (`hit`) and not (`miss`), by the usual names of such counters. */
function cacheUse(pods: string, window: string): string {
  const counted = (name: string, result: string): string =>
    `label_replace(sum(increase(${name}{${pods}}[${window}])), "result", "${result}", "", "")`
  const labelled = (name: string): string => `sum by (result) (increase(${name}{${pods}}[${window}]))`
  return [
    counted('cache_hits_total', 'hit'),
    counted('cache_misses_total', 'miss'),
    labelled('cache_requests_total'),
    labelled('cache_gets_total'),
  ].join(' or ')
}

export interface RangeQuery {
  expression: string
  seconds: number
  step: number
}

/** Range queries: short and fine for "is it happening now", long and coarse for "since when". */
export function rangeQueries(s: ServiceSettings, lookbackSeconds: number): Record<string, RangeQuery> {
  const pods = podMatchers(s)
  const { statusLabel } = s.metrics
  const long = Math.max(600, lookbackSeconds)
  const step = Math.max(15, Math.ceil(long / 240))
  return {
    requests: { expression: `sum by (pod, ${statusLabel}) (${requests(s)})`, seconds: 600, step: 5 },
    failed_operations: { expression: `sum by (pod) (${failedOperations(pods)})`, seconds: 600, step: 5 },
    failed_operation_rate: { expression: `sum(rate(${failedOperations(pods)}[2m]))`, seconds: long, step },
    request_rate: { expression: `sum by (${statusLabel}) (rate(${requests(s)}[2m]))`, seconds: long, step },
    memory: {
      expression: `sum by (pod, container) (container_memory_working_set_bytes{${pods},container!="POD"})`,
      seconds: 1800,
      step: 10,
    },
    cpu: {
      expression: `sum by (pod, container) (rate(container_cpu_usage_seconds_total{${pods},container!="POD"}[1m]))`,
      seconds: long,
      step,
    },
    ...(s.metrics.duration && { p95: { expression: latency(s, 0.95), seconds: long, step } }),
    auth: {
      expression: ['attempts', 'failures']
        .map((what) => `label_replace(sum(rate(auth_${what}_total{${pods}}[1m])), "what", "${what}", "", "")`)
        .join(' or '),
      seconds: long,
      step,
    },
    streams: { expression: `sum(streaming_active_connections{${pods}})`, seconds: long, step },
    cache: { expression: cacheUse(pods, '2m'), seconds: long, step },
  }
}
