/**
 * Cases of the burn alerts. The table's thresholds stand here a second time, by hand. For every alert there are four
 * histories: just above in both windows; just below in both; the long window just below while the short one is above;
 * the short one just below while the long one is above. All promises live through each history together.
 */
import { type Case, type Check, counter, fires, gauge, pod, quiet, type Series } from './case.ts'

interface Promised {
  alert: string
  slo: string
  share: number
  /** Minutes until it can first be counted: two samples for a rate, one for a state. */
  counted: 0 | 1
}

export const promised: readonly Promised[] = [
  { alert: 'Availability', slo: 'availability', share: 0.001, counted: 0 },
  { alert: 'HighErrorRate', slo: 'error-rate', share: 0.001, counted: 1 },
  { alert: 'Latency', slo: 'latency', share: 0.05, counted: 1 },
  { alert: 'TailLatency', slo: 'latency-tail', share: 0.01, counted: 1 },
  { alert: 'Throughput', slo: 'throughput', share: 0.005, counted: 1 },
]

/** `below` are histories as [times the threshold, minutes]. */
const pairs = [
  {
    suffix: 'FastBurn',
    factor: 14.4,
    waits: 2,
    severity: 'critical',
    window: '1h',
    longBelow: [
      [0, 12],
      [1.2, 48],
    ],
    shortBelow: [
      [1.35, 50],
      [0.95, 10],
    ],
  },
  {
    suffix: 'MediumBurn',
    factor: 6,
    waits: 5,
    severity: 'critical',
    window: '6h',
    longBelow: [
      [0, 24],
      [1.2, 96],
    ],
    shortBelow: [
      [1.35, 60],
      [0.95, 40],
    ],
  },
  {
    suffix: 'SlowBurn',
    factor: 3,
    waits: 15,
    severity: 'ticket',
    window: '1d',
    longBelow: [
      [0, 40],
      [1.2, 160],
    ],
    shortBelow: [
      [1.35, 60],
      [0.95, 126],
    ],
  },
  {
    suffix: 'TrickleBurn',
    factor: 1,
    waits: 60,
    severity: 'ticket',
    window: '3d',
    longBelow: [
      [0, 100],
      [1.2, 400],
    ],
    shortBelow: [
      [1.35, 120],
      [0.95, 366],
    ],
  },
] as const

type History = readonly (readonly [times: number, minutes: number])[]

/** 100,000 requests a minute, of which each promise breaks `times` its threshold at `factor`. */
export function burning(factor: number, history: History): Series[] {
  const bad = (slo: string, scale = 100_000) => {
    const { share } = promised.find((promise) => promise.slo === slo)!
    return history.map(([times, minutes]) => [times * factor * share * scale, minutes] as const)
  }
  const rest = (...parts: ReturnType<typeof bad>[]) =>
    history.map(([, minutes], index) => [100_000 - parts.reduce((sum, part) => sum + part[index]![0], 0), minutes] as const)
  const half = bad('error-rate', 50_000)
  const requests = (code: string, parts: History) =>
    counter('http_server_requests_total', `${pod},method="POST",route="/mcp",status_code="${code}"`, ...parts)
  const faster = (le: string, parts: History) =>
    counter('http_server_request_duration_seconds_bucket', `${pod},method="POST",route="/mcp",le="${le}"`, ...parts)
  return [
    gauge('up', pod, ...history.map(([, minutes]) => [1, minutes] as const)),
    gauge(
      'health_check_status',
      `${pod},check="ready"`,
      ...bad('availability', 1).map(([share, minutes]) => [1 - share, minutes] as const),
    ),
    requests('200', rest(half, bad('throughput'))),
    requests('503', half),
    counter('mcp_server_operation_duration_seconds_count', `${pod},mcp_method_name="tools/call",error_type="internal"`, ...half),
    requests('429', bad('throughput')),
    counter('rate_limit_hits_total', `${pod},limiter="in_flight",reason="capacity"`, ...bad('throughput')),
    faster('0.2', rest(bad('latency'))),
    faster('0.5', rest(bad('latency-tail'))),
    faster('+Inf', rest()),
    counter('http_server_request_duration_seconds_count', `${pod},method="POST",route="/mcp"`, ...rest()),
  ]
}

/** As Prometheus' humanizePercentage writes it. */
export function shownPercentage(share: number): Record<string, string> {
  return { '$value | humanizePercentage': `${Number((share * 100).toPrecision(4))}%` }
}

const ends = (history: History) => history.reduce((sum, [, minutes]) => sum + minutes, 0)

export const burnCases: readonly Case[] = pairs.flatMap(({ suffix, factor, waits, severity, window, longBelow, shortBelow }) => {
  const each = (check: (promise: Promised) => Check | Check[]) => promised.flatMap(check)
  const above: History = [[1.03, waits + 5]]
  const below: History = [[0.97, waits + 5]]
  const silent = (history: History) => each(({ alert }) => quiet(`${alert}${suffix}`, ends(history)))
  return [
    {
      name: `${suffix}: 3% above ${factor} times the budget`,
      series: burning(factor, above),
      checks: each(({ alert, slo, share, counted }) =>
        fires(`${alert}${suffix}`, counted + waits, {
          labels: { severity, burn_window: window, slo },
          shown: shownPercentage(1.03 * factor * share),
        }),
      ),
    },
    { name: `${suffix}: 3% below`, series: burning(factor, below), checks: silent(below) },
    { name: `${suffix}: the short window above, ${window} below`, series: burning(factor, longBelow), checks: silent(longBelow) },
    { name: `${suffix}: ${window} above, the short window below`, series: burning(factor, shortBelow), checks: silent(shortBelow) },
  ]
})

export const budgetCases: readonly Case[] = [
  {
    name: 'ErrorBudgetExhausted: 3% more than the budget',
    series: burning(1, [[1.03, 60]]),
    checks: [
      { alert: 'ErrorBudgetExhausted', at: 14, firing: [] },
      { alert: 'ErrorBudgetExhausted', at: 15, firing: promised.filter(({ counted }) => counted === 0).map(exhausted) },
      { alert: 'ErrorBudgetExhausted', at: 16, firing: promised.map(exhausted) },
    ],
  },
  { name: 'ErrorBudgetExhausted: 3% less', series: burning(1, [[0.97, 60]]), checks: [quiet('ErrorBudgetExhausted', 60)] },
]

function exhausted({ slo, share }: Promised): Check['firing'][number] {
  return { labels: { severity: 'ticket', slo }, shown: shownPercentage(1.03 * share) }
}
