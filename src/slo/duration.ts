/** Durations as Prometheus writes them: `5m`, `1h30m`, `30d`. All numbers are seconds. */
import { UsageError } from '../errors.ts'

const unitSeconds: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800, y: 31_536_000 }

/** Takes `30d`, `1h30m`, `90s`; gives seconds. Throws a UsageError for anything else, and for zero. */
export function seconds(text: string): number {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)([smhdwy])/g)]
  const total = parts.reduce((sum, [, count, unit]) => sum + Number(count) * unitSeconds[unit!]!, 0)
  if (parts.map(([part]) => part).join('') !== text || !(total > 0) || !Number.isFinite(total))
    throw new UsageError(`"${text}" is not a duration`, 'Write a number and a unit, such as 90s, 5m, 1h30m or 30d.')
  return total
}

/** Takes whole seconds; gives the shortest PromQL duration of one unit: 3600 -> `1h`, 5400 -> `90m`. */
export function promDuration(total: number): string {
  const whole = Math.max(1, Math.round(total))
  for (const unit of ['d', 'h', 'm']) if (whole % unitSeconds[unit]! === 0) return `${whole / unitSeconds[unit]!}${unit}`
  return `${whole}s`
}

/** Takes seconds; gives what a person reads, with at most two units: `2 d 3 h`, `14 min`, `40 s`. */
export function spoken(total: number): string {
  const whole = Math.round(Math.abs(total))
  if (whole < 60) return `${whole} s`
  const minutes = Math.round(whole / 60)
  if (minutes < 60) return `${minutes} min`
  if (minutes < 1440) return pair(Math.floor(minutes / 60), 'h', minutes % 60, 'min')
  const hours = Math.round(whole / 3600)
  return hours >= 240 ? `${Math.round(whole / 86_400)} d` : pair(Math.floor(hours / 24), 'd', hours % 24, 'h')
}

function pair(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`
}
