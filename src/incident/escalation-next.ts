/** Who of a level that was already called comes next, because nobody has answered. Pure; times are epoch milliseconds. */
import type { Level } from '../runbook/runbook.ts'
import { type Due, nextContact, type Situation } from './escalation.ts'

/** A contact of a level that was called in vain. */
export interface NextCall {
  level: number
  role: string
  contact: string
  at: number
  /** Seconds until then; 0 when it is due or over. */
  inSeconds: number
  says: string
  forSeconds: number
}

/** One for each level that was called, that nobody has answered, and that has somebody left. */
export function nextCalls(levels: readonly Level[], situation: Situation): NextCall[] {
  const now = Math.max(situation.now, situation.onset)
  return levels.flatMap((level): NextCall[] => {
    const called = situation.calls.filter((call) => call.level === level.level)
    const next = nextContact(level, situation)
    if (called.length === 0 || !next) return []
    const last = Math.max(...called.map((call) => Math.min(call.at, now)))
    return [
      {
        level: level.level,
        role: level.role,
        contact: next.contact,
        at: next.at,
        inSeconds: Math.max(0, Math.round((next.at - now) / 1000)),
        says: `${called.map((call) => call.contact).join(' and ')} did not answer`,
        forSeconds: Math.round((now - last) / 1000),
      },
    ]
  })
}

/** The first of them that is due, in the form in which levels are. */
export function dueAgain(levels: readonly Level[], situation: Situation): Due | undefined {
  const next = nextCalls(levels, situation).find((one) => one.inSeconds === 0)
  const level = levels.find((one) => one.level === next?.level)
  if (!next || !level) return undefined
  const overdueSeconds = Math.max(0, Math.round((situation.now - next.at) / 1000))
  const why = [{ says: next.says, forSeconds: next.forSeconds, at: next.at }]
  return { level: level.level, role: level.role, contacts: level.contacts, at: next.at, state: 'now', inSeconds: 0, overdueSeconds, why }
}
