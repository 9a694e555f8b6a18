/** Alerts on how fast the budget is being spent: four pairs of windows, each with a factor. After chapter 5 of the SRE workbook. */
import { UsageError } from '../errors.ts'
import type { AlertDefinition } from './alert.ts'
import { budgetShare, type Objective } from './objectives.ts'

/** A pair fires when the burn rate is above `factor` in both windows: the long one says it matters, the short one that it is still so. */
export interface BurnPair {
  suffix: string
  factor: number
  long: string
  short: string
  for: string
  severity: 'critical' | 'ticket'
}

export const burnPairs: readonly BurnPair[] = [
  { suffix: 'FastBurn', factor: 14.4, long: '1h', short: '5m', for: '2m', severity: 'critical' },
  { suffix: 'MediumBurn', factor: 6, long: '6h', short: '30m', for: '5m', severity: 'critical' },
  { suffix: 'SlowBurn', factor: 3, long: '1d', short: '2h', for: '15m', severity: 'ticket' },
  { suffix: 'TrickleBurn', factor: 1, long: '3d', short: '6h', for: '1h', severity: 'ticket' },
]

/** Windows in which events are counted from the service's own series at every evaluation; the others are sums of recorded minutes. */
export const directWindows = ['5m', '30m', '1h'] as const

/** The labels of an objective's recorded series, as PromQL matchers. */
export function recordedMatchers(objective: Objective): string {
  return `service="${objective.service}",slo="${objective.name}"`
}

/** PromQL for the recorded bad or total count of an objective in `window`. */
export function recordedCount(objective: Objective, which: 'bad' | 'total', window: string): string {
  const matchers = recordedMatchers(objective)
  return objective.kind === 'events' && (directWindows as readonly string[]).includes(window)
    ? `slo:${which}_events:count${window}{${matchers}}`
    : `sum_over_time(slo:${which}_events:count1m{${matchers}}[${window}])`
}

/**
 * The share of bad events at which `factor` is reached. The highest burn rate there is, everything failing, is 1/B;
 * a factor at or above it can never be exceeded, so it throws a UsageError that says so.
 */
export function burnThreshold(objective: Objective, factor: number): number {
  const share = budgetShare(objective.target)
  if (factor * share >= 1)
    throw new UsageError(
      `a burn alert at factor ${factor} on SLO "${objective.name}" can never fire: with everything failing the burn rate is ${Number((1 / share).toPrecision(4))}`,
      `Choose a factor below ${Number((1 / share).toPrecision(4))}, or raise the target above ${Number((1 - 1 / factor).toPrecision(4))}.`,
    )
  return Number((factor * share).toPrecision(10))
}

/** The four burn alerts of one objective. */
export function burnAlerts(objective: Objective): AlertDefinition[] {
  return burnPairs.map((pair) => {
    const threshold = burnThreshold(objective, pair.factor)
    const above = (window: string) =>
      `${recordedCount(objective, 'bad', window)} / (${recordedCount(objective, 'total', window)} > 0) > ${threshold}`
    return {
      name: `${objective.alert}${pair.suffix}`,
      expr: `(${above(pair.long)})\nand\n(${above(pair.short)})`,
      for: pair.for,
      severity: pair.severity,
      labels: { burn_window: pair.long },
      summary: `${objective.title}: the error budget is being spent at more than ${pair.factor} times the sustainable rate`,
      description: `{{ $value | humanizePercentage }} bad over ${pair.long}, and more than ${percent(threshold)} over ${pair.short} too. At this factor a 30-day budget lasts ${lasts(pair.factor)}.`,
      runbook: objective.runbook,
    }
  })
}

function percent(share: number): string {
  return `${Number((share * 100).toPrecision(6))}%`
}

function lasts(factor: number): string {
  const hours = 720 / factor
  return hours < 72 ? `${Number(hours.toPrecision(3))} hours` : `${Number((hours / 24).toPrecision(3))} days`
}
