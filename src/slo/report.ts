/** The answer of `task-mcp slo-budget`, judged from counts. Its JSON Schema is schemas/slo-budget.schema.json; change both together. */
import { burnPairs } from './burn-alerts.ts'
import { type Interval, loneErrorFloor, type Standing, standing, wilson } from './confidence.ts'
import { burnRate, type Counts, indicator, remaining } from './counts.ts'
import { type Coverage, coverage } from './coverage.ts'
import { doubts } from './doubts.ts'
import { naiveExhaustion, type RollOff, rollOff } from './forecast.ts'
import { budgetShare, type Objective } from './objectives.ts'
import { type Policy, policyFor, strictest } from './policy.ts'
import { principalsIn, type WhoIs } from './principals.ts'
import type { ObjectiveCounts, SloFacts } from './seen.ts'
import { type Spent, spentOf, rfc3339 as time } from './spent.ts'
import type { BudgetWindow } from './window.ts'

export const reportVersion = 1

/** Whether a calendar window's budget is of the events so far, or of as many as the whole window will have if they go on like this. */
export type BudgetBase = 'observed' | 'forecast'

export interface BudgetReport {
  schemaVersion: typeof reportVersion
  service: string
  /** RFC 3339. */
  at: string
  window: { kind: BudgetWindow['kind']; start: string; end: string; seconds: number; timeZone?: string | undefined; base: BudgetBase }
  source: { where: string; counts: 'recorded' | 'raw' }
  policy: Policy
  /** The objective that decides the policy. */
  decidedBy: string | null
  objectives: ObjectiveReport[]
  warnings: string[]
  /** What would belong into the answer and could not be looked at. */
  notSeen: string[]
}

export interface ObjectiveReport {
  /** Unlike any other's in this report: the name, or `service/name` where there are several services. */
  id: string
  service: string
  name: string
  title: string
  method: string
  kind: Objective['kind']
  unit: string
  target: number
  /** Events (or minutes) of the window; null when nothing was counted. */
  counts: Counts | null
  /** 1 - E/N; null without traffic. */
  indicator: number | null
  remaining: { fraction: number | null; events: number | null; minutes: number | null }
  burn: { window: string; rate: number | null; bad: number | null; total: number | null }[]
  /** Alerts whose condition holds now. */
  burning: { alert: string; severity: string; factor: number }[]
  confidence: {
    standing: Standing
    interval: Interval | null /** Fewer events in an hour than one error needs not to page. */
    insufficientTraffic: boolean
  }
  coverage: Coverage
  /** Seconds from `at`. */
  forecast: { naive: number | null; rollOff: RollOff }
  policy: Policy
  spent: Spent
  /** Budget left at the end of each hour of the window, of the whole window's budget; null where nothing was counted. */
  course: { at: string; remaining: number | null; burn: number | null }[]
}

/** `whoIs` names the principals that spent something; without it they are shown by their hash. */
export function budgetReport(
  facts: SloFacts,
  objectives: readonly Objective[],
  base: BudgetBase,
  whoIs: WhoIs = principalsIn(''),
): BudgetReport {
  const { window } = facts
  const reports = objectives.map((objective) => objectiveReport(objective, facts.counts[objective.id]!, facts, base, whoIs))
  const policy = strictest(reports.map((report) => report.policy))
  return {
    schemaVersion: reportVersion,
    service: [...new Set(objectives.map(({ service }) => service))].join(', '),
    at: time(facts.at),
    window: {
      kind: window.kind,
      start: time(window.start),
      end: time(window.end),
      seconds: Math.round(window.end - window.start),
      timeZone: window.timeZone,
      base,
    },
    source: { where: facts.where, counts: facts.source },
    policy,
    decidedBy: policy === 'unknown' ? null : least(reports.filter((report) => report.policy === policy)),
    objectives: reports,
    warnings: [...facts.warnings, ...doubts(reports, facts, objectives)],
    notSeen: facts.notSeen,
  }
}

