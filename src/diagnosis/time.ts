import { millis } from '../facts/lookup.ts'

export { millis }

/** Milliseconds to RFC 3339 in whole seconds, the form in which the API writes times. */
export const rfc3339 = (ms: number): string => new Date(ms).toISOString().replace(/\.\d{3}Z$/, 'Z')

/** The earliest, or latest, of some RFC 3339 times; undefined where none is known. */
export const earliest = (...times: (string | undefined)[]): string | undefined =>
  times.filter((t) => millis(t) !== undefined).sort((a, b) => millis(a)! - millis(b)!)[0]
export const latest = (...times: (string | undefined)[]): string | undefined =>
  times.filter((t) => millis(t) !== undefined).sort((a, b) => millis(b)! - millis(a)!)[0]
