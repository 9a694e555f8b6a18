import { answer, type Call, takesStream } from '../../http/call.ts'
import { HttpRefusal } from '../../http/refusal.ts'
import type { Streams } from '../../http/streams.ts'
import type { Settings } from '../../settings.ts'
import type { TaskList } from '../../tasks/task-list.ts'
import { Cancellation } from '../cancellation.ts'
import type { Dispatch } from '../dispatch.ts'
import type { Operations } from '../operations.ts'
import { kindOf, type Params, RpcError, type RpcMessage, type RpcRequest, type RpcResponse, rpcCode } from '../rpc.ts'
import { placeOf, tellMissed } from './changes.ts'
import { followRequestStream } from './follow.ts'
import { createHeldAnswers, heldBounds } from './held-answers.ts'
import { answerMethod, initialized, revisions } from './methods.ts'
import { openRequestStream, type RequestStream, resumeRequestStream } from './request-stream.ts'
import { cancelHere, type Session } from './session.ts'
import { SessionExchange } from './session-exchange.ts'
import type { Sessions } from './sessions.ts'
import type { StreamLog } from './stream-log.ts'

/** The revisions with `initialize` and `Mcp-Session-Id`, over HTTP. */
export interface LegacyEndpoint {
  post(call: Call, body: unknown): Promise<void>
  get(call: Call): Promise<void>
  remove(call: Call): Promise<void>
}

export interface LegacyOptions {
  readonly version: string
  readonly settings: () => Settings
  readonly operations: Operations
  readonly dispatch: Dispatch
  readonly sessions: Sessions
  readonly streams: Streams
  readonly list: TaskList
  /** For other replicas, where there can be some. */
  readonly log: StreamLog | undefined
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** @throws HttpRefusal when the principal opens sessions too fast. */
  readonly admitSession: (call: Call) => void
}

