import type { EventStream } from '../../http/event-stream.ts'
import type { Change } from '../../store/port.ts'
import { listActions } from '../change-actions.ts'
import { taskUri } from '../task-resources.ts'
import type { Session } from './session.ts'

/**
 * Tells a session's stream of a change, as far as the session asked to hear of it. The last message carries the change's
 * sequence as its event id: after a cut the client names it, and hears what came later.
 */
export function tellChange(stream: EventStream, { state }: Session, change: Change): void {
  const uri = taskUri(change.taskId)
  const id = String(change.sequence)
  const subscribed = state.subscriptions.includes(uri)
  const listed = listActions.has(change.action)
  if (subscribed) stream.send({ jsonrpc: '2.0', method: 'notifications/resources/updated', params: { uri } }, listed ? undefined : id)
  if (listed) stream.send({ jsonrpc: '2.0', method: 'notifications/resources/list_changed' }, id)
}
