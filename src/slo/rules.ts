/** Prometheus rule groups from objectives: counts are recorded, never ratios, so that any window is a plain sum. */

import { durationText } from '../duration.ts'
import { type AlertDefinition, alertPrefix } from './alert.ts'
import { burnAlerts, directWindows, recordedMatchers } from './burn-alerts.ts'
import { badSlice, budgetShare, checkObjective, defaultWindow, eventCounts, type Objective, type SeriesScope } from './objectives.ts'
import { symptomAlerts } from './symptom-alerts.ts'

export interface RecordingRule {
  record: string
  expr: string
  labels: Record<string, string>
}

export interface AlertRule {
  alert: string
  expr: string
  for: string
  labels: Record<string, string>
  annotations: Record<string, string>
}

export interface RuleGroup {
  name: string
  interval: string
  rules: (RecordingRule | AlertRule)[]
}

export interface RuleOptions {
  scope: SeriesScope
  /** Put before `NAME.md` in every runbook link; a path inside the package, or the URL where runbooks are served. */
  runbookBase: string
  /** Start of the groups' names, unlike that of any other service in the file. */
  name?: string
}

/** The groups for the objectives of one service, and its symptom alerts. Throws a UsageError for one that cannot be counted or can never fire. */
export function ruleGroups(objectives: readonly Objective[], options: RuleOptions): RuleGroup[] {
  for (const objective of objectives) checkObjective(objective)
  const name = options.name ?? 'task-mcp'
  const alert = (definition: AlertDefinition) => alertRule(definition, options)
  return [
    {
      // One group, because the rules of a group run in order: an alert then reads what was counted this minute.
      name: `${name}-slo`,
      interval: '1m',
      rules: [
        ...objectives.flatMap(minuteCounts),
        ...objectives.flatMap(windowCounts),
        ...objectives.flatMap(burnAlerts).map(alert),
        ...budgetAlerts(objectives, options.scope.service).map(alert),
      ],
    },
    { name: `${name}-symptoms`, interval: '30s', rules: symptomAlerts(options.scope).map(alert) },
  ]
}

/** A fifth of what the last 5 minutes counted, every minute: summed, each event counts once, however short the scrape gaps. */
function minuteCounts(objective: Objective): RecordingRule[] {
  const labels = { service: objective.service, slo: objective.name }
  const { bad, total } = minuteCount(objective)
  return [
    { record: 'slo:bad_events:count1m', expr: bad, labels },
    { record: 'slo:total_events:count1m', expr: total, labels },
    { record: 'slo:objective:target', expr: `vector(${objective.target})`, labels },
  ]
}

function minuteCount(objective: Objective): { bad: string; total: string } {
  // A Prometheus that has just begun and has seen nothing at all knows of no bad minute.
  if (objective.kind === 'time-slices')
    return { bad: `(${badSlice(objective)}) and on () (count(up) > 0)`, total: 'vector(1) and on () (count(up) > 0)' }
  const { bad, total } = eventCounts(objective, '5m')
  return { bad: `(${bad}) / 5`, total: `(${total}) / 5` }
}

function windowCounts(objective: Objective): RecordingRule[] {
  if (objective.kind === 'time-slices') return []
  const labels = { service: objective.service, slo: objective.name }
  return directWindows.flatMap((window) => {
    const { bad, total } = eventCounts(objective, window)
    return [
      { record: `slo:bad_events:count${window}`, expr: bad, labels },
      { record: `slo:total_events:count${window}`, expr: total, labels },
    ]
  })
}

/** Alerts about the budgets themselves: spent, not counted, or counted wrongly. */
function budgetAlerts(objectives: readonly Objective[], service: string): AlertDefinition[] {
  const window = durationText(defaultWindow)
  const events = objectives.filter((objective) => objective.kind === 'events')
  const shares = [...new Set(objectives.map((objective) => budgetShare(objective.target)))]
  const spent = (share: number) => {
    const names = objectives.filter((objective) => budgetShare(objective.target) === share)
    const matchers = `service="${service}",slo=~"${names.map((objective) => objective.name).join('|')}"`
    const sum = (which: string) => `sum_over_time(slo:${which}_events:count1m{${matchers}}[${window}])`
    return `${sum('bad')} / (${sum('total')} > 0) >= ${share}`
  }
  const absent = events.map((objective) => `absent(slo:bad_events:count1m{${recordedMatchers(objective)}})`).join('\nor\n')
  const alerts: AlertDefinition[] = [
    {
      name: 'ErrorBudgetExhausted',
      expr: shares.map(spent).join('\nor\n'),
      for: '15m',
      severity: 'ticket',
      summary: `The error budget of {{ $labels.slo }} is spent`,
      description: `{{ $value | humanizePercentage }} was bad over ${window}. Until it recovers, only changes that make the service more reliable should go out.`,
      runbook: 'slo-violations',
    },
    {
      name: 'SLOMetricAbsent',
      expr: absent,
      for: '10m',
      severity: 'critical',
      summary: 'Nothing is counted for {{ $labels.slo }}: its alerts are blind',
      description: 'The series behind this SLO are missing. No burn alert can fire until they are back.',
      runbook: 'slo-violations',
    },
    {
      name: 'SLIInvalid',
      // One part in a thousand is left for the two extrapolations that are being compared.
      expr: `slo:bad_events:count1m{service="${service}"} > 1.001 * slo:total_events:count1m{service="${service}"}`,
      for: '10m',
      severity: 'warning',
      summary: 'More bad events than events are counted for {{ $labels.slo }}',
      description: '{{ $value | humanize }} bad events a minute, more than there were events: the definition or the metric is wrong.',
      runbook: 'slo-violations',
    },
  ]
  // Minutes are counted even when nothing is there to be seen.
  return alerts.filter(({ expr }) => expr !== '')
}

function alertRule(definition: AlertDefinition, { scope, runbookBase }: RuleOptions): AlertRule {
  return {
    alert: alertPrefix + definition.name,
    expr: definition.expr,
    for: definition.for,
    labels: { severity: definition.severity, service: scope.service, ...definition.labels },
    annotations: {
      summary: definition.summary,
      description: definition.description,
      runbook_url: `${runbookBase}${definition.runbook}.md`,
      diagnose: `task-mcp diagnose ${definition.runbook}`,
    },
  }
}

/** The same groups as the object that the Prometheus Operator reads. */
export function prometheusRule(groups: readonly RuleGroup[], name: string): object {
  return {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'PrometheusRule',
    metadata: { name, labels: { 'app.kubernetes.io/name': name } },
    spec: { groups },
  }
}
