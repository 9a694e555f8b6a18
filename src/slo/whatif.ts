/** What a bad release would cost, before it is made. */
import { type Counts, remaining } from './counts.ts'
import { type Policy, policyFor } from './policy.ts'

export interface WhatIf {
  /** Bad events it would add. */
  bad: number
  /** Share of the window's whole budget. */
  cost: number | null
  remaining: number | null
  policy: Policy
  /** Minutes at this share of failures that would spend what is left; null when nothing is left to spend or nothing would fail. */
  minutesToEmpty: number | null
}

/** So many minutes in which `badShare` of all events fail, at `perMinute` events, on top of what the window has. */
export function whatIf(window: Counts, share: number, release: { badShare: number; minutes: number; perMinute: number }): WhatIf {
  const bad = release.badShare * release.minutes * release.perMinute
  const budget = share * window.total
  const after = remaining({ bad: window.bad + bad, total: window.total }, share)
  const left = remaining(window, share).events
  const perMinute = release.badShare * release.perMinute
  return {
    bad,
    cost: budget > 0 ? bad / budget : null,
    remaining: after.fraction,
    policy: policyFor(after.fraction),
    minutesToEmpty: left > 0 && perMinute > 0 ? left / perMinute : null,
  }
}
