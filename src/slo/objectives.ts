/**
 * What is promised, and how it is counted. Everything else about SLOs (recording rules, alerts, dashboards, the
 * `slo-budget` answer) is derived from these definitions.
 */
import { UsageError } from '../errors.ts'

/** Which series belong to the service, and the routes that only probes and scrapers ask for. Both are PromQL label matchers. */
export interface SeriesScope {
  service: string
  /** For example `job="task-mcp-http"`. */
  selector: string
  /** For example `route!~"/health.*|/metrics|/debug.*"`; empty when there are no probes to leave out. */
  exclude: string
  metrics: {
    /** Counter of requests, and its label with the HTTP status. */
    requests: string
    statusLabel: string
    /** Histogram of seconds; undefined where there is none, and then nothing is promised about latency. */
    duration: string | undefined
    /** Label of both with the route; `route` when not said. */
    routeLabel?: string
  }
}

interface Promise {
  service: string
  /** Unlike any other's that are asked for together: the name, or `service/name` where there are several services. */
  id: string
  /** Short and stable: the label `slo` of every recorded series, and the word for `--slo`. */
  name: string
  title: string
  /** One sentence: what counts as bad, of what. */
  method: string
  /** Between 0 and 1, both excluded: 0.999 promises 99.9%. */
  target: number
  /** Start of its alerts' names, after the prefix. */
  alert: string
  /** Runbook file without `.md`. */
  runbook: string
  /** By a word for people (`route`, `tool`, `principal`): PromQL with `$window` that shares the bad events or minutes out, by its labels. */
  spentBy?: Record<string, string>
  /** The window that the promise itself names, as `budgetWindow` takes it, and the time zone of a calendar one. */
  window?: { text: string; timeZone?: string }
}

/** Counts requests. `bad` and `total` are PromQL with `$window` where the range goes, giving one value without labels. */
export interface EventObjective extends Promise {
  kind: 'events'
  unit: string
  bad: string
  total: string
}

/** Counts minutes. `good` is PromQL that is 1 when the minute is good and 0 when not; no answer is a bad minute. */
export interface SliceObjective extends Promise {
  kind: 'time-slices'
  good: string
}

export type Objective = EventObjective | SliceObjective

/** Budgets are kept over this many seconds unless a person asks otherwise. */
export const defaultWindow = 30 * 86_400

export const taskMcpScope: SeriesScope = {
  service: 'task-mcp-http',
  selector: 'job="task-mcp-http"',
  exclude: 'route!~"/health.*|/metrics|/debug.*"',
  metrics: { requests: 'http_server_requests_total', statusLabel: 'status_code', duration: 'http_server_request_duration_seconds' },
}

