/** OpenSLO v1 (https://github.com/OpenSLO/OpenSLO): the part of it that can be counted with Prometheus. */
import { UsageError } from '../errors.ts'
import type { Objective } from './objectives.ts'

export interface OpenSloDocument {
  apiVersion: string
  kind: string
  metadata?: { name?: string; displayName?: string }
  spec?: Record<string, unknown>
}

interface Indicator {
  spec?: { ratioMetric?: { counter?: boolean; good?: Metric; bad?: Metric; total?: Metric }; thresholdMetric?: unknown }
}
interface TimeWindow {
  duration?: string
  isRolling?: boolean
  calendar?: { startTime?: string; timeZone?: string }
}
interface Metric {
  metricSource?: { type?: string; spec?: { query?: string } }
}

export function isOpenSlo(value: unknown): value is OpenSloDocument {
  return typeof value === 'object' && value !== null && String((value as { apiVersion?: unknown }).apiVersion).startsWith('openslo/')
}

/** The SLI documents among these, by name. */
export function indicatorsOf(documents: readonly unknown[]): Map<string, Indicator> {
  return new Map(
    documents.flatMap((one) =>
      isOpenSlo(one) && one.kind === 'SLI' && one.metadata?.name !== undefined ? [[one.metadata.name, one as Indicator] as const] : [],
    ),
  )
}

/** One objective for each of the document's. Throws a UsageError for what cannot be counted here, with the reason. */
export function fromOpenSlo(document: OpenSloDocument, indicators: ReadonlyMap<string, Indicator>, place: string): Objective[] {
  const refuse = (what: string, next: string) => new UsageError(`${place}: ${what}`, next)
  const name = document.metadata?.name
  const spec = document.spec as
    | {
        service?: string
        description?: string
        indicator?: Indicator
        indicatorRef?: string
        objectives?: { target?: number; targetPercent?: number; displayName?: string }[]
        budgetingMethod?: string
        timeWindow?: TimeWindow[]
      }
    | undefined
  if (name === undefined || spec === undefined)
    throw refuse('an OpenSLO document without metadata.name or spec', 'see the OpenSLO specification')
  const indicator = spec.indicator ?? (spec.indicatorRef === undefined ? undefined : indicators.get(spec.indicatorRef))
  if (!indicator)
    throw refuse(
      `SLO "${name}" has no indicator here`,
      spec.indicatorRef ? `put the SLI "${spec.indicatorRef}" into the same file` : 'add spec.indicator',
    )
  if ((spec.budgetingMethod ?? 'Occurrences') !== 'Occurrences')
    throw refuse(
      `SLO "${name}" is budgeted by ${spec.budgetingMethod}`,
      'only Occurrences is read from OpenSLO; write a time-slice SLO with good: as docs/slo.md shows',
    )
  const window =
    spec.timeWindow?.[0] === undefined ? undefined : windowOf(spec.timeWindow[0], (what, next) => refuse(`SLO "${name}": ${what}`, next))
  const ratio = indicator.spec?.ratioMetric
  if (!ratio?.total || !(ratio.good || ratio.bad))
    throw refuse(`SLO "${name}" has no ratioMetric with total and good or bad`, 'a thresholdMetric counts no events; give a ratioMetric')
  const count = (metric: Metric) => counted(metric, ratio.counter === true, (what, next) => refuse(`SLO "${name}": ${what}`, next))
  const total = count(ratio.total)
  const bad = ratio.bad ? count(ratio.bad) : `clamp_min(${total} - ${count(ratio.good!)}, 0)`
  const objectives = spec.objectives ?? []
  if (objectives.length === 0) throw refuse(`SLO "${name}" has no objectives`, 'add spec.objectives with a target')
  return objectives.map((objective, index) => {
    const target = objective.target ?? Number(((objective.targetPercent ?? Number.NaN) / 100).toPrecision(12))
    const own = objectives.length === 1 ? name : `${name}-${index + 1}`
    return {
      kind: 'events',
      service: spec.service ?? name,
      id: own,
      name: own,
      title: objective.displayName ?? document.metadata?.displayName ?? own,
      method: spec.description ?? 'As its queries count it.',
      target,
      alert: own
        .split('-')
        .map((word) => word.slice(0, 1).toUpperCase() + word.slice(1))
        .join(''),
      runbook: 'slo-violations',
      unit: 'events',
      bad,
      total,
      ...(window && { window }),
    }
  })
}

