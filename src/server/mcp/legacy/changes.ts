import type { EventStream } from '../../http/event-stream.ts'
import type { Change, Place } from '../../store/port.ts'
import { listActions } from '../change-actions.ts'
import { taskUri } from '../task-resources.ts'
import type { Session } from './session.ts'

const pageSize = 500
const mostHeld = 5000

/** Reads what may have come after a place in the history, by sequence. */
type ReadChanges = (place: Place, limit: number, late: boolean) => Promise<readonly Change[]>

/** The place that an event id names, or undefined when it is an id of something else. */
export function placeOf(eventId: string): Place | undefined {
  const [, sequence, epoch] = /^(\d{1,15})(?:\.([0-9a-f]+))?$/.exec(eventId) ?? []
  return sequence === undefined ? undefined : { sequence: Number(sequence), epoch }
}

/** Tells a session's stream here of a change, or keeps it until the stream has heard what came before. */
export function hearChange(session: Session, change: Change): void {
  const { stream, held } = session
  if (stream === undefined) return
  if (held === undefined) tellChange(stream, session, change)
  else if (held.length < mostHeld) held.push(change)
  else stream.close('backpressure')
}

/**
 * Tells a stream that was resumed what it has missed, as fast as its client reads, and then what was heard meanwhile. Whatever
 * is told twice is told in vain; nothing is left out, also when the stream is cut again before its end.
 */
export async function tellMissed(stream: EventStream, session: Session, place: Place, read: ReadChanges): Promise<void> {
  const held: Change[] = []
  session.held = held
  try {
    let from = place
    for (let late = true; stream.open; late = false) {
      const page = await read(from, pageSize, late)
      for (const change of page) tellChange(stream, session, change)
      const last = page.at(-1)
      if (last === undefined || page.length < pageSize) break
      from = last
      await stream.drained()
    }
    for (const change of held) tellChange(stream, session, change)
  } finally {
    if (session.held === held) session.held = undefined
  }
}

/**
 * Tells of a change as far as the session asked to hear of it. The last message carries the change's place as its event id:
 * after a cut the client names it, and hears what came later.
 */
function tellChange(stream: EventStream, { state }: Session, change: Change): void {
  const uri = taskUri(change.taskId)
  const id = change.epoch === undefined ? String(change.sequence) : `${change.sequence}.${change.epoch}`
  const subscribed = state.subscriptions.includes(uri)
  const listed = listActions.has(change.action)
  if (subscribed) stream.send({ jsonrpc: '2.0', method: 'notifications/resources/updated', params: { uri } }, listed ? undefined : id)
  if (listed) stream.send({ jsonrpc: '2.0', method: 'notifications/resources/list_changed' }, id)
}
