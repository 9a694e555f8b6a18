/** Times for people. Every "now" is handed in, so that a saved look reads the same for ever. */

/** A span in seconds as one or two units: `14 s`, `3 min`, `2 h 5 min`, `4 d 3 h`. */
export function span(seconds: number): string {
  if (!Number.isFinite(seconds)) return 'an unknown time'
  const s = Math.max(0, Math.round(seconds))
  if (s < 90) return `${s} s`
  const minutes = Math.round(s / 60)
  if (minutes < 90) return `${minutes} min`
  const hours = Math.floor(minutes / 60)
  if (hours < 48) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`
  const days = Math.floor(hours / 24)
  return hours % 24 === 0 ? `${days} d` : `${days} d ${hours % 24} h`
}

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
