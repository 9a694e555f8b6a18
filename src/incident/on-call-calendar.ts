/** On-call shifts out of an iCalendar file: its events, their repetitions and exceptions by ical.js. Pure: the text is handed in. */
import ICAL from 'ical.js'
import { UsageError } from '../errors.ts'
import type { OnCallPerson, Schedule, Shift } from './on-call.ts'
import { instantOf } from './on-call-zone.ts'

const day = 86_400_000
/** A repetition that has begun long ago is counted through; more than this is no rota. */
const mostRepetitions = 50_000

/**
 * Takes the text of a calendar, the file for messages, the zone of times that have none, and the time around which shifts are wanted
 * (45 days before to 400 after). The person is the attendee, else the summary. UsageError where it is no calendar.
 */
export function calendarOf(text: string, file: string, timeZone: string, now: number): Schedule {
  let calendars: ICAL.Component[]
  try {
    const parsed = ICAL.parse(text) as unknown[]
    // One calendar parses to ['vcalendar', ...], several to a list of those.
    calendars = (typeof parsed[0] === 'string' ? [parsed] : parsed).map((one) => new ICAL.Component(one as never))
  } catch (error) {
    throw new UsageError(`${file} is not an iCalendar file: ${error instanceof Error ? error.message : error}`, 'export the rota again', {
      cause: error,
    })
  }
  const events = calendars.flatMap((calendar) => calendar.getAllSubcomponents('vevent'))
  if (events.length === 0) throw new UsageError(`${file} has no event in it`, 'export a rota with at least one shift')
  const window = { from: now - 45 * day, to: now + 400 * day }
  const shifts = events
    .filter((event) => !event.hasProperty('recurrence-id') && !cancelled(event))
    .flatMap((event) => {
      try {
        return shiftsOf(event, events, file, timeZone, window)
      } catch (error) {
        if (error instanceof UsageError) throw error
        const summary = String(event.getFirstPropertyValue('summary') ?? 'without a name')
        throw new UsageError(
          `${file}: the event "${summary}" cannot be read: ${error instanceof Error ? error.message : error}`,
          'export the rota again',
          {
            cause: error,
          },
        )
      }
    })
  return { timeZone, layers: [], overrides: [], shifts }
}

const cancelled = (event: ICAL.Component): boolean => String(event.getFirstPropertyValue('status')).toUpperCase() === 'CANCELLED'

interface Window {
  from: number
  to: number
}

function shiftsOf(component: ICAL.Component, all: readonly ICAL.Component[], file: string, timeZone: string, window: Window): Shift[] {
  const uid = component.getFirstPropertyValue('uid')
  const exceptions = all.filter((one) => one.hasProperty('recurrence-id') && one.getFirstPropertyValue('uid') === uid)
  const start = component.getFirstPropertyValue('dtstart') as ICAL.Time | null
  if (!start) throw new UsageError(`${file} has an event without a beginning: ${String(component.getFirstPropertyValue('summary'))}`)
  const own = spanOf(component, timeZone)
  const moved = exceptions.filter((one) => !cancelled(one)).map((one): Shift => ({ person: personOf(one), ...spanOf(one, timeZone) }))
  const event = new ICAL.Event(component, { exceptions: [] })
  if (!event.isRecurring()) return [{ person: personOf(component), from: own.from, to: own.to }, ...moved].filter(inside(window))
  if (neverComes(component)) throw new UsageError(`${file} repeats "${personOf(component).name}" on days that there are not`)
  const replaced = new Set(exceptions.map((one) => wallOf(one.getFirstPropertyValue('recurrence-id') as ICAL.Time)))
  const person = personOf(component)
  const shifts: Shift[] = []
  const iterator = event.iterator()
  const zone = zoneOf(component, 'dtstart', timeZone)
  for (let count = 0; ; count++) {
    if (count > mostRepetitions) throw new UsageError(`${file} repeats "${person.name}" more than ${mostRepetitions} times`)
    const next = iterator.next() as ICAL.Time | null
    if (!next) break
    const wall = wallOf(next)
    // The end keeps its time of day when the clocks change in between, as calendars show it.
    const span = { from: zone.instant(next), to: zone.instantOfWall(wall + own.length, next) }
    if (span.from > window.to) break
    if (!replaced.has(wall)) shifts.push({ person, ...span })
  }
  return [...shifts, ...moved].filter(inside(window))
}

