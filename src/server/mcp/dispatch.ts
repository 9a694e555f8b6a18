import { comeBackSeconds, HttpRefusal } from '../http/refusal.ts'
import { isServerError } from '../telemetry/catalogue.ts'
import type { Log } from '../telemetry/log.ts'
import type { Metrics } from '../telemetry/metrics.ts'
import { contextOf, spanned, type Tracing } from '../telemetry/trace.ts'
import type { Cancellation } from './cancellation.ts'
import type { Exchange } from './exchange.ts'
import { explain } from './operations.ts'
import { errorMessage, type Params, type RpcRequest, type RpcResponse, resultMessage, rpcCode } from './rpc.ts'

/** Runs a request, measures it, and turns whatever it throws into an answer. `status` is for an answer sent alone. */
export type Dispatch = (
  request: RpcRequest,
  exchange: Exchange,
  cancellation: Cancellation,
  httpRequestId: string,
  work: (params: Params) => Promise<object>,
  /** Whether the answer will be sent alone, so that its HTTP status shows a failure. */
  alone: () => boolean,
) => Promise<{ message: RpcResponse; status: number; headers?: Readonly<Record<string, string>> }>

const none: Params = {}

export interface DispatchOptions {
  readonly metrics: Metrics
  readonly log: Log
  /** Methods and tools that have a name of their own in metrics; others are `_other`. */
  readonly methods: ReadonlySet<string>
  readonly tools: ReadonlySet<string>
  /** Where traces are sent. */
  readonly tracing: Tracing | undefined
  /** What WWW-Authenticate says when the token lacks a scope. */
  readonly challenge: (scope: string) => string
}

export function createDispatch({ metrics, log, methods, tools, tracing, challenge }: DispatchOptions): Dispatch {
  const observe = (method: string, tool: string, errorType: string, seconds: number): void =>
    metrics.operations.tallied(method, tool, errorType).observe(seconds)

  const answer: Dispatch = async (request, exchange, cancellation, httpRequestId, work, alone) => {
    const since = performance.now()
    const method = methods.has(request.method) ? request.method : '_other'
    const named = request.method === 'tools/call' ? String(request.params?.name) : ''
    const tool = named === '' || tools.has(named) ? named : '_other'
    try {
      const result = await cancellation.whileAllowed(work(request.params ?? none))
      observe(method, tool, (result as { isError?: boolean }).isError === true ? 'tool_error' : '', (performance.now() - since) / 1000)
      return { message: resultMessage(request.id, result), status: 200 }
    } catch (cause) {
      if (cause instanceof HttpRefusal) throw cause
      const { error, errorType, bug } = explain(cause, cancellation.reason)
      const shown = error.status >= 500 && alone()
      observe(method, tool, shown ? String(error.status) : errorType, (performance.now() - since) / 1000)
      if (!shown && isServerError(errorType)) metrics.badRequests.count(exchange.principal.tag, 'error')
      const fields = {
        request_id: httpRequestId,
        method: request.method,
        tool: named || undefined,
        error_type: errorType,
        reason: error.message,
      }
      if (bug)
        log.error('an operation failed by a bug', {
          ...fields,
          reason: cause instanceof Error ? (cause.stack ?? cause.message) : String(cause),
        })
      else if (errorType === 'unavailable' || errorType === 'timeout') log.error('an operation failed', fields)
      else log.debug('an operation was refused', fields)
      const headers: Record<string, string> = error.status === 503 ? { 'retry-after': String(comeBackSeconds) } : {}
      if (error.retryAfter !== undefined)
        return { message: errorMessage(request.id, error), status: error.status, headers: { 'retry-after': String(error.retryAfter) } }
      if (error.code !== rpcCode.refused) return { message: errorMessage(request.id, error), status: error.status, headers }
      metrics.authFailures.inc({ reason: 'insufficient_scope' })
      const { scope } = error.data as { scope: string }
      return {
        message: errorMessage(request.id, error),
        status: error.status,
        headers: { 'www-authenticate': challenge(scope) },
      }
    }
  }
  return tracing === undefined ? answer : traced(answer, tracing, { methods, tools })
}

/** A span for each request, inside that of its HTTP request; of the trace that `_meta` names, where that is another one. */
function traced(answer: Dispatch, tracing: Tracing, { methods, tools }: Pick<DispatchOptions, 'methods' | 'tools'>): Dispatch {
  return async (request, exchange, cancellation, httpRequestId, work, alone) => {
    const { params } = request
    // Whoever asks for what there is not does not choose the names of spans.
    const method = methods.has(request.method) ? request.method : '_other'
    const named = method === 'tools/call' ? String(params?.name) : undefined
    const tool = named === undefined || tools.has(named) ? named : '_other'
    const around = tracing.current()
    const meta = contextOf((params?._meta as { traceparent?: unknown } | undefined)?.traceparent)
    const other = meta !== undefined && meta.traceId !== around?.traceId ? meta : undefined
    const name = tool === undefined ? method : `${method} ${tool}`
    const span = tracing.start(name, { kind: 'server', parent: other ?? around, link: other && around })
    span.set('mcp.method.name', method)
    span.set('gen_ai.tool.name', tool)
    span.set('mcp.protocol.version', exchange.revision === '' ? undefined : exchange.revision)
    span.set('jsonrpc.request.id', String(request.id).slice(0, 100))
    return spanned(tracing, span, async () => {
      const outcome = await answer(request, exchange, cancellation, httpRequestId, work, alone)
      const { error, result } = outcome.message
      if (error !== undefined) {
        span.set('rpc.response.status_code', String(error.code))
        span.fail(error.message)
      } else if ((result as { isError?: boolean }).isError === true) {
        span.set('error.type', 'tool_error')
        span.fail('tool_error')
      }
      return outcome
    })
  }
}
