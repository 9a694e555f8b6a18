/** Spans of time as people write them. */

const unit: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 }

/** Seconds of `200ms`, `10s`, `5m`, `1h30m`, `30d` or a bare number of seconds; undefined when it is not a span of time. */
export function parseDuration(text: string): number | undefined {
  const trimmed = text.trim()
  if (/^\d+(\.\d+)?$/.test(trimmed)) return Number(trimmed)
  if (!/^(\d+(\.\d+)?(ms|s|m|h|d|w))+$/.test(trimmed)) return undefined
  let milliseconds = 0
  for (const [, number, name] of trimmed.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d|w)/g)) milliseconds += Number(number) * 1000 * unit[name!]!
  return Math.round(milliseconds) / 1000
}

/** A signal that aborts so many seconds from now, fractions of them too, with a TimeoutError as its reason. */
export const deadlineIn = (seconds: number): AbortSignal => AbortSignal.timeout(Math.max(0, Math.round(seconds * 1000)))

/** The shortest way to write seconds that `parseDuration` reads back: `200ms`, `90s`, `5m`, `1h30m`. */
export function durationText(seconds: number): string {
  if (seconds === 0) return '0s'
  if (seconds < 1 || !Number.isInteger(seconds)) return `${Math.round(seconds * 1000)}ms`
  let rest = seconds
  let text = ''
  for (const [name, size] of [
    ['d', 86_400],
    ['h', 3600],
    ['m', 60],
    ['s', 1],
  ] as const) {
    const count = Math.floor(rest / size)
    if (count > 0) text += `${count}${name}`
    rest -= count * size
  }
  return text
}

/** A span in seconds for a person, as one or two units: `14 s`, `3 min`, `2 h 5 min`, `4 d 3 h`. */
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
