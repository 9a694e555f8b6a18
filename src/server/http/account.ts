import type { IncomingMessage, ServerResponse } from 'node:http'
import { asJson, type Log, quoted } from '../telemetry/log.ts'
import type { Metrics, RequestLabels } from '../telemetry/metrics.ts'
import type { Span, TraceContext, Tracing } from '../telemetry/trace.ts'
import type { Call } from './call.ts'

/** What became known of a request while it was answered: for the log and the metrics. */
export interface Seen {
  readonly requestId: string
  /** Of the other side of the connection: a proxy's where there is one. */
  readonly address: string
  call: Call | undefined
  method: string | undefined
  /** When it came, by `performance.now()`. */
  readonly since: number
  /** The trace that the caller takes part in, by `traceparent` in the headers or in `_meta`. */
  parent: TraceContext | undefined
  /** Where traces are sent. */
  span: Span | undefined
  /** It is no request in progress any more: answered, or a stream by now. */
  left: boolean
}

const known = new Set(['/mcp', '/health/live', '/health/ready', '/metrics'])
const longestPath = 100
const probes = new Set(['/health/live', '/health/ready', '/metrics'])

/** What requests of one method, route and status have in common. */
interface Series {
  /** Since they were shown to a scrape. */
  count: number
  readonly time: { observe(seconds: number): void }
  readonly labels: RequestLabels
  readonly counted: { readonly method: string; readonly route: string; readonly status_code: string }
  /** Their part of a log line. */
  readonly logged: string
}

type Account = (request: IncomingMessage, response: ServerResponse, path: string, seconds: number, seen: Seen) => void

/** Counts and logs a request that is over. Label children are looked up once per combination: it is done for every request. */
export function createAccount(metrics: Metrics, log: Log, tracing: Tracing | undefined): Account {
  const series = new Map<string, Series>()
  metrics.beforeScrape(() => {
    for (const one of series.values()) {
      metrics.httpRequests.inc(one.counted, one.count)
      one.count = 0
    }
  })
  const methods = new Set(['GET', 'POST', 'DELETE', 'HEAD', 'PUT', 'PATCH', 'OPTIONS'])
  return (request, response, path, seconds, seen) => {
    const route = known.has(path) ? path : path.startsWith('/debug/pprof') ? '/debug/pprof' : 'other'
    const method = methods.has(request.method ?? '') ? request.method! : 'other'
    const status = response.headersSent ? response.statusCode : 499
    const key = `${method} ${route} ${status}`
    let one = series.get(key)
    if (one === undefined) {
      const statusClass = `${Math.floor(status / 100)}xx`
      one = {
        count: 0,
        time: metrics.httpDuration.tallied(method, route, statusClass),
        labels: { method, route, status_class: statusClass },
        counted: { method, route, status_code: String(status) },
        logged: asJson({ method, route, status }),
      }
      series.set(key, one)
    }
    one.count += 1
    const streaming = seen.call?.streaming === true
    if (tracing !== undefined && route === '/mcp') endSpan(tracing, seen, method, status, streaming)
    const trace = seen.span ?? seen.parent
    if (!streaming) {
      if (trace?.sampled !== true) one.time.observe(seconds)
      else metrics.observeTraced(one.labels, seconds, trace)
    }
    if (route === '/mcp') judge(metrics, seen.call?.principal.tag, status, streaming ? 0 : seconds)
    const level = status >= 500 && !probes.has(path) ? 'warn' : probes.has(path) ? 'debug' : 'info'
    if (!log.enabled(level)) return
    let line = `,"request_id":"${seen.requestId}"${one.logged},"address":"${seen.address}","seconds":${Math.round(seconds * 1e6) / 1e6}`
    if (seen.call !== undefined) line += `,"principal":"${seen.call.principal.tag}"`
    if (seen.method !== undefined) line += `,"mcp_method":${quoted(seen.method)}`
    if (trace !== undefined) line += `,"trace_id":"${trace.traceId}"`
    if (streaming) line += ',"stream":true'
    // What is looked for here and is not here, as far as a line should go.
    if (route === 'other') line += `,"path":${quoted(path.slice(0, longestPath))}`
    log.line(level, 'request', line)
  }
}

/** Counts a request that breaks a promise (docs/slo.md) by who asked. */
function judge({ badRequests }: Metrics, principal: string | undefined, status: number, seconds: number): void {
  if (status >= 500) badRequests.count(principal, 'error')
  if (seconds > 0.2) badRequests.count(principal, 'over_200ms')
  if (seconds > 0.5) badRequests.count(principal, 'over_500ms')
}

/** Requests that were refused before anybody looked into them have a span too. */
function endSpan(tracing: Tracing, seen: Seen, method: string, status: number, streaming: boolean): void {
  seen.span ??= tracing.start(`${method} /mcp`, { kind: 'server', parent: seen.parent, since: seen.since })
  const { span } = seen
  span.set('http.request.method', method)
  span.set('http.route', '/mcp')
  span.set('http.response.status_code', status)
  span.set('enduser.pseudo.id', seen.call?.principal.tag)
  span.set('task_mcp.request_id', seen.requestId)
  if (streaming) span.set('task_mcp.stream', true)
  if (status >= 500) span.fail(String(status))
  span.end()
}
