/** Who is on call when: layers of people who take turns, later layers over earlier ones, overrides over all. Pure; times are epoch milliseconds. */
import { asUtc, instantOf, wallTime } from './on-call-zone.ts'

export interface OnCallPerson {
  name: string
  /** An address or the words for one. */
  reach: string | undefined
}

/** Hours of the day, or of some days, in which a layer counts. Minutes from midnight; `to` at or before `from` is the next day. */
export interface Restriction {
  /** 0 is Sunday; undefined is every day. The day on which the span begins. */
  days: readonly number[] | undefined
  from: number
  to: number
}

/** People who take turns. The turn changes at the time of day at which the layer starts. */
export interface Layer {
  name: string
  people: readonly OnCallPerson[]
  /** The first hand-over, as a wall time in the zone of the schedule. */
  start: number
  end: number | undefined
  /** Days turn with the calendar, so that 09:00 stays 09:00 when the clocks change; hours turn by the hour. */
  every: { days: number } | { hours: number }
  /** Empty is always. */
  only: readonly Restriction[]
}

export interface Override {
  person: OnCallPerson
  from: number
  to: number
}

/** Somebody's own span, from a calendar. */
export type Shift = Override

export interface Schedule {
  timeZone: string
  layers: readonly Layer[]
  overrides: readonly Override[]
  /** Spans of a calendar; the one that began last is on call. */
  shifts: readonly Shift[]
}

export interface Turn {
  person: OnCallPerson
  /** The layer, `override` or `calendar`. */
  by: string
}

const day = 86_400_000

/** Who is on call at an instant; undefined is a gap in the schedule. */
export function onCall(schedule: Schedule, at: number): Turn | undefined {
  const override = latestOf(schedule.overrides, at)
  if (override) return { person: override.person, by: 'override' }
  for (const layer of schedule.layers.toReversed()) {
    const person = personOf(layer, at, schedule.timeZone)
    if (person) return { person, by: layer.name }
  }
  const shift = latestOf(schedule.shifts, at)
  return shift && { person: shift.person, by: 'calendar' }
}

const latestOf = (spans: readonly Override[], at: number): Override | undefined =>
  spans.filter((span) => span.from <= at && at < span.to).sort((a, b) => b.from - a.from)[0]

function personOf(layer: Layer, at: number, timeZone: string): OnCallPerson | undefined {
  if (at < instantOf(layer.start, timeZone) || (layer.end !== undefined && at >= instantOf(layer.end, timeZone))) return undefined
  if (layer.only.length > 0 && !layer.only.some((only) => within(only, at, timeZone))) return undefined
  return layer.people[turnAt(layer, at, timeZone) % layer.people.length]
}

/** How many times the turn has changed since the start. */
function turnAt(layer: Layer, at: number, timeZone: string): number {
  if ('hours' in layer.every) return Math.floor((at - instantOf(layer.start, timeZone)) / (layer.every.hours * 3_600_000))
  const length = layer.every.days * day
  // The calendar says about where; the exact hand-over is an instant, as it may fall into an hour that is skipped or comes twice.
  const about = Math.floor((asUtc(wallTime(at, timeZone)) - layer.start) / length)
  for (const turn of [about + 1, about]) if (at >= instantOf(layer.start + turn * length, timeZone)) return turn
  return about - 1
}

function within({ days, from, to }: Restriction, at: number, timeZone: string): boolean {
  const midnight = Math.floor(asUtc(wallTime(at, timeZone)) / day) * day
  return [midnight - day, midnight].some((start) => {
    if (days && !days.includes(new Date(start).getUTCDay())) return false
    const ends = start + to * 60_000 + (to <= from ? day : 0)
    return at >= instantOf(start + from * 60_000, timeZone) && at < instantOf(ends, timeZone)
  })
}

/** The next instant at which somebody else is on call, to the minute; undefined where that is more than `horizon` away. */
export function nextChange(schedule: Schedule, at: number, horizon = 35 * day): number | undefined {
  const who = (time: number) => JSON.stringify(onCall(schedule, time))
  const now = who(at)
  // Turns change on boundaries of days, hours, spans and overrides: look at each, not at each minute.
  for (const candidate of boundaries(schedule, at, at + horizon)) if (who(candidate) !== now) return candidate
  return undefined
}

function boundaries(schedule: Schedule, from: number, to: number): number[] {
  const { timeZone } = schedule
  const found = new Set<number>()
  const add = (at: number | undefined) => at !== undefined && at > from && at <= to && found.add(at)
  for (const span of [...schedule.overrides, ...schedule.shifts]) for (const end of [span.from, span.to]) add(end)
  const first = Math.floor(asUtc(wallTime(from, timeZone)) / day) * day - day
  for (const layer of schedule.layers) {
    add(instantOf(layer.start, timeZone))
    if (layer.end !== undefined) add(instantOf(layer.end, timeZone))
    const handOver = ((layer.start % day) + day) % day
    for (let midnight = first; midnight <= to + day; midnight += day) {
      if ('days' in layer.every) add(instantOf(midnight + handOver, timeZone))
      for (const only of layer.only) for (const minutes of [only.from, only.to]) add(instantOf(midnight + minutes * 60_000, timeZone))
    }
    if ('hours' in layer.every) {
      const length = layer.every.hours * 3_600_000
      const start = instantOf(layer.start, timeZone)
      for (let turn = Math.max(0, Math.floor((from - start) / length)); start + turn * length <= to; turn++) add(start + turn * length)
    }
  }
  return [...found].sort((a, b) => a - b)
}
