import { Counter, Gauge, Histogram, type Registry } from '@prometheus-io/client'
import { TalliedHistogram } from './tallied-histogram.ts'

/** Bounds in seconds. There is one at 0.2 and one at 0.5 because the objectives are there; none is a whole number below 1. */
export const requestBuckets = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.25, 0.3, 0.5, 0.75, 1, 2.5, 5, 10]
const queryBuckets = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5]
/** Fewer than for requests: they are multiplied by every tool and way of ending. */
const operationBuckets = [0.005, 0.025, 0.1, 0.2, 0.5, 1, 2.5, 10]
const longBuckets = [1.5, 10.5, 60.5, 300.5, 900.5, 3600.5, 14400.5]
/** Fine about the ages at which proxies cut: 10, 15, 30, 60 seconds and so on fall into buckets of their own. */
const streamBuckets = [1.5, 5.5, 10.5, 15.5, 20.5, 30.5, 45.5, 60.5, 75.5, 90.5, 120.5, 180.5, 300.5, 600.5, 900.5, 3600.5, 14400.5]

/** How an MCP operation ended, as `error_type` has it. Empty is success. The last three are the server's fault, the others the caller's. */
export const errorTypes = [
  '',
  'tool_error',
  'invalid_params',
  'method_not_found',
  'rate_limited',
  'cancelled',
  'internal',
  'unavailable',
  'timeout',
] as const
/**
 * What the server must answer for and no HTTP status shows: the error is inside a stream or a batch. Where the status of the
 * answer shows it, `error_type` is that status, so that an error rate can add the two without counting a failure twice.
 */
export const serverErrorTypes = ['internal', 'unavailable', 'timeout'] as const
export const statusErrorTypes = ['500', '503'] as const
export type ErrorType = (typeof errorTypes)[number]

/** Whether the server must answer for a failure that no HTTP status shows. */
export const isServerError = (type: ErrorType): boolean => (serverErrorTypes as readonly ErrorType[]).includes(type)

export const streamRejections = ['limit', 'principal_limit', 'draining'] as const
export const streamClosings = [
  'client',
  'lifetime',
  'backpressure',
  'shutdown',
  'session_ended',
  'replaced',
  'completed',
  'blocked',
  'error',
] as const
export const authFailures = [
  'missing',
  'malformed',
  'unknown_token',
  'expired',
  'bad_signature',
  'wrong_issuer',
  'wrong_audience',
  'keys_unavailable',
  'insufficient_scope',
  'throttled',
] as const
export const limiters = [
  ['principal', 'abuse'],
  ['address', 'abuse'],
  ['initialize', 'abuse'],
  ['tool', 'abuse'],
  ['auth_failures', 'abuse'],
  ['stream_principal', 'abuse'],
  ['blocked', 'blocked'],
  ['in_flight', 'capacity'],
  ['sessions', 'capacity'],
  ['streams', 'capacity'],
] as const
export const dependencyOutcomes = ['success', 'failure', 'timeout', 'refused', 'circuit_open'] as const

export const spanDrops = ['queue_full', 'unreachable', 'rejected'] as const

export type SpanDrop = (typeof spanDrops)[number]
export type StreamRejection = (typeof streamRejections)[number]
export type StreamClosing = (typeof streamClosings)[number]
export type AuthFailure = (typeof authFailures)[number]
export type Limiter = (typeof limiters)[number][0]
export type DependencyOutcome = (typeof dependencyOutcomes)[number]