/** Days of the shorthands that are no fixed time, for a window that rolls. */
const rollingDays: Readonly<Record<string, number>> = { w: 7, M: 30, Q: 90, Y: 365 }
const calendarWords: Readonly<Record<string, string>> = { '1w': 'week', '1M': 'month', '1Q': 'quarter' }

/** `28d` that roll, or a week, month or quarter by the calendar. */
function windowOf(
  { duration = '', isRolling, calendar }: TimeWindow,
  refuse: (what: string, next: string) => UsageError,
): NonNullable<Objective['window']> {
  const byCalendar = calendar !== undefined || isRolling === false
  const [, count, unit = ''] = /^(\d+)([mhdwMQY])$/.exec(duration) ?? []
  if (count === undefined)
    throw refuse(`its timeWindow has the duration "${duration}"`, 'write a duration such as 28d, or 1M by the calendar')
  if (!byCalendar) return { text: unit in rollingDays ? `${Number(count) * rollingDays[unit]!}d` : duration }
  const text = calendarWords[duration]
  if (text === undefined) throw refuse(`its timeWindow is ${duration} by the calendar`, 'by the calendar a window is 1w, 1M or 1Q')
  return { text, ...(calendar?.timeZone !== undefined && { timeZone: calendar.timeZone }) }
}

/**
 * Factors of the burn alerts that the document asks for, in its own policies or in documents beside it. Our alerts have factors of
 * their own; these are only looked at because one that can never be reached is a mistake worth hearing of.
 */
export function burnFactors(document: OpenSloDocument, documents: readonly unknown[]): number[] {
  const named = (kind: string, name: unknown) => documents.filter(isOpenSlo).find((one) => one.kind === kind && one.metadata?.name === name)
  const inside = (value: unknown, kind: string): OpenSloDocument | undefined => {
    if (typeof value === 'string') return named(kind, value)
    const { alertPolicyRef, conditionRef } = (value ?? {}) as { alertPolicyRef?: unknown; conditionRef?: unknown }
    return alertPolicyRef === undefined && conditionRef === undefined
      ? (value as OpenSloDocument)
      : named(kind, alertPolicyRef ?? conditionRef)
  }
  const listed = (value: unknown): unknown[] => (Array.isArray(value) ? value : [])
  return listed(document.spec?.alertPolicies)
    .flatMap((policy) => listed(inside(policy, 'AlertPolicy')?.spec?.conditions))
    .flatMap((condition) => {
      const { kind, op, threshold } = (inside(condition, 'AlertCondition')?.spec?.condition ?? {}) as Record<string, unknown>
      return kind === 'burnrate' && typeof threshold === 'number' && !String(op ?? 'gt').startsWith('l') ? [threshold] : []
    })
}

/** A query of a growing counter as a count over $window. One with its own range is taken when the range is a template. */
function counted(metric: Metric, counter: boolean, refuse: (what: string, next: string) => UsageError): string {
  const source = metric.metricSource
  const query = source?.spec?.query?.trim()
  if (source?.type !== undefined && source.type.toLowerCase() !== 'prometheus')
    throw refuse(`its metrics come from ${source.type}`, 'only Prometheus can be asked')
  if (query === undefined || query === '') throw refuse('a metric has no query', 'add metricSource.spec.query')
  const templated = query.replaceAll(/\{\{\s*\.?window\s*\}\}|\$\{?window\}?/gi, '$window')
  if (templated.includes('[$window]')) return templated
  if (query.includes('['))
    throw refuse('a query has a fixed range, so it cannot be counted over other windows', 'write [$window] where the range goes')
  if (!counter)
    throw refuse('a query is not of a counter and has no range', 'set ratioMetric.counter: true, or write [$window] where the range goes')
  const summed = /^sum\s*\((.*)\)$/s.exec(query)?.[1]?.trim() ?? query
  if (!/^[a-zA-Z_:][\w:]*(\{.*\})?$/s.test(summed))
    throw refuse(`"${query}" is not a counter that can be counted as it is`, 'write it as sum(increase(counter[$window]))')
  return `sum(increase(${summed}[$window]))`
}
