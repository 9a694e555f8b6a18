/** Times of an incident in somebody's time zone. They are kept in UTC; the zone is for the eye alone. */

const formats = new Map<string, Intl.DateTimeFormat>()

function parts(at: string, timeZone: string): Record<string, string> {
  let format = formats.get(timeZone)
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-GB', {
      timeZone,
      weekday: 'long',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
      hourCycle: 'h23',
      timeZoneName: 'shortOffset',
    })
    formats.set(timeZone, format)
  }
  return Object.fromEntries(format.formatToParts(Date.parse(at)).map(({ type, value }) => [type, value]))
}

/** `02:30:12 GMT+2`, or `00:30:12 UTC`: with the offset, so that the hour that comes twice in autumn is told apart. */
export function clockTime(at: string, timeZone: string): string {
  const { hour, minute, second, timeZoneName } = parts(at, timeZone)
  return `${hour}:${minute}:${second} ${timeZoneName!.replace(/^GMT(\+0)?$/, 'UTC')}`
}

/** `Sunday 2026-10-25` there. */
export function dayOf(at: string, timeZone: string): string {
  const { weekday, year, month, day } = parts(at, timeZone)
  return `${weekday} ${year}-${month}-${day}`
}

/** `2026-10-25 02:30:12 GMT+2`. */
export function stamp(at: string, timeZone: string): string {
  return `${dayOf(at, timeZone).split(' ')[1]} ${clockTime(at, timeZone)}`
}
