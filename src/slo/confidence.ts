/** How sure a share of bad events is, given how few events there were. */
import type { Counts } from './counts.ts'

/** Of a standard normal distribution, for 95% on both sides. */
const z95 = 1.959963984540054

export interface Interval {
  low: number
  high: number
}

/** Wilson's interval (1927) for E/N at 95%; null without traffic. Unlike the plain one it stays within 0..1 and holds for few events. */
export function wilson({ bad, total }: Counts, z = z95): Interval | null {
  if (!(total > 0)) return null
  const p = Math.min(1, bad / total)
  const centre = p + (z * z) / (2 * total)
  const spread = z * Math.sqrt((p * (1 - p)) / total + (z * z) / (4 * total * total))
  const scale = 1 + (z * z) / total
  return { low: p === 0 ? 0 : Math.max(0, (centre - spread) / scale), high: p === 1 ? 1 : Math.min(1, (centre + spread) / scale) }
}

export type Standing = 'met' | 'breached' | 'undetermined' | 'no-traffic'

/** Whether the objective holds: the whole interval is on one side of the budget's share, or it cannot be said. */
export function standing(counts: Counts, share: number): Standing {
  const interval = wilson(counts)
  if (interval === null) return 'no-traffic'
  if (interval.high <= share) return 'met'
  return interval.low > share ? 'breached' : 'undetermined'
}

/** Events in a window below which a single bad one is over `factor` times the sustainable rate: 69 for 14.4 at 99.9%. */
export function loneErrorFloor(share: number, factor: number): number {
  return Math.floor(1 / (factor * share) + 1e-9)
}

/** Two-proportion z-test: the chance of a difference at least this large, one way, if nothing had changed. null where it cannot be asked. */
export function worsening(before: Counts, after: Counts): number | null {
  if (!(before.total > 0 && after.total > 0)) return null
  const pooled = (before.bad + after.bad) / (before.total + after.total)
  const error = Math.sqrt(pooled * (1 - pooled) * (1 / before.total + 1 / after.total))
  if (!(error > 0)) return 1
  return upperTail((after.bad / after.total - before.bad / before.total) / error)
}

/** P(Z > z) of a standard normal, from Abramowitz and Stegun 7.1.26 (absolute error below 1.5e-7). */
function upperTail(z: number): number {
  const x = Math.abs(z) / Math.SQRT2
  const t = 1 / (1 + 0.3275911 * x)
  const tail = (((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t * Math.exp(-x * x)) / 2
  return z >= 0 ? tail : 1 - tail
}
