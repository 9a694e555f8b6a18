/** What an incident or a deploy took out of a budget, as a share of the whole budget of the window (0.3 is 30%). */
import { worsening } from './confidence.ts'
import { badRatio, burnRate, type Counts, plus } from './counts.ts'

export interface Cost {
  bad: number
  /** bad / (B N_W). null when the window has no traffic, and so no budget. */
  share: number | null
  /** The same without what would have gone wrong anyway, at the rate outside of it. May be negative. */
  net: number | null
}

/** An incident in a window: what went wrong during it, and beyond the background of the rest of the window. */
export function incidentCost(during: Counts, window: Counts, share: number): Cost {
  const budget = share * window.total
  if (!(budget > 0)) return { bad: during.bad, share: null, net: null }
  const rest = { bad: Math.max(0, window.bad - during.bad), total: Math.max(0, window.total - during.total) }
  const background = badRatio(rest) ?? 0
  return { bad: during.bad, share: during.bad / budget, net: (during.bad - background * during.total) / budget }
}

export interface DeployCost {
  before: number | null
  after: number | null
  /** Bad events beyond the share before the deploy, against the window's budget; negative when it got better. */
  share: number | null
  /** Chance of so much worsening if the deploy had changed nothing. */
  p: number | null
  judgement: 'worse' | 'no-difference' | 'cannot-tell'
}

/** A deploy: the hour after against the hour before. */
export function deployCost(before: Counts, after: Counts, window: Counts, share: number): DeployCost {
  const was = badRatio(before)
  const is = badRatio(after)
  const p = worsening(before, after)
  const budget = share * window.total
  return {
    before: was,
    after: is,
    share: was === null || is === null || !(budget > 0) ? null : (after.bad - was * after.total) / budget,
    p,
    judgement: p === null ? 'cannot-tell' : p < 0.01 ? 'worse' : 'no-difference',
  }
}

/** A run of hours in which the budget was spent faster than sustainable. `start` is unix seconds; `hours` how many. */
export interface Spell extends Cost {
  start: number
  hours: number
  /** Highest burn rate of any hour in it. */
  peak: number
}

/** Runs of hours burning above `above`, the dearest first. `hours` are [end of the hour in unix seconds, counts], oldest first. */
export function spells(hours: readonly (readonly [number, Counts])[], window: Counts, share: number, above: number): Spell[] {
  const found: { start: number; hours: number; peak: number; counts: Counts; end: number }[] = []
  for (const [end, counts] of hours) {
    const burn = burnRate(counts, share)
    if (burn === null || burn <= above) continue
    const last = found.at(-1)
    if (last && Math.abs(end - 3600 - last.end) < 1) {
      last.end = end
      last.hours += 1
      last.peak = Math.max(last.peak, burn)
      last.counts = plus(last.counts, counts)
    } else found.push({ start: end - 3600, end, hours: 1, peak: burn, counts })
  }
  return found
    .map(({ start, hours: length, peak, counts }) => ({ start, hours: length, peak, ...incidentCost(counts, window, share) }))
    .sort((a, b) => b.bad - a.bad)
}
