/** When a budget will be spent, or will be back, if the last hour goes on. All times are seconds from now. */
import { type Counts, remaining } from './counts.ts'

export interface Forecast {
  /** remaining x W / burn: as if nothing old ever left the window. 0 when already spent, null when it never will be, or without traffic. */
  naive: number | null
  /** With old hours leaving the window as new ones enter. */
  rollOff: RollOff
}

export interface RollOff {
  /** Until the budget is spent; 0 when it is, null when it will not be within one window. */
  exhausted: number | null
  /** Until a spent budget is positive again; null when it is not spent, or does not recover within one window. */
  recovered: number | null
}

/** Now: the counts of the whole window, its hours (oldest first; those that were not counted as zeros), and what the last hour was like. */
export interface Course {
  share: number
  window: Counts
  hours: readonly Counts[]
  /** Burn rate of the last hour; null without traffic. */
  burn: number | null
  /** Events in an hour from now on. */
  perHour: number
}

/** remaining x W / burn. 14.4 times empties a full 30-day budget in 50 hours. */
export function naiveExhaustion(counts: Counts, share: number, windowSeconds: number, burn: number | null): number | null {
  const { fraction } = remaining(counts, share)
  if (fraction === null || burn === null) return null
  if (fraction <= 0) return 0
  return burn > 0 ? (fraction * windowSeconds) / burn : null
}

/**
 * The smallest h with E + b B lambda h - E_leaving(h) >= B (N + lambda h - N_leaving(h)). Each hour is taken to be even
 * inside, so the crossing lies on a straight line between two hours.
 */
export function rollOff({ share, window, hours, burn, perHour }: Course): RollOff {
  if (window.total <= 0) return { exhausted: null, recovered: null }
  // What is overspent: bad - B total. Positive or zero is spent.
  let over = window.bad - share * window.total
  const entering = burn === null ? 0 : perHour * share * (burn - 1)
  const spent = over >= 0
  for (let hour = 0; hour < hours.length; hour++) {
    const leaving = hours[hour]!
    const next = over + entering - (leaving.bad - share * leaving.total)
    if (spent ? next < 0 : next >= 0) {
      const seconds = 3600 * (hour + (over === next ? 1 : over / (over - next)))
      return spent ? { exhausted: 0, recovered: seconds } : { exhausted: seconds, recovered: null }
    }
    over = next
  }
  return { exhausted: spent ? 0 : null, recovered: null }
}

export function forecast(course: Course, windowSeconds: number): Forecast {
  return { naive: naiveExhaustion(course.window, course.share, windowSeconds, course.burn), rollOff: rollOff(course) }
}
