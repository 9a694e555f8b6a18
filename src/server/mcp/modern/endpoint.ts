import { answer, type Call, takesStream } from '../../http/call.ts'
import { type EventStream, openEventStream } from '../../http/event-stream.ts'
import type { Settings } from '../../settings.ts'
import { Cancellation } from '../cancellation.ts'
import type { Dispatch } from '../dispatch.ts'
import type { ClientCapabilities, Exchange } from '../exchange.ts'
import type { Operations } from '../operations.ts'
import { errorMessage, kindOf, type Params, RpcError, type RpcRequest, rpcCode } from '../rpc.ts'
import { checkMirroredArguments, checkStandardHeaders, headerOf, type MirroredArgument, mirroredArguments } from './headers.ts'
import { checkInputRequests } from './input-required.ts'
import type { LongCalls } from './long-calls.ts'
import type { Subscriptions } from './subscriptions.ts'
import { asksLater, complete, demandAsksLater, discovery, metaKey, modernCode, modernRevisions } from './wire.ts'

/** The revisions from 2026-07-28 on: no session, everything about a request is in the request. */
export interface ModernEndpoint {
  /** True when a POST is meant for this era; looked at before anything of it is loaded. */
  claims(call: Call, body: unknown): boolean
  post(call: Call, body: unknown): Promise<void>
}

export interface ModernOptions {
  readonly version: string
  readonly settings: () => Settings
  readonly operations: Operations
  readonly dispatch: Dispatch
  readonly subscriptions: Subscriptions
  readonly longCalls: LongCalls
}

/** Methods of this era besides the shared ones. */
export const modernMethods = ['server/discover', 'subscriptions/listen', 'tasks/get', 'tasks/update', 'tasks/cancel'] as const

const envelope = 'io.modelcontextprotocol/'

export function createModernEndpoint({ version, settings, operations, dispatch, subscriptions, longCalls }: ModernOptions): ModernEndpoint {
  const mirrored = new Map<string, readonly MirroredArgument[]>()
  const mirroredOf = (tool: string): readonly MirroredArgument[] => {
    const schema = operations.toolNamed(tool)?.inputSchema
    if (schema === undefined) return []
    const known = mirrored.get(tool) ?? mirroredArguments(schema)
    mirrored.set(tool, known)
    return known
  }

  const answerMethod = async (request: RpcRequest, params: Params, exchange: Exchange): Promise<object> => {
    if (request.method === 'server/discover') return complete(request.method, discovery, version)
    if (request.method.startsWith('tasks/')) {
      const answered = await answerLater(longCalls, request.method, params, exchange)
      if (answered !== undefined) return complete(request.method, answered, version)
    }
    if (!operations.has(request.method)) throw new RpcError(rpcCode.methodNotFound, `Method not found: ${request.method}`, { status: 404 })
    const result = await operations.run(request.method, params, exchange)
    checkInputRequests(result, exchange.clientCapabilities)
    return complete(request.method, result, version)
  }

  const answerRequest = async (call: Call, request: RpcRequest): Promise<void> => {
    const params = request.params ?? {}
    const meta = params._meta as Record<string, unknown>
    if (!modernRevisions.includes(String(meta[metaKey.revision])))
      throw new RpcError(modernCode.unsupportedRevision, `Unsupported protocol version: ${String(meta[metaKey.revision])}`, {
        status: 400,
        data: { supported: modernRevisions, requested: meta[metaKey.revision] },
      })
    checkStandardHeaders(call.request.headers, request.method, params)
    if (request.method === 'tools/call') checkMirroredArguments(call.request.headers, mirroredOf(String(params.name)), params.arguments)
    if (request.method === 'subscriptions/listen') {
      if ((params.notifications as { taskIds?: unknown } | undefined)?.taskIds !== undefined)
        demandAsksLater((meta[metaKey.clientCapabilities] ?? {}) as ClientCapabilities)
      subscriptions.listen(call, request.id, params)
      return
    }
    let stream: EventStream | undefined
    const cancellation = new Cancellation(settings().requestTimeout * 1000)
    const left = (): void => cancellation.cancel(new Error('cancelled'))
    call.response.once('close', left)
    const streamed = takesStream(call)
    const direct = exchangeOf(call, meta, cancellation, (message) => {
      if (!streamed || call.response.headersSent) return stream?.send(message)
      call.streaming = true
      stream = openEventStream(call.response, { maxBufferedBytes: Number.POSITIVE_INFINITY, onClose: () => undefined })
      return stream.send(message)
    })
    const exchange: Exchange = asksLater(direct.clientCapabilities)
      ? { ...direct, defer: (long, work) => longCalls.run(direct, long, work) }
      : direct
    try {
      const { message, status, headers } = await dispatch(
        request,
        exchange,
        cancellation,
        call.requestId,
        (given) => answerMethod(request, given, exchange),
        () => stream === undefined,
      )
      if (stream === undefined) return answer(call.response, status, message, headers)
      stream.send(message)
      stream.close('completed')
    } finally {
      cancellation.over()
      call.response.off('close', left)
    }
  }

  return {
    claims: ({ request }, body) => {
      if (modernRevisions.includes(headerOf(request.headers, 'mcp-protocol-version') ?? '')) return true
      return Array.isArray(body) ? body.some(hasEnvelope) : hasEnvelope(body)
    },
    post: async (call, body) => {
      const { classifyInboundRequest } = await import('@modelcontextprotocol/server')
      const { headers } = call.request
      const outcome = classifyInboundRequest({
        httpMethod: 'POST',
        body,
        ...optional('protocolVersionHeader', headerOf(headers, 'mcp-protocol-version')),
        ...optional('mcpMethodHeader', headerOf(headers, 'mcp-method')),
        ...optional('mcpNameHeader', headerOf(headers, 'mcp-name')),
      })
      const id = kindOf(body) === 'request' ? (body as RpcRequest).id : null
      if (outcome.kind === 'reject')
        return answer(
          call.response,
          outcome.httpStatus,
          errorMessage(id, new RpcError(outcome.code, outcome.message, { data: outcome.data })),
        )
      if (kindOf(body) === 'notification') return answer(call.response, 202)
      if (kindOf(body) !== 'request')
        return answer(call.response, 400, errorMessage(id, new RpcError(rpcCode.invalidRequest, 'this revision takes one request a POST')))
      try {
        await answerRequest(call, body as RpcRequest)
      } catch (error) {
        if (!(error instanceof RpcError)) throw error
        answer(call.response, error.status, errorMessage(id, error))
      }
    },
  }
}

