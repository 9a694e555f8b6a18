import type { Exchange } from '../exchange.ts'
import { hasIcons } from '../icons.ts'
import { demand, type Operations } from '../operations.ts'
import { type Params, RpcError, rpcCode } from '../rpc.ts'
import { scopes } from '../scopes.ts'
import { instructions, serverInfo } from '../server-info.ts'
import type { Session } from './session.ts'
import type { Sessions } from './sessions.ts'

/** Revisions that begin with `initialize`, the newest first. */
export const revisions = ['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05']

/** Methods of this era besides the shared ones. */
export const legacyMethods = ['initialize', 'ping', 'logging/setLevel', 'resources/subscribe', 'resources/unsubscribe'] as const
const levels = ['debug', 'info', 'notice', 'warning', 'error', 'critical', 'alert', 'emergency']
const mostSubscriptions = 1000

/** What `initialize` answers, and what of it the session remembers. @throws RpcError when the request is not one. */
export function initialized(params: Params, version: string) {
  const { protocolVersion, capabilities, clientInfo } = params
  if (typeof protocolVersion !== 'string')
    throw new RpcError(rpcCode.invalidParams, 'initialize needs params.protocolVersion', { status: 400 })
  const revision = revisions.includes(protocolVersion) ? protocolVersion : revisions[0]!
  const client =
    typeof clientInfo === 'object' && clientInfo !== null && 'name' in clientInfo ? String(clientInfo.name).slice(0, 100) : 'unknown'
  return {
    state: {
      revision,
      clientName: client,
      clientCapabilities: typeof capabilities === 'object' && capabilities !== null ? { ...capabilities } : {},
      subscriptions: [],
    },
    result: {
      protocolVersion: revision,
      capabilities: {
        tools: { listChanged: false },
        resources: { subscribe: true, listChanged: true },
        prompts: { listChanged: false },
        completions: {},
        logging: {},
      },
      serverInfo: serverInfo(version, hasIcons(revision)),
      instructions,
    },
  }
}

/** Answers every method of a session but `initialize`. @throws RpcError, at once or later. */
export function answerMethod(
  method: string,
  params: Params,
  exchange: Exchange,
  session: Session,
  sessions: Sessions,
  operations: Operations,
): Promise<object> {
  return operations.has(method)
    ? operations.run(method, params, exchange)
    : answerOwnMethod(method, params, exchange, session, sessions, operations)
}

async function answerOwnMethod(
  method: string,
  params: Params,
  exchange: Exchange,
  session: Session,
  sessions: Sessions,
  operations: Operations,
): Promise<object> {
  switch (method) {
    case 'ping':
      return {}
    case 'logging/setLevel':
      if (!levels.includes(String(params.level)))
        throw new RpcError(rpcCode.invalidParams, `there is no log level "${String(params.level)}"; those there are: ${levels.join(', ')}`)
      return {}
    case 'resources/subscribe': {
      demand(exchange.principal, scopes.read, 'subscriptions')
      const { subscriptions } = session.state
      const uri = uriOf(params)
      if (subscriptions.includes(uri)) return {}
      if (subscriptions.length >= mostSubscriptions)
        throw new RpcError(rpcCode.invalidParams, `a session may subscribe to ${mostSubscriptions} resources; unsubscribe from some first`)
      await sessions.change(session, { ...session.state, subscriptions: [...subscriptions, uri] })
      return {}
    }
    case 'resources/unsubscribe': {
      const uri = uriOf(params)
      await sessions.change(session, { ...session.state, subscriptions: session.state.subscriptions.filter((other) => other !== uri) })
      return {}
    }
    case 'initialize':
      throw new RpcError(rpcCode.invalidRequest, 'this session is initialized already', { status: 400 })
    default:
      return operations.run(method, params, exchange)
  }
}

function uriOf(params: Params): string {
  const { uri } = params
  if (typeof uri !== 'string' || uri.length > 1000)
    throw new RpcError(rpcCode.invalidParams, 'params.uri must be a string of at most 1000 characters')
  return uri
}