export function createLegacyEndpoint(options: LegacyOptions): LegacyEndpoint {
  const { settings, operations, dispatch, sessions, streams, list, log } = options
  const held = createHeldAnswers(heldBounds)
  const followLimits = { requestTimeout: () => settings().requestTimeout, now: options.now }

  const sessionOf = (call: Call): Session | Promise<Session> => {
    const id = header(call, 'mcp-session-id')
    if (id === undefined)
      throw new HttpRefusal(400, 'the Mcp-Session-Id header is missing: initialize first, then send the id you were given')
    return sessions.find(id, call.principal.name)
  }

  const initialize = async (call: Call, request: RpcRequest): Promise<void> => {
    options.admitSession(call)
    let opened: Session | undefined
    const { message, status, headers } = await dispatch(
      request,
      { ...noSession, principal: call.principal, signal: new AbortController().signal },
      new Cancellation(),
      call.requestId,
      async (params) => {
        const { state, result } = initialized(params, options.version)
        opened = await sessions.open(call.principal.name, state)
        return result
      },
      () => true,
    )
    answer(call.response, status, message, opened === undefined ? headers : { 'mcp-session-id': opened.id })
  }

  const answerRequests = async (call: Call, session: Session, requests: readonly RpcRequest[], batch: boolean): Promise<void> => {
    let stream: RequestStream | undefined
    const toStream = (): RequestStream | undefined => {
      if (stream === undefined && takesStream(call) && !call.response.headersSent)
        stream = openRequestStream(
          call,
          session,
          requests.map(({ id }) => id),
          log,
          held,
        )
      return stream
    }
    const answered = async (request: RpcRequest): ReturnType<Dispatch> => {
      const cancellation = new Cancellation(settings().requestTimeout * 1000)
      const working = { id: request.id, cancellation }
      const exchange = new SessionExchange(call, session, cancellation, toStream)
      session.inFlight.add(working)
      try {
        return await dispatch(
          request,
          exchange,
          cancellation,
          call.requestId,
          (params) => answerMethod(request.method, params, exchange, session, sessions, operations),
          () => stream === undefined && !batch,
        )
      } finally {
        cancellation.over()
        session.inFlight.delete(working)
      }
    }
    if (!batch) {
      const { message, status, headers } = await answered(requests[0]!)
      if (stream === undefined) answer(call.response, status, message, headers)
      else stream.finish([message])
      return
    }
    const messages = (await Promise.all(requests.map(answered))).map(({ message }) => message)
    if (stream === undefined) answer(call.response, 200, messages)
    else stream.finish(messages)
  }

  return {
    post: async (call, body) => {
      const batch = Array.isArray(body)
      const messages = (batch ? body : [body]) as RpcMessage[]
      const kinds = messages.map(kindOf)
      if (messages.length === 0 || kinds.includes(undefined)) throw new HttpRefusal(400, 'the body is not a JSON-RPC 2.0 message')
      const only = !batch && kinds[0] === 'request' ? (body as RpcRequest) : undefined
      if (only?.method === 'initialize') return await initialize(call, only)
      const found = sessionOf(call)
      const session = found instanceof Promise ? await found : found
      checkRevision(call)
      if (only !== undefined) return await answerRequests(call, session, [only], false)
      if (batch && session.state.revision > '2025-03-26')
        throw new HttpRefusal(400, `revision ${session.state.revision} has no batches: send one message a request`)
      if (batch && messages.length > settings().maxBatch)
        throw new HttpRefusal(400, `a batch may have ${settings().maxBatch} messages, this one has ${messages.length}`)
      const requests: RpcRequest[] = []
      for (const [index, message] of messages.entries()) {
        if (kinds[index] === 'request') requests.push(message as RpcRequest)
        else if (kinds[index] === 'response') takeAnswer(session, message as RpcResponse)
        else if ('method' in message && message.method === 'notifications/cancelled') await cancel(session, message.params ?? {}, sessions)
      }
      if (requests.length === 0) return answer(call.response, 202)
      if (requests.some(({ method }) => method === 'initialize')) throw new HttpRefusal(400, 'initialize cannot be part of a batch')
      await answerRequests(call, session, requests, batch)
    },

    get: async (call) => {
      if (!takesStream(call)) throw new HttpRefusal(406, 'a GET opens an event stream: send Accept: text/event-stream')
      const session = await sessionOf(call)
      checkRevision(call)
      const last = header(call, 'last-event-id')
      if (last !== undefined && resumeRequestStream(call, session, last, held)) return
      if (last !== undefined && log !== undefined && (await followRequestStream(call, session, last, log, streams, followLimits))) return
      session.stream?.close('replaced')
      session.held = undefined
      call.streaming = true
      const stream = streams.open(call.response, call.principal, { headers: { 'mcp-session-id': session.id } }, () => {
        if (session.stream === stream) session.stream = undefined
      })
      session.stream = stream
      stream.comment()
      const place = last === undefined ? undefined : placeOf(last)
      if (place === undefined) return
      // Read after the stream is in place: what changes meanwhile is then told twice at worst, and never missed.
      try {
        await tellMissed(stream, session, place, list.changesAfter)
      } catch (error) {
        stream.close('error')
        throw error
      }
    },

    remove: async (call) => {
      await sessions.end(await sessionOf(call))
      answer(call.response, 200)
    },
  }
}

/** A signal is not among it: what listens to one that all have in common is never let go. */
const noSession = {
  clientCapabilities: {},
  revision: '',
  notify: () => undefined,
  ask: () => Promise.reject(new RpcError(rpcCode.invalidRequest, 'there is no session yet')),
  reconnect: () => undefined,
}

/** Where the request is not worked on here, another replica may. */
async function cancel(session: Session, { requestId }: Params, sessions: Sessions): Promise<void> {
  if (typeof requestId !== 'string' && typeof requestId !== 'number') return
  if (!cancelHere(session, requestId)) await sessions.cancelElsewhere(session, requestId)
}

function takeAnswer({ asked: waiting }: Session, { id, result, error }: RpcResponse): void {
  const question = id === null ? undefined : waiting.get(id)
  if (question === undefined) return
  waiting.delete(id!)
  if (error === undefined) question.resolve(result)
  else question.reject(new RpcError(error.code, `the client answered with an error: ${error.message}`))
}

function checkRevision(call: Call): void {
  const revision = header(call, 'mcp-protocol-version')
  if (revision !== undefined && !revisions.includes(revision))
    throw new HttpRefusal(
      400,
      `the MCP-Protocol-Version "${revision.slice(0, 40)}" is not spoken in a session; those that are: ${revisions.join(', ')}`,
    )
}

function header({ request }: Call, name: string): string | undefined {
  const value = request.headers[name]
  return Array.isArray(value) ? value[0] : value
}
