/** Whether to ship, from what is left of the budget. */

/** From the freest to the strictest; `unknown` when nothing can be said. */
export const policies = ['normal', 'careful', 'only-fixes', 'freeze'] as const
export type Policy = (typeof policies)[number] | 'unknown'

/** More than half left: normal. A fifth to a half: careful. Less: only fixes. Nothing left: freeze. */
export function policyFor(remainingFraction: number | null): Policy {
  if (remainingFraction === null || Number.isNaN(remainingFraction)) return 'unknown'
  if (remainingFraction > 0.5) return 'normal'
  if (remainingFraction >= 0.2) return 'careful'
  return remainingFraction > 0 ? 'only-fixes' : 'freeze'
}

/** The strictest of several; `unknown` only when none is known. */
export function strictest(all: readonly Policy[]): Policy {
  const known = all.filter((policy) => policy !== 'unknown')
  return known.length === 0 ? 'unknown' : policies[Math.max(...known.map((policy) => policies.indexOf(policy)))]!
}

export const policyMeaning: Readonly<Record<Policy, string>> = {
  normal: 'ship as usual',
  careful: 'ship small changes, watched, with the way back ready',
  'only-fixes': 'ship only what makes the service more reliable',
  freeze: 'ship nothing but the repair',
  unknown: 'the budget is not known',
}