/** Takes a registry and gives every series that the server's rooms write; process and runtime series are in process.ts. */
export function createCatalogue(registry: Registry) {
  const registers = [registry]
  const counter = <T extends string>(name: string, help: string, ...labelNames: T[]) => new Counter({ name, help, labelNames, registers })
  const gauge = <T extends string>(name: string, help: string, ...labelNames: T[]) => new Gauge({ name, help, labelNames, registers })
  const histogram = <T extends string>(name: string, help: string, buckets: number[], ...labelNames: T[]) =>
    new Histogram({ name, help, buckets, labelNames, registers })
  // The library wants a registry of OpenMetrics for exemplars at once; ours has that as a second face.
  const httpDuration = new TalliedHistogram({
    name: 'http_server_request_duration_seconds',
    help: 'Time to answer an HTTP request; streams are not in it',
    buckets: requestBuckets,
    labelNames: ['method', 'route', 'status_class'],
    registers: [],
    enableExemplars: true,
  })
  registry.registerMetric(httpDuration)
  return {
    httpRequests: counter('http_server_requests_total', 'HTTP requests answered', 'method', 'route', 'status_code'),
    httpDuration,
    httpActive: gauge('http_server_active_requests', 'HTTP requests being worked on; streams are not in it'),
    operations: new TalliedHistogram({
      name: 'mcp_server_operation_duration_seconds',
      help: 'Time of an MCP request by method, tool and how it ended',
      buckets: operationBuckets,
      labelNames: ['mcp_method_name', 'gen_ai_tool_name', 'error_type'],
      registers,
    }),
    sessionsActive: gauge('mcp_server_sessions_active', 'MCP sessions held by this process'),
    sessionDuration: histogram('mcp_server_session_duration_seconds', 'Length of ended MCP sessions', longBuckets),
    streamsActive: gauge('streaming_active_connections', 'Open SSE streams'),
    streamsLimit: gauge('streaming_connections_limit', 'Most SSE streams that may be open at once'),
    streams: counter('streaming_connections_total', 'SSE streams opened'),
    streamsRejected: counter('streaming_connections_rejected_total', 'SSE streams refused, by reason', 'reason'),
    streamsClosed: counter('streaming_connections_closed_total', 'SSE streams ended, by reason', 'reason'),
    streamFirstMessage: histogram(
      'streaming_first_message_seconds',
      'Time from the request to the first message on a stream',
      requestBuckets,
    ),
    streamDuration: histogram(
      'streaming_connection_duration_seconds',
      'Length of ended SSE streams, by what ended them',
      streamBuckets,
      'reason',
    ),
    streamMessages: counter('streaming_messages_total', 'Messages sent on SSE streams'),
    streamBuffered: gauge('streaming_buffered_bytes', 'Bytes waiting in all SSE streams for their clients to read'),
    rateLimitHits: counter('rate_limit_hits_total', 'Requests refused by a limit', 'limiter', 'reason'),
    badByPrincipal: counter(
      'principal_bad_requests_total',
      'Requests that count against a promise, by who asked (the hash that the log has) and why; the worst have a series of their own',
      'principal',
      'reason',
    ),
    authAttempts: counter('auth_attempts_total', 'Requests whose credentials were examined'),
    authFailures: counter('auth_failures_total', 'Requests refused for their credentials, by reason', 'reason'),
    health: gauge('health_check_status', '1 when the check passes, 0 when it fails', 'check'),
    healthDuration: histogram('health_check_duration_seconds', 'Time of a health check', queryBuckets, 'check'),
    poolConnections: gauge('db_pool_connections', 'Database connections by state', 'state'),
    queryDuration: histogram(
      'db_query_duration_seconds',
      'Time of a store operation, waiting for a connection included',
      queryBuckets,
      'operation',
    ),
    slowQueries: counter('db_slow_queries_total', 'Store operations slower than the slow-query setting'),
    dependencyRequests: counter(
      'dependency_requests_total',
      'Calls to services that this one depends on, by outcome',
      'dependency',
      'outcome',
    ),
    dependencyDuration: histogram(
      'dependency_duration_seconds',
      'Time of calls to services that this one depends on',
      requestBuckets,
      'dependency',
    ),
    breaker: gauge('circuit_breaker_state', '0 closed, 1 half open, 2 open', 'dependency'),
    spans: counter('trace_spans_exported_total', 'Spans that the collector took'),
    spansDropped: counter('trace_spans_dropped_total', 'Spans that did not reach the collector, by reason', 'reason'),
    buildInfo: gauge('task_mcp_build_info', 'Always 1; the labels say which build this is', 'version', 'revision'),
    settingValue: gauge(
      'task_mcp_setting',
      'A setting that can change while the server runs: its number, or how many entries of a list are in force',
      'setting',
    ),
    configHash: gauge('task_mcp_config_hash', 'A number made from the settings in use: it changes when they do'),
  }
}

export type Catalogue = ReturnType<typeof createCatalogue>
