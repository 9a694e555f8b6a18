/** Events put together by what they say, newest first. Pure. */
import type { KubeEvent } from '../facts/kubernetes/event.ts'
import { templateOf } from './logs.ts'
import { millis } from './time.ts'
import { eventTime } from './view.ts'

export interface EventGroup {
  type: string
  reason: string
  /** The newest message. */
  message: string
  /** Kind of the objects, and their names. */
  kind: string
  objects: string[]
  count: number
  first: string | undefined
  last: string | undefined
}

/** One group for each kind of object, reason and kind of message. */
export function eventGroups(events: readonly KubeEvent[]): EventGroup[] {
  const groups = new Map<string, EventGroup & { names: Set<string> }>()
  for (const event of events) {
    const { kind = '', name = '' } = event.involvedObject
    const key = [event.type, event.reason, kind, templateOf(withoutNames(event.message ?? '', name))].join('\n')
    const last = eventTime(event)
    const first = event.firstTimestamp ?? event.eventTime ?? last
    const count = event.series?.count ?? event.count ?? 1
    const known = groups.get(key)
    if (!known) {
      const about = {
        type: event.type ?? 'Normal',
        reason: event.reason ?? '',
        message: event.message ?? '',
        kind,
        objects: [],
        count,
        first,
        last,
      }
      groups.set(key, { ...about, names: new Set([name]) })
      continue
    }
    known.count += count
    known.names.add(name)
    if ((millis(first) ?? Number.POSITIVE_INFINITY) < (millis(known.first) ?? Number.POSITIVE_INFINITY)) known.first = first
    if ((millis(last) ?? 0) > (millis(known.last) ?? 0)) {
      known.last = last
      known.message = event.message ?? ''
    }
  }
  return [...groups.values()]
    .map(({ names, ...group }) => ({ ...group, objects: [...names].sort() }))
    .sort((a, b) => (millis(b.last) ?? 0) - (millis(a.last) ?? 0) || (a.reason < b.reason ? -1 : 1))
}

/** Names of objects differ from pod to pod where the message is the same. */
const withoutNames = (message: string, name: string): string => {
  const plain = message.replace(made, '<name>')
  return name === '' ? plain : plain.replaceAll(name, '<name>')
}

/** Names that controllers make up: `web-5d4f8c7b9-x2x4z`. */
const made = /\b[a-z0-9-]+-[bcdfghjklmnpqrstvwxz2456789]{5,10}(-[bcdfghjklmnpqrstvwxz2456789]{5})?\b/g
