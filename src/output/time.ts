/** Times for people. Every "now" is handed in, so that a saved look reads the same for ever. */
import { span } from '../duration.ts'

export { span }

/** `03:12:40 UTC` on the day of `now`, else with its date. Both are RFC 3339; text that is no time comes back as it is. */
export function moment(at: string, now: string): string {
  const time = Date.parse(at)
  if (Number.isNaN(time)) return at
  const iso = new Date(time).toISOString()
  const clock = `${iso.slice(11, 19)} UTC`
  const today = Date.parse(now)
  return !Number.isNaN(today) && new Date(today).toISOString().slice(0, 10) === iso.slice(0, 10) ? clock : `${iso.slice(0, 10)} ${clock}`
}

/** `03:12:40 UTC, 14 min ago`, counted from `now`. */
export function since(at: string, now: string): string {
  const age = (Date.parse(now) - Date.parse(at)) / 1000
  return Number.isNaN(age) || age < 0 ? moment(at, now) : `${moment(at, now)}, ${span(age)} ago`
}
