/** Bad and total: the only two numbers that the arithmetic of a budget needs. Both are 0 or more; `bad` may exceed `total` only by mistake. */
export interface Counts {
  bad: number
  total: number
}

/** The share that was bad, E/N, or null without traffic: 0/0 is neither all good nor all bad. */
export function badRatio({ bad, total }: Counts): number | null {
  return total > 0 ? bad / total : null
}

/** 1 - E/N, or null without traffic. */
export function indicator(counts: Counts): number | null {
  const ratio = badRatio(counts)
  return ratio === null ? null : 1 - ratio
}

/** How many times faster than sustainable the budget is being spent: (E/N)/B, or null without traffic. At most 1/B. */
export function burnRate(counts: Counts, share: number): number | null {
  const ratio = badRatio(counts)
  return ratio === null ? null : ratio / share
}

/** What is left of the budget of a window. Never clamped: -0.5 says that one and a half budgets were spent. */
export interface Remaining {
  /** 1 - E/(B N), or null without traffic. */
  fraction: number | null
  /** B N - E: bad events (or minutes) that may still happen; negative when overspent. */
  events: number
}

export function remaining(counts: Counts, share: number): Remaining {
  const ratio = badRatio(counts)
  return { fraction: ratio === null ? null : 1 - ratio / share, events: share * counts.total - counts.bad }
}

export function plus(a: Counts, b: Counts): Counts {
  return { bad: a.bad + b.bad, total: a.total + b.total }
}