/** The promises of the task-mcp server, or of a service with series like its own, for the series named by `scope`. */
export function taskMcpObjectives(scope: SeriesScope = taskMcpScope): Objective[] {
  const of = (...matchers: string[]) => [scope.selector, ...matchers].filter((matcher) => matcher !== '').join(',')
  const { requests, statusLabel, duration } = scope.metrics
  const increase = (metric: string, ...matchers: string[]) => `sum(increase(${metric}{${of(...matchers)}}[$window]))`
  const offered = increase(requests, scope.exclude)
  const timed = increase(`${duration}_count`, scope.exclude)
  const slower = (bound: string) => `clamp_min(${timed} - ${increase(`${duration}_bucket`, scope.exclude, `le="${bound}"`)}, 0)`
  const operations = 'mcp_server_operation_duration_seconds'
  const ownFault = 'error_type=~"internal|unavailable|timeout"'
  const mcpFailures = increase(`${operations}_count`, ownFault)
  const shared = (labels: string, metric: string, ...matchers: string[]) =>
    `sum by (${labels}) (increase(${metric}{${of(...matchers)}}[$window]))`
  const askers = (reason: string) => shared('principal', 'principal_bad_requests_total', `reason="${reason}"`)
  const route = scope.metrics.routeLabel ?? 'route'
  const slowBy = (bound: string, reason: string) => ({
    route: `${shared(`method, ${route}`, `${duration}_count`, scope.exclude)} - ${shared(`method, ${route}`, `${duration}_bucket`, scope.exclude, `le="${bound}"`)}`,
    tool: `${shared('mcp_method_name, gen_ai_tool_name', `${operations}_count`)} - ${shared('mcp_method_name, gen_ai_tool_name', `${operations}_bucket`, `le="${bound}"`)}`,
    principal: askers(reason),
  })
  const objectives: (Objective | false)[] = [
    {
      kind: 'time-slices',
      service: scope.service,
      id: 'availability',
      name: 'availability',
      title: 'Availability',
      method: 'A minute is bad when no replica is ready or none can be scraped; of all minutes.',
      target: 0.999,
      alert: 'Availability',
      runbook: 'service-downtime',
      // A service without health metrics is as available as it can be scraped.
      good: `(max(health_check_status{${of('check="ready"')}}) or max(up{${of()}}))`,
      spentBy: { check: `5 * sum_over_time((max by (check) (health_check_status{${of('check!="ready"')}}) == bool 0)[$window:5m])` },
    },
    {
      kind: 'events',
      service: scope.service,
      id: 'error-rate',
      name: 'error-rate',
      title: 'Error rate',
      method: 'A request is bad when it is answered with 5xx or fails in the server as an MCP operation; of all requests but probes.',
      target: 0.999,
      alert: 'HighErrorRate',
      runbook: 'high-error-rate',
      unit: 'requests',
      // A service that never failed may have no series of failures; where requests are counted at all, that is no failure.
      bad: `(${increase(requests, scope.exclude, `${statusLabel}=~"5.."`)} or 0 * ${offered}) + (${mcpFailures} or vector(0))`,
      total: offered,
      spentBy: {
        route: shared(`method, ${route}, ${statusLabel}`, requests, scope.exclude, `${statusLabel}=~"5.."`),
        tool: shared('mcp_method_name, gen_ai_tool_name, error_type', `${operations}_count`, ownFault),
        principal: askers('error'),
      },
    },
    duration !== undefined && {
      kind: 'events',
      service: scope.service,
      id: 'latency',
      name: 'latency',
      title: 'Latency, 200 ms',
      method: 'A request is bad when it takes longer than 200 ms; of all requests but probes and streams.',
      target: 0.95,
      alert: 'Latency',
      runbook: 'performance-degradation',
      unit: 'requests',
      bad: slower('0.2'),
      total: timed,
      spentBy: slowBy('0.2', 'over_200ms'),
    },
    duration !== undefined && {
      kind: 'events',
      service: scope.service,
      id: 'latency-tail',
      name: 'latency-tail',
      title: 'Latency, 500 ms',
      method: 'A request is bad when it takes longer than 500 ms; of all requests but probes and streams.',
      target: 0.99,
      alert: 'TailLatency',
      runbook: 'performance-degradation',
      unit: 'requests',
      bad: slower('0.5'),
      total: timed,
      spentBy: slowBy('0.5', 'over_500ms'),
    },
    {
      kind: 'events',
      service: scope.service,
      id: 'throughput',
      name: 'throughput',
      title: 'Throughput',
      method: 'A request is bad when it is refused because the server is full; of all requests offered. A quiet night is no failure.',
      target: 0.995,
      alert: 'Throughput',
      runbook: 'slo-violations',
      unit: 'requests',
      bad: increase('rate_limit_hits_total', 'reason="capacity"'),
      total: offered,
      spentBy: { limiter: shared('limiter', 'rate_limit_hits_total', 'reason="capacity"'), principal: askers('full') },
    },
  ]
  return objectives.filter((objective) => objective !== false)
}

/** The bad events that are allowed, as a share of all: B = 1 - target, without the noise of binary fractions. */
export function budgetShare(target: number): number {
  return Number((1 - target).toPrecision(12))
}

/** PromQL for the bad events and all of them in the last `window`, straight from the service's own series. */
export function eventCounts(objective: EventObjective, window: string): { bad: string; total: string } {
  return { bad: objective.bad.replaceAll('$window', window), total: objective.total.replaceAll('$window', window) }
}

/** PromQL that is 1 in a bad minute and 0 in a good one; a service that cannot be seen is in a bad one. */
export function badSlice(objective: SliceObjective): string {
  return `1 - clamp(${objective.good} or vector(0), 0, 1)`
}

/** Refuses a promise that cannot be counted against. Throws a UsageError that names the objective and the value. */
export function checkObjective(objective: Objective): void {
  if (!(objective.target > 0 && objective.target < 1))
    throw new UsageError(
      `the target of SLO "${objective.name}" is ${objective.target}`,
      'A target lies between 0 and 1: write 0.999 for 99.9%. A target of 1 leaves no budget and makes every failure a violation.',
    )
  if (!/^[a-z][a-z0-9-]*$/.test(objective.name))
    throw new UsageError(`"${objective.name}" is not a name for an SLO`, 'Use lower-case letters, digits and dashes: checkout-latency.')
  if (objective.kind === 'events')
    for (const part of ['bad', 'total'] as const)
      if (!objective[part].includes('$window'))
        throw new UsageError(
          `the ${part} query of SLO "${objective.name}" has no $window`,
          `Write $window where the range goes: sum(increase(requests_total[$window])).`,
        )
}
