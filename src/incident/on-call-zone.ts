/** Wall clock and instant in a time zone, by the runtime's own zone data. Pure; instants are epoch milliseconds. */

/** What a clock on the wall shows. `month` is 1 to 12. */
export interface WallTime {
  year: number
  month: number
  day: number
  hour: number
  minute: number
  second: number
}

const formats = new Map<string, Intl.DateTimeFormat>()

/** What the clock shows in a zone at an instant. */
export function wallTime(at: number, timeZone: string): WallTime {
  let format = formats.get(timeZone)
  if (!format) {
    const numeric = { year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit' } as const
    format = new Intl.DateTimeFormat('en-US', { timeZone, ...numeric, hourCycle: 'h23', calendar: 'gregory', era: 'short' })
    formats.set(timeZone, format)
  }
  const parts = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]))
  const of = (name: string) => Number(parts[name])
  return { year: of('year'), month: of('month'), day: of('day'), hour: of('hour'), minute: of('minute'), second: of('second') }
}

/** The wall time as if it were UTC, for arithmetic on days. */
export const asUtc = (wall: WallTime): number => Date.UTC(wall.year, wall.month - 1, wall.day, wall.hour, wall.minute, wall.second)

/** Milliseconds that the zone is ahead of UTC at an instant. */
const offset = (at: number, timeZone: string): number => asUtc(wallTime(at, timeZone)) - Math.floor(at / 1000) * 1000

/**
 * The instant at which the clock shows a wall time (given as if it were UTC). An hour that comes twice means the first; one that is
 * skipped means the same span after the change (02:30 becomes 03:30), as RFC 5545 has it.
 */
export function instantOf(wall: number, timeZone: string): number {
  const day = 86_400_000
  const [before, after] = [offset(wall - day, timeZone), offset(wall + day, timeZone)]
  const fitting = [wall - before, wall - after].filter((at) => at + offset(at, timeZone) === wall)
  return fitting.length > 0 ? Math.min(...fitting) : wall - before
}
