/** Who in this process hears of a change, wherever it was made. */
import { type Change, feedResumed } from '../store/port.ts'
import { type Log, reasonOf } from '../telemetry/log.ts'
import type { Webhook } from '../webhook.ts'
import { tellAll } from './legacy/changes.ts'
import { type Sessions, sessionActions } from './legacy/sessions.ts'
import type { Subscriptions } from './modern/subscriptions.ts'

/** Hands a change to everybody here who waits for it. */
export function spread(
  change: Change,
  instance: string,
  sessions: Sessions,
  subscriptions: Subscriptions,
  webhook: Webhook | undefined,
  log: Log,
): void {
  if (change.action === sessionActions.ended) {
    sessions.forget(change.taskId)
    return
  }
  if (change.action === sessionActions.changed) {
    sessions
      .reload(change.taskId)
      .catch((error: unknown) => log.warn('a session that another replica changed could not be read', { reason: reasonOf(error) }))
    return
  }
  if (change.action === feedResumed) {
    sessions
      .reloadAll()
      .catch((error: unknown) => log.warn('what other replicas did to sessions could not be read', { reason: reasonOf(error) }))
    return
  }
  tellAll(sessions.here(), change)
  subscriptions.tell(change)
  // Every replica hears of a change; the one that made it tells the webhook, and of what nobody knows who made it everyone does.
  if (change.origin === undefined || change.origin === instance) webhook?.tell(change)
}
