/** The time a budget is kept over: the last so many days, or a calendar month, week or quarter somewhere in the world. */
import { parseDuration } from '../duration.ts'
import { UsageError } from '../errors.ts'

export const calendarPeriods = ['week', 'month', 'quarter'] as const
export type CalendarPeriod = (typeof calendarPeriods)[number]

/** Unix seconds. A calendar window ends in the future; `end` of a rolling one is now. */
export interface BudgetWindow {
  kind: 'rolling' | CalendarPeriod
  timeZone: string | undefined
  start: number
  end: number
  /** Seconds of it that have passed. */
  elapsed: number
}

/**
 * Takes `30d` or `month`, a time (unix seconds) and a time zone (for calendar windows). Throws a UsageError for what is no
 * window, for one shorter than an hour or longer than a year, and for a time zone nobody knows.
 */
export function budgetWindow(text: string, at: number, timeZone = 'UTC'): BudgetWindow {
  if ((calendarPeriods as readonly string[]).includes(text)) {
    const { start, end } = calendar(text as CalendarPeriod, at, timeZone)
    return { kind: text as CalendarPeriod, timeZone, start, end, elapsed: at - start }
  }
  const seconds = parseDuration(text)
  if (seconds === undefined || /^[\d.]+$/.test(text))
    throw new UsageError(`"${text}" is not a window`, 'give a duration such as 7d or 30d, or one of week, month, quarter')
  if (seconds < 3600 || seconds > 366 * 86_400)
    throw new UsageError(`a window of ${text} cannot be used`, 'a budget is kept over an hour at least and a year at most')
  return { kind: 'rolling', timeZone: undefined, start: at - seconds, end: at, elapsed: seconds }
}

function calendar(period: CalendarPeriod, at: number, timeZone: string): { start: number; end: number } {
  const { year, month, day } = localDate(at, timeZone)
  const midnight = (y: number, m: number, d: number) => localMidnight(y, m, d, timeZone)
  if (period === 'month') return { start: midnight(year, month, 1), end: midnight(year, month + 1, 1) }
  if (period === 'quarter') {
    const first = month - ((month - 1) % 3)
    return { start: midnight(year, first, 1), end: midnight(year, first + 3, 1) }
  }
  const sinceMonday = (new Date(Date.UTC(year, month - 1, day)).getUTCDay() + 6) % 7
  return { start: midnight(year, month, day - sinceMonday), end: midnight(year, month, day - sinceMonday + 7) }
}

function localDate(at: number, timeZone: string): { year: number; month: number; day: number } {
  const part = fields(at, timeZone)
  return { year: part.year, month: part.month, day: part.day }
}

/** Unix seconds of the first moment of a day there. Months and days outside their range carry over, as in Date.UTC. */
function localMidnight(year: number, month: number, day: number, timeZone: string): number {
  const wanted = Date.UTC(year, month - 1, day) / 1000
  // Twice, because the offset may change between the guess and midnight itself.
  let guess = wanted - offset(wanted, timeZone)
  guess = wanted - offset(guess, timeZone)
  return guess
}

/** Seconds that clocks there are ahead of UTC at a time. */
function offset(at: number, timeZone: string): number {
  const { year, month, day, hour, minute, second } = fields(at, timeZone)
  return Date.UTC(year, month - 1, day, hour, minute, second) / 1000 - Math.floor(at)
}

function fields(at: number, timeZone: string) {
  let format: Intl.DateTimeFormat
  try {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    })
  } catch {
    throw new UsageError(`no time zone is called "${timeZone}"`, 'use a name such as Europe/Vienna, America/New_York or UTC')
  }
  const parts = new Map(format.formatToParts(new Date(at * 1000)).map(({ type, value }) => [type, Number(value)]))
  const of = (type: Intl.DateTimeFormatPartTypes) => parts.get(type)!
  return { year: of('year'), month: of('month'), day: of('day'), hour: of('hour'), minute: of('minute'), second: of('second') }
}