/** The methods of the extension. Nothing here asks for input later, so there is nothing that `tasks/update` could answer. */
async function answerLater(longCalls: LongCalls, method: string, { taskId }: Params, exchange: Exchange): Promise<object | undefined> {
  if (!['tasks/get', 'tasks/update', 'tasks/cancel'].includes(method)) return undefined
  demandAsksLater(exchange.clientCapabilities)
  if (method === 'tasks/cancel') {
    await longCalls.cancel(exchange.principal, taskId)
    return {}
  }
  const known = await longCalls.get(exchange.principal, taskId)
  return method === 'tasks/get' ? known : {}
}

function hasEnvelope(message: unknown): boolean {
  const meta = (message as { params?: { _meta?: unknown } } | null)?.params?._meta
  return (
    typeof meta === 'object' &&
    meta !== null &&
    Object.keys(meta).some((key) => key === metaKey.revision || key.startsWith(`${envelope}client`))
  )
}

function optional<K extends string>(key: K, value: string | undefined): { [key in K]?: string } {
  return (value === undefined ? {} : { [key]: value }) as { [key in K]?: string }
}

function exchangeOf(
  call: Call,
  meta: Readonly<Record<string, unknown>>,
  cancellation: Cancellation,
  send: (message: object) => void,
): Exchange {
  const capabilities = meta[metaKey.clientCapabilities]
  return {
    principal: call.principal,
    clientCapabilities: (typeof capabilities === 'object' && capabilities !== null ? capabilities : {}) as ClientCapabilities,
    get signal() {
      return cancellation.signal
    },
    revision: modernRevisions[0]!,
    notify: (method, params) => {
      if (method !== 'notifications/message' || meta[metaKey.logLevel] !== undefined) send({ jsonrpc: '2.0', method, params })
    },
    ask: () => Promise.reject(new RpcError(rpcCode.invalidRequest, 'this revision asks with a result of type input_required')),
    reconnect: () => undefined,
  }
}
