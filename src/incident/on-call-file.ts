/** A schedule in YAML: layers, rotations, hand-over times and overrides. Pure: the text is handed in. docs/escalation.md has the form. */
import { UsageError } from '../errors.ts'
import type { Layer, OnCallPerson, Override, Restriction, Schedule } from './on-call.ts'
import { instantOf } from './on-call-zone.ts'

const dayNames = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']
const form = 'docs/escalation.md has the form of a schedule'

/** Takes what the YAML holds; `file` is for messages and `timeZone` for a file that names none. UsageError with the place of what is wrong. */
export function scheduleOf(parsed: unknown, file: string, timeZone: string): Schedule {
  const fail = (at: string, problem: string): never => {
    throw new UsageError(`${file}: ${at} ${problem}`, form)
  }
  const record = (raw: unknown, at: string, allowed: readonly string[]): Record<string, unknown> => {
    if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) return fail(at, 'must be a mapping')
    for (const key of Object.keys(raw)) if (!allowed.includes(key)) fail(`${at}.${key}`, `is not known; there can be ${allowed.join(', ')}`)
    return raw as Record<string, unknown>
  }
  const list = (raw: unknown, at: string): unknown[] => (raw === undefined ? [] : Array.isArray(raw) ? raw : fail(at, 'must be a list'))

  const top = record(parsed, 'the schedule', ['timeZone', 'people', 'layers', 'overrides'])
  const zone = top.timeZone === undefined ? timeZone : String(top.timeZone)
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone })
  } catch {
    fail('timeZone', `"${zone}" is none; write a name such as Europe/Berlin`)
  }
  const people = new Map(
    Object.entries(typeof top.people === 'object' && top.people !== null ? top.people : {}).map(([id, raw]): [string, OnCallPerson] => {
      if (typeof raw === 'string') return [id, { name: id, reach: raw }]
      const { name, reach } = record(raw, `people.${id}`, ['name', 'reach'])
      return [id, { name: name === undefined ? id : String(name), reach: reach === undefined ? undefined : String(reach) }]
    }),
  )
  /** People need not be listed: a name alone is one. */
  const person = (raw: unknown, at: string): OnCallPerson =>
    typeof raw === 'string' ? (people.get(raw) ?? { name: raw, reach: raw.includes('@') ? raw : undefined }) : fail(at, 'must be a name')
  const wall = (raw: unknown, at: string): number => {
    const found = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d))?)?$/.exec(String(raw))
    const time = found
      ? Date.UTC(
          Number(found[1]),
          Number(found[2]) - 1,
          Number(found[3]),
          Number(found[4] ?? 0),
          Number(found[5] ?? 0),
          Number(found[6] ?? 0),
        )
      : Number.NaN
    // A day that is none, 30 February, would roll over into the next month.
    return found && new Date(time).getUTCDate() === Number(found[3])
      ? time
      : fail(at, `"${raw}" must be a local time such as 2026-01-05T09:00`)
  }
  /** An instant: with an offset as it says, else in the zone. */
  const instant = (raw: unknown, at: string): number => {
    const said = String(raw)
    const exact = /(?:Z|[+-]\d\d:\d\d)$/.test(said) ? Date.parse(said) : Number.NaN
    return Number.isNaN(exact) ? instantOf(wall(raw, at), zone) : exact
  }
  const minutes = (raw: unknown, at: string): number => {
    const found = /^([01]\d|2[0-4]):([0-5]\d)$/.exec(String(raw))
    return found ? Number(found[1]) * 60 + Number(found[2]) : fail(at, `"${raw}" must be a time of day such as "17:00", in quotes`)
  }
  const every = (raw: unknown, at: string): Layer['every'] => {
    const said = String(raw ?? '1w')
    if (said === 'weekly') return { days: 7 }
    if (said === 'daily') return { days: 1 }
    const found = /^([1-9]\d*)([hdw])$/.exec(said)
    if (!found) return fail(at, `"${said}" must be daily, weekly, or a number with h, d or w`)
    const count = Number(found[1])
    return found[2] === 'h' ? { hours: count } : { days: count * (found[2] === 'w' ? 7 : 1) }
  }
  const restriction = (raw: unknown, at: string): Restriction => {
    const one = record(raw, at, ['days', 'from', 'to'])
    const days =
      one.days === undefined
        ? undefined
        : list(one.days, `${at}.days`).map((name) => {
            const index = dayNames.indexOf(String(name).slice(0, 3).toLowerCase())
            return index >= 0 ? index : fail(`${at}.days`, `"${name}" is no day; write mon, tue ...`)
          })
    return { days, from: minutes(one.from ?? '00:00', `${at}.from`), to: minutes(one.to ?? '24:00', `${at}.to`) }
  }

  const layers = list(top.layers, 'layers').map((raw, index): Layer => {
    const at = `layers, number ${index + 1}`
    const one = record(raw, at, ['name', 'people', 'start', 'end', 'every', 'only'])
    const members = list(one.people, `${at}: people`).map((member) => person(member, `${at}: people`))
    if (members.length === 0) fail(at, 'has no people')
    return {
      name: one.name === undefined ? `layer ${index + 1}` : String(one.name),
      people: members,
      start: wall(one.start, `${at}: start`),
      end: one.end === undefined ? undefined : wall(one.end, `${at}: end`),
      every: every(one.every, `${at}: every`),
      only: list(one.only, `${at}: only`).map((each) => restriction(each, `${at}: only`)),
    }
  })
  const overrides = list(top.overrides, 'overrides').map((raw, index): Override => {
    const at = `overrides, number ${index + 1}`
    const one = record(raw, at, ['person', 'from', 'to'])
    const span = { person: person(one.person, `${at}: person`), from: instant(one.from, `${at}: from`), to: instant(one.to, `${at}: to`) }
    return span.from < span.to ? span : fail(at, 'ends before it begins')
  })
  if (layers.length === 0 && overrides.length === 0) fail('the schedule', 'has neither layers nor overrides')
  return { timeZone: zone, layers, overrides, shifts: [] }
}
