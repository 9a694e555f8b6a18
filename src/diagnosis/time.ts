import { millis } from '../facts/lookup.ts'

export { millis }

/** Milliseconds to RFC 3339 in whole seconds, the form in which the API writes times. */
export const rfc3339 = (ms: number): string => new Date(ms).toISOString().replace(/\.\d{3}Z$/, 'Z')

/** A length of time for a person: "45 s", "12 min", "3 h", "2 d". Takes milliseconds. */
export function span(ms: number): string {
  const s = Math.max(0, Math.round(ms / 1000))
  if (s < 120) return `${s} s`
  if (s < 7200) return `${Math.round(s / 60)} min`
  return s < 172_800 ? `${Math.round(s / 3600)} h` : `${Math.round(s / 86_400)} d`
}

/** The earliest, or latest, of some RFC 3339 times; undefined where none is known. */
export const earliest = (...times: (string | undefined)[]): string | undefined =>
  times.filter((t) => millis(t) !== undefined).sort((a, b) => millis(a)! - millis(b)!)[0]
export const latest = (...times: (string | undefined)[]): string | undefined =>
  times.filter((t) => millis(t) !== undefined).sort((a, b) => millis(b)! - millis(a)!)[0]