function objectiveReport(objective: Objective, facts: ObjectiveCounts, all: SloFacts, base: BudgetBase, whoIs: WhoIs): ObjectiveReport {
  const { window, at } = all
  const share = budgetShare(objective.target)
  const counts = facts.windows.window ?? null
  const total = counts === null ? 0 : budgetTotal(objective, counts, facts, window, base)
  const whole = { bad: counts?.bad ?? 0, total }
  const left = remaining(whole, share)
  const hour = facts.windows['1h'] ?? null
  const burn = Object.entries(facts.windows).map(([name, one]) => ({
    window: name,
    rate: one && burnRate(one, share),
    bad: one?.bad ?? null,
    total: one?.total ?? null,
  }))
  const hours = facts.hours.map(([, one]) => one ?? { bad: 0, total: 0 })
  const hourBurn = hour && burnRate(hour, share)
  const counted = facts.hours.flatMap(([end, one]) => (one === null ? [] : [[end, one] as const]))
  return {
    id: objective.id,
    service: objective.service,
    name: objective.name,
    title: objective.title,
    method: objective.method,
    kind: objective.kind,
    unit: objective.kind === 'events' ? objective.unit : 'minutes',
    target: objective.target,
    counts,
    indicator: counts && indicator(counts),
    remaining: {
      fraction: counts && left.fraction,
      events: counts && left.events,
      minutes: counts && objective.kind === 'time-slices' ? left.events : null,
    },
    burn,
    burning: burnPairs.flatMap((pair) => {
      const above = (name: string) => (burn.find((one) => one.window === name)?.rate ?? 0) > pair.factor
      return above(pair.long) && above(pair.short)
        ? [{ alert: `${objective.alert}${pair.suffix}`, severity: pair.severity, factor: pair.factor }]
        : []
    }),
    confidence: {
      standing: counts === null ? 'no-traffic' : standing(counts, share),
      interval: counts && wilson(counts),
      insufficientTraffic:
        objective.kind === 'events' && hour !== null && hour.total > 0 && hour.total <= loneErrorFloor(share, burnPairs[0]!.factor),
    },
    coverage: coverage(facts.recordedMinutes, window.elapsed),
    forecast:
      window.kind === 'rolling'
        ? {
            naive: counts && naiveExhaustion(whole, share, window.elapsed, hourBurn),
            rollOff:
              counts === null
                ? { exhausted: null, recovered: null }
                : rollOff({ share, window: whole, hours, burn: hourBurn, perHour: hour?.total ?? 0 }),
          }
        : untilReset(left.events, hour, window.end - at),
    policy: policyFor(counts && left.fraction),
    spent: spentOf(objective, facts, all, { whole, share, counted, whoIs }),
    course: course(facts.hours, whole, share),
  }
}

/** The N of B N. The minutes of a window are known beforehand; events of one that has not ended are those so far, or as many as it will have. */
function budgetTotal(objective: Objective, counts: Counts, facts: ObjectiveCounts, window: BudgetWindow, base: BudgetBase): number {
  const length = window.end - window.start
  if (objective.kind === 'time-slices') return length / 60
  if (window.kind === 'rolling') return counts.total
  const counted = Math.min(window.elapsed, facts.recordedMinutes * 60)
  return base === 'forecast' && counted > 0 ? (counts.total / counted) * length : counts.total
}

/** In a calendar window nothing leaves until it ends, and then everything does. */
function untilReset(left: number, hour: Counts | null, seconds: number): ObjectiveReport['forecast'] {
  const perHour = hour?.bad ?? 0
  const naive = left <= 0 ? 0 : perHour > 0 ? (left / perHour) * 3600 : null
  return { naive, rollOff: { exhausted: naive !== null && naive < seconds ? naive : null, recovered: left <= 0 ? seconds : null } }
}

function course(hours: ObjectiveCounts['hours'], whole: Counts, share: number): ObjectiveReport['course'] {
  let bad = 0
  return hours.map(([end, counts]) => {
    bad += counts?.bad ?? 0
    return {
      at: time(end),
      remaining: counts === null || whole.total <= 0 ? null : 1 - bad / (share * whole.total),
      burn: counts && burnRate(counts, share),
    }
  })
}

function least(reports: readonly ObjectiveReport[]): string {
  return reports.reduce((a, b) => ((b.remaining.fraction ?? 1) < (a.remaining.fraction ?? 1) ? b : a)).id
}
