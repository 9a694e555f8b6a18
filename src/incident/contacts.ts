/** The people of the runbooks with what the settings say about them, and who each is right now. Pure; times are epoch milliseconds. */
import type { Contact, Level } from '../runbook/runbook.ts'
import type { ChannelSettings, EscalationSettings } from '../settings.ts'
import { nextChange, onCall, type Schedule } from './on-call.ts'

export interface Person {
  id: string
  team: string
  name: string
  reach: string | undefined
  /** Channels to try, in order. */
  by: string[]
  /** The schedule that says who this is. */
  schedule: string | undefined
  /** Who it is now; undefined where the schedule has a gap, and where there is no schedule. */
  onCall: { name: string; reach: string | undefined; from: string; until: number | undefined; next: string | undefined } | undefined
}

/** What wakes people comes first. */
const order: readonly ChannelSettings['kind'][] = ['pagerduty', 'opsgenie', 'command', 'email', 'slack']

/**
 * Everybody, the settings' own after those of the runbooks. Without `by`, somebody whom a level calls is reached by every channel, what
 * wakes people first; anybody else by mail, where they have an address.
 */
export function peopleOf(
  contacts: readonly Contact[],
  settings: Pick<EscalationSettings, 'contacts' | 'channels'>,
  levels: readonly Pick<Level, 'contacts' | 'handsOverTo'>[],
  schedules: ReadonlyMap<string, Schedule>,
  at: number,
): Person[] {
  const calledByLevel = new Set(levels.flatMap((level) => [...level.contacts, ...level.handsOverTo]))
  const ids = [...new Set([...contacts.map((contact) => contact.id), ...Object.keys(settings.contacts)])]
  return ids.map((id): Person => {
    const written = contacts.find((contact) => contact.id === id)
    const said = settings.contacts[id]
    const schedule = said?.schedule === undefined ? undefined : schedules.get(said.schedule)
    const now = schedule && turnOf(schedule, at)
    const reach = now?.reach ?? said?.reach ?? written?.reach
    return {
      id,
      team: said?.team ?? written?.team ?? 'Others',
      name: said?.name ?? written?.name ?? id,
      reach,
      by: said && said.by.length > 0 ? said.by : fitting(settings.channels, reach, calledByLevel.has(id)),
      schedule: said?.schedule,
      onCall: now,
    }
  })
}

function fitting(channels: EscalationSettings['channels'], reach: string | undefined, all: boolean): string[] {
  return Object.entries(channels)
    .filter(([, channel]) => (channel.kind === 'email' ? reach?.includes('@') : all))
    .sort(([, a], [, b]) => order.indexOf(a.kind) - order.indexOf(b.kind))
    .map(([name]) => name)
}

function turnOf(schedule: Schedule, at: number): Person['onCall'] {
  const turn = onCall(schedule, at)
  if (!turn) return undefined
  const until = nextChange(schedule, at)
  const next = until === undefined ? undefined : (onCall(schedule, until)?.person.name ?? 'nobody')
  return { name: turn.person.name, reach: turn.person.reach, from: turn.by, until, next }
}

/** The person that somebody means: by id, by name, or by who is on call. */
export function personNamed(people: readonly Person[], word: string): Person | undefined {
  const same = (text: string | undefined) => text?.toLowerCase() === word.toLowerCase()
  return (
    people.find((person) => person.id === word) ??
    people.find((person) => same(person.name) || same(person.onCall?.name) || same(person.reach))
  )
}

/** What to call a person in a message: who is on call, else the name. */
export const calledName = (person: Person): string => (person.onCall ? `${person.onCall.name} (${person.name})` : person.name)

/** Whom of a level to call, in order: those who were not called yet first, so that a second escalation reaches somebody else. */
export function callOrder(level: Pick<Level, 'level' | 'contacts'>, called: readonly { level: number; contact: string }[]): string[] {
  const before = new Set(called.filter((call) => call.level === level.level).map((call) => call.contact))
  return [...level.contacts.filter((id) => !before.has(id)), ...level.contacts.filter((id) => before.has(id))]
}
