/** Times as people say them on the command line. */
import { parseDuration } from '../duration.ts'
import { UsageError } from '../errors.ts'

/** RFC 3339 as it is, `14m` as that long ago (`now` in epoch milliseconds); always with a zone, so that no laptop's zone can shift it. Gives RFC 3339 in UTC. */
export function timeSaid(text: string, flag: string, now: number): string {
  const ago = /^\d/.test(text) && !/^\d{4}-/.test(text) && /[a-z]$/.test(text) ? parseDuration(text.replace(/ ago$/, '')) : undefined
  if (ago !== undefined) return new Date(now - ago * 1000).toISOString()
  const at = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isNaN(at))
    throw new UsageError(
      `${flag} takes a time, not "${text}"`,
      `for example ${flag} 2026-11-23T03:12:00Z, ${flag} 2026-11-23T04:12:00+01:00, or ${flag} 14m for 14 minutes ago`,
    )
  return new Date(at).toISOString()
}

/** When something is due: a day, a time with its zone, or `7d` from now. Gives a day or RFC 3339 in UTC. */
export function dueSaid(text: string, flag: string, now: number): string {
  if (/^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(text))) return text
  const seconds = /[a-z]$/.test(text) ? parseDuration(text) : undefined
  if (seconds !== undefined) return new Date(now + seconds * 1000).toISOString().slice(0, seconds % 86_400 === 0 ? 10 : undefined)
  return timeSaid(text, flag, now)
}
