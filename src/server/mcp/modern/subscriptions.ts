import type { Call } from '../../http/call.ts'
import type { EventStream } from '../../http/event-stream.ts'
import type { Streams } from '../../http/streams.ts'
import type { Change } from '../../store/port.ts'
import { listActions } from '../change-actions.ts'
import { demand } from '../operations.ts'
import { type Params, type RequestId, RpcError, resultMessage, rpcCode } from '../rpc.ts'
import { scopes } from '../scopes.ts'
import { taskUri } from '../task-resources.ts'
import { complete, metaKey } from './wire.ts'

/** Streams of `subscriptions/listen`. */
export interface Subscriptions {
  /** Answers with a stream that lasts. @throws RpcError for a filter that is none, HttpRefusal when there are too many streams. */
  listen(call: Call, id: RequestId, params: Params): void
  tell(change: Change): void
}

interface Subscription {
  readonly stream: EventStream
  readonly id: RequestId
  readonly uris: ReadonlySet<string>
  readonly list: boolean
}

const mostUris = 1000

export function createSubscriptions(streams: Streams, version: string): Subscriptions {
  const open = new Set<Subscription>()
  const notification = (id: RequestId, method: string, params: object): object => ({
    jsonrpc: '2.0',
    method,
    params: { ...params, _meta: { [metaKey.subscription]: id } },
  })

  return {
    listen: (call, id, params) => {
      demand(call.principal, scopes.read, 'subscriptions')
      const { list, uris } = filterOf(params)
      const end = resultMessage(id, complete('subscriptions/listen', { _meta: { [metaKey.subscription]: id } }, version))
      call.streaming = true
      const stream = streams.open(call.response, call.principal, { farewell: end }, () => open.delete(subscription))
      const subscription: Subscription = { stream, id, uris: new Set(uris), list }
      const honoured = { ...(list ? { resourcesListChanged: true } : {}), ...(uris.length > 0 ? { resourceSubscriptions: uris } : {}) }
      stream.send(notification(id, 'notifications/subscriptions/acknowledged', { notifications: honoured }))
      if (list || uris.length > 0) open.add(subscription)
      else {
        stream.send(end)
        stream.close('completed')
      }
    },
    tell: ({ taskId, action }) => {
      if (open.size === 0) return
      const uri = taskUri(taskId)
      for (const { stream, id, uris, list } of open) {
        if (uris.has(uri)) stream.send(notification(id, 'notifications/resources/updated', { uri }))
        if (list && listActions.has(action)) stream.send(notification(id, 'notifications/resources/list_changed', {}))
      }
    },
  }
}

function filterOf({ notifications }: Params): { list: boolean; uris: readonly string[] } {
  const wrong = (said: string): RpcError => new RpcError(rpcCode.invalidParams, `subscriptions/listen needs params.notifications: ${said}`)
  if (typeof notifications !== 'object' || notifications === null || Array.isArray(notifications))
    throw wrong('an object that says what to hear of')
  const { resourcesListChanged = false, resourceSubscriptions = [] } = notifications as Record<string, unknown>
  if (typeof resourcesListChanged !== 'boolean') throw wrong('resourcesListChanged must be true or false')
  if (
    !Array.isArray(resourceSubscriptions) ||
    resourceSubscriptions.length > mostUris ||
    !resourceSubscriptions.every((uri) => typeof uri === 'string')
  )
    throw wrong(`resourceSubscriptions must be a list of at most ${mostUris} URIs`)
  return { list: resourcesListChanged, uris: resourceSubscriptions }
}
