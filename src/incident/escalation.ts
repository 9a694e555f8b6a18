/** The escalation clock: who has to be called when, and why, from the levels of a runbook and what is known. Pure; times are epoch milliseconds. */
import type { Level, Trigger } from '../runbook/runbook.ts'

/** Something that decides about handing over, and since when it has been so. */
export interface Fact {
  fact: string
  holds: boolean
  since: number
}

/** Somebody of a level was called, and has answered or not. */
export interface Call {
  level: number
  contact: string
  at: number
  acknowledgedAt?: number | undefined
}

export interface Situation {
  onset: number
  now: number
  /** What was seen or said; a fact that is not here is unknown. */
  facts: readonly Fact[]
  calls: readonly Call[]
}

export interface Due {
  /** The level to call; one more than the last for those that the last hands over to. */
  level: number
  role: string
  contacts: string[]
  /** When it is or was due. */
  at: number
  state: 'done' | 'now' | 'later'
  /** Seconds until it is due; 0 when it is due or over. */
  inSeconds: number
  /** Seconds by which it is late; 0 unless the state is `now`. */
  overdueSeconds: number
  /** Reasons, the earliest first. */
  why: Reason[]
}

export interface Reason {
  /** "the root cause is unknown", "primary has not answered". */
  says: string
  /** How long that has been so, in seconds. */
  forSeconds: number
  at: number
}

export interface Escalation {
  /** Seconds since the onset. */
  elapsedSeconds: number
  /** One for each level that is or will be due, lowest first. */
  due: Due[]
  /** Facts that nobody has said and that would matter now: with their words, in the order of the levels. */
  ask: { fact: string; says: string; level: number }[]
}

/** Takes the levels, lowest first, and the situation. A clock that was set back never gives a negative time. */
export function escalation(levels: readonly Level[], situation: Situation): Escalation {
  const { onset, facts, calls } = situation
  const now = Math.max(situation.now, onset)
  const known = new Map(facts.map((fact) => [fact.fact, fact]))
  const first = levels[0]
  const begun: Reason[] = first ? [{ says: 'something is wrong', forSeconds: seconds(onset, now), at: onset }] : []
  const due = first ? [dueOf(first.level, first.role, first.contacts, begun, calls, now)] : []
  for (const [index, level] of levels.entries()) {
    const next = levels[index + 1]
    const contacts = next?.contacts ?? level.handsOverTo
    if (contacts.length === 0) continue
    const why = [...level.handsOverWhen.flatMap((trigger) => reasonOf(trigger, known, onset, now)), ...silence(level, calls, now)]
    why.sort((a, b) => a.at - b.at)
    if (why.length > 0) due.push(dueOf(next?.level ?? level.level + 1, next?.role ?? contacts.join(', '), contacts, why, calls, now))
  }
  const ask = levels.flatMap((level) =>
    level.handsOverWhen.filter((trigger) => !known.has(trigger.fact)).map(({ fact, says }) => ({ fact, says, level: level.level })),
  )
  return {
    elapsedSeconds: seconds(onset, now),
    due,
    ask: ask.filter((one, at) => ask.findIndex((other) => other.fact === one.fact) === at),
  }
}

const seconds = (from: number, to: number): number => Math.max(0, Math.round((to - from) / 1000))

function dueOf(level: number, role: string, contacts: readonly string[], why: Reason[], calls: readonly Call[], now: number): Due {
  const at = why[0]?.at ?? now
  const called = calls.some((call) => call.level === level)
  const state = called ? 'done' : at <= now ? 'now' : 'later'
  return {
    level,
    role,
    contacts: [...contacts],
    at,
    state,
    inSeconds: seconds(now, at),
    overdueSeconds: state === 'now' ? seconds(at, now) : 0,
    why,
  }
}

/** When a trigger is due; nothing where its fact does not hold or is not known. A fact cannot have held before the trouble began. */
function reasonOf(trigger: Trigger, known: ReadonlyMap<string, Fact>, onset: number, now: number): Reason[] {
  const fact = known.get(trigger.fact)
  if (!fact?.holds) return []
  const since = Math.min(Math.max(fact.since, onset), now)
  return [{ says: trigger.says, forSeconds: seconds(since, now), at: since + trigger.afterSeconds * 1000 }]
}

/** Nobody of a level that was called has answered, and everybody of it has been tried. */
function silence(level: Level, calls: readonly Call[], now: number): Reason[] {
  const made = calls.filter((call) => call.level === level.level)
  if (made.length === 0 || made.some((call) => call.acknowledgedAt !== undefined && call.acknowledgedAt <= now)) return []
  if (level.contacts.some((contact) => !made.some((call) => call.contact === contact))) return []
  const last = Math.max(...made.map((call) => Math.min(call.at, now)))
  return [
    { says: `nobody of level ${level.level} has answered`, forSeconds: seconds(last, now), at: last + level.respondWithinSeconds * 1000 },
  ]
}

/** Whom of a level to call next, and when: the first who was not called yet, once the one before has had the time to answer. */
export function nextContact(level: Level, situation: Situation): { contact: string; at: number } | undefined {
  const made = situation.calls.filter((call) => call.level === level.level)
  if (made.some((call) => call.acknowledgedAt !== undefined)) return undefined
  const contact = level.contacts.find((candidate) => !made.some((call) => call.contact === candidate))
  if (contact === undefined) return undefined
  const last = Math.max(situation.onset, ...made.map((call) => call.at + level.respondWithinSeconds * 1000))
  return { contact, at: last }
}