const inside =
  ({ from, to }: Window) =>
  (shift: Shift) =>
    shift.to > from && shift.from < to

/** Whether a rule asks for days that no month of it has, such as 30 February: nothing would ever come of it. */
function neverComes(component: ICAL.Component): boolean {
  return component.getAllProperties('rrule').some((property) => {
    const rule = property.getFirstValue() as ICAL.Recur
    const [months, days] = [rule.getComponent('BYMONTH'), rule.getComponent('BYMONTHDAY')].map((list) => list.map(Number)) as [
      number[],
      number[],
    ]
    // 2024 is a leap year.
    const last = (month: number) => new Date(Date.UTC(2024, month, 0)).getUTCDate()
    return months.length > 0 && days.length > 0 && !months.some((month) => days.some((one) => Math.abs(one) <= last(month)))
  })
}

const wallOf = (time: ICAL.Time): number => Date.UTC(time.year, time.month - 1, time.day, time.hour, time.minute, time.second)

/** Begin, end, and the length between them on the clock. */
function spanOf(component: ICAL.Component, timeZone: string): { from: number; to: number; length: number } {
  const start = component.getFirstPropertyValue('dtstart') as ICAL.Time
  const zone = zoneOf(component, 'dtstart', timeZone)
  const from = zone.instant(start)
  const end = component.getFirstPropertyValue('dtend') as ICAL.Time | null
  if (end) return { from, to: zoneOf(component, 'dtend', timeZone).instant(end), length: wallOf(end) - wallOf(start) }
  const duration = component.getFirstPropertyValue('duration') as ICAL.Duration | null
  const length = duration ? duration.toSeconds() * 1000 : start.isDate ? day : 0
  return { from, to: zone.instantOfWall(wallOf(start) + length, start), length }
}

/** How a property's times become instants: by UTC, the zone that it names, its own description of a zone, or the zone of the schedule. */
function zoneOf(component: ICAL.Component, property: string, timeZone: string) {
  const tzid = component.getFirstProperty(property)?.getFirstParameter('tzid')
  const known = tzid && isZone(tzid) ? tzid : undefined
  const instantOfWall = (wall: number, like: ICAL.Time): number => {
    if (like.zone === ICAL.Timezone.utcTimezone) return wall
    if (known || !tzid) return instantOf(wall, known ?? timeZone)
    // A zone of the file's own making, "Customized Time Zone": only its VTIMEZONE knows.
    const described = describedZone(component, tzid)
    if (!described) return instantOf(wall, timeZone)
    const at = new Date(wall)
    const time = ICAL.Time.fromData({
      year: at.getUTCFullYear(),
      month: at.getUTCMonth() + 1,
      day: at.getUTCDate(),
      hour: at.getUTCHours(),
      minute: at.getUTCMinutes(),
      second: at.getUTCSeconds(),
    })
    time.zone = described
    return time.toUnixTime() * 1000
  }
  return { instantOfWall, instant: (time: ICAL.Time) => instantOfWall(wallOf(time), time) }
}

function describedZone(component: ICAL.Component, tzid: string): ICAL.Timezone | undefined {
  const zone = component.parent?.getAllSubcomponents('vtimezone').find((one: ICAL.Component) => one.getFirstPropertyValue('tzid') === tzid)
  return zone && new ICAL.Timezone({ component: zone, tzid } as never)
}

function isZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch {
    return false
  }
}

function personOf(component: ICAL.Component): OnCallPerson {
  const attendee = component.getFirstProperty('attendee')
  const mail = String(attendee?.getFirstValue() ?? '').replace(/^mailto:/i, '')
  const summary = String(component.getFirstPropertyValue('summary') ?? '').replace(/^on[- ]?call\s*[-:]\s*/i, '')
  const named = attendee?.getFirstParameter('cn') || summary || mail || 'somebody'
  return { name: named, reach: mail.includes('@') ? mail : summary.includes('@') ? summary : undefined }
}
