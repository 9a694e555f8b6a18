import { type EventStream, frameOf } from '../../http/event-stream.ts'
import type { Change, Place } from '../../store/port.ts'
import { listActions } from '../change-actions.ts'
import { taskUri } from '../task-resources.ts'
import type { Session } from './session.ts'

const pageSize = 500
const mostHeld = 5000
/** Bytes. */
const mostWaiting = 4096

/** Reads what may have come after a place in the history, by sequence. */
type ReadChanges = (place: Place, limit: number, late: boolean) => Promise<readonly Change[]>

/** The place that an event id names, or undefined when it is an id of something else. */
export function placeOf(eventId: string): Place | undefined {
  const [, sequence, epoch] = /^(\d{1,15})(?:\.([0-9a-f]+))?$/.exec(eventId) ?? []
  return sequence === undefined ? undefined : { sequence: Number(sequence), epoch }
}

/** Tells every session's stream here of a change, or keeps it until the stream has heard what came before. */
export function tellAll(sessions: Iterable<Session>, change: Change): void {
  const words = wordsFor(change)
  for (const session of sessions) {
    const { stream, held } = session
    if (stream === undefined) continue
    if (held === undefined) tell(stream, session, words)
    else if (held.length < mostHeld) held.push(change)
    else stream.close('backpressure')
  }
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
      await tellSlowly(stream, session, page)
      const last = page.at(-1)
      if (last === undefined || page.length < pageSize) break
      from = last
    }
    while (held.length > 0 && stream.open) await tellSlowly(stream, session, held.splice(0, pageSize))
  } finally {
    if (session.held === held) session.held = undefined
  }
}

/** At the speed of the client: a backlog of this size is no sign that it stalls. */
async function tellSlowly(stream: EventStream, session: Session, changes: readonly Change[]): Promise<void> {
  for (const change of changes) {
    tell(stream, session, wordsFor(change))
    if (stream.buffered() > mostWaiting) await stream.drained()
  }
}

/** What there is to say of a change: made once, and sent to however many ask to hear of it. */
interface Words {
  readonly uri: string
  readonly updated: string
  /** Undefined when the list of tasks is as before. */
  readonly listed: string | undefined
}

/**
 * The last message carries the change's place as its event id: after a cut the client names it, and hears what came later.
 */
function wordsFor(change: Change): Words {
  const uri = taskUri(change.taskId)
  const id = change.epoch === undefined ? String(change.sequence) : `${change.sequence}.${change.epoch}`
  const listed = listActions.has(change.action)
  const updated = { jsonrpc: '2.0', method: 'notifications/resources/updated', params: { uri } }
  return {
    uri,
    updated: frameOf(updated, listed ? undefined : id),
    listed: listed ? frameOf({ jsonrpc: '2.0', method: 'notifications/resources/list_changed' }, id) : undefined,
  }
}

/** As far as the session asked to hear of it. */
function tell(stream: EventStream, { state }: Session, { uri, updated, listed }: Words): void {
  if (state.subscriptions.includes(uri)) stream.sendFrame(updated)
  if (listed !== undefined) stream.sendFrame(listed)
}
