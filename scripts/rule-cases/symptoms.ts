/** Cases of the symptom alerts and of the alerts about counting itself. */
import { burning, shownPercentage } from './burn.ts'
import { type Case, counter, fires, gauge, job, pod, quiet, type Series, steady } from './case.ts'

const up = gauge('up', pod, [1, steady])
const ready = (status: number, labels = pod) => gauge('health_check_status', `${labels},check="ready"`, [status, steady])
const of = (instance: string) => `${job},instance="${instance}"`

/** `total` requests a minute: `under` took less than 200 ms, `under500` less than 500 ms, all less than 1 s. */
function timed(total: number, under: number, under500: number): Series[] {
  const bucket = (le: string, perMinute: number) =>
    counter('http_server_request_duration_seconds_bucket', `${pod},route="/mcp",le="${le}"`, [perMinute, steady])
  return [
    bucket('0.2', under),
    bucket('0.5', under500),
    bucket('1.0', total),
    bucket('+Inf', total),
    counter('http_server_request_duration_seconds_count', `${pod},route="/mcp"`, [total, steady]),
  ]
}

const health = (labels: Record<string, string> = {}) => ({ labels: { job: 'task-mcp-http', severity: 'critical', ...labels } })
const slow = (shown: string, severity: string) => ({
  labels: { job: 'task-mcp-http', severity },
  shown: { '$value | humanizeDuration': shown },
})
const replica = (severity: string, shown: Record<string, string> = {}, labels: Record<string, string> = {}) => ({
  labels: { job: 'task-mcp-http', instance: 'pod-a', severity, ...labels },
  shown,
})
const security = (shown: Record<string, string>) => ({ labels: { job: 'task-mcp-http', severity: 'warning', category: 'security' }, shown })
const memory = (share: number) => [
  gauge('process_resident_memory_bytes', pod, [share * 2e9, steady]),
  gauge('process_memory_limit_bytes', pod, [2e9, steady]),
]
const cpu = (share: number) => [
  counter('process_cpu_seconds_total', pod, [share * 60 * 2, steady]),
  gauge('process_cpu_limit_cores', pod, [2, steady]),
]
const streams = (active: number, limit: number) => [
  gauge('streaming_active_connections', pod, [active, steady]),
  gauge('streaming_connections_limit', pod, [limit, steady]),
]
const rejected = (reason: string, perMinute: number) =>
  counter('streaming_connections_rejected_total', `${pod},reason="${reason}"`, [perMinute, steady])
const auth = (failures: number, attempts: number) => [
  counter('auth_failures_total', `${pod},reason="unknown_token"`, [failures, steady]),
  counter('auth_attempts_total', pod, [attempts, steady]),
]
const limited = (perMinute: number) => [counter('rate_limit_hits_total', `${pod},limiter="address",reason="abuse"`, [perMinute, steady])]

export const symptomCases: readonly Case[] = [
  {
    name: 'HealthCheckFailure: the only target is down',
    series: [gauge('up', pod, [0, steady])],
    checks: fires('HealthCheckFailure', 1, health()),
  },
  { name: 'HealthCheckFailure: there is no target', series: [], checks: fires('HealthCheckFailure', 1, health()) },
  { name: 'HealthCheckFailure: scraped but not ready', series: [up, ready(0)], checks: fires('HealthCheckFailure', 1, health()) },
  {
    name: 'HealthCheckFailure: one of two replicas is left',
    series: [gauge('up', of('pod-b'), [0, steady]), up, ready(1), gauge('up', of('pod-c'), [1, steady]), ready(0, of('pod-c'))],
    checks: [quiet('HealthCheckFailure', 30)],
  },
  {
    name: 'LatencyDegradation: p95 just above 200 ms',
    series: timed(1000, 949, 1000),
    checks: fires('LatencyDegradation', 11, slow('205.9ms', 'warning')),
  },
  { name: 'LatencyDegradation: p95 just below', series: timed(1000, 951, 1000), checks: [quiet('LatencyDegradation', 60)] },
  {
    name: 'LatencyDegradation: slow, a little more than one request in 10 s',
    series: timed(6.3, 0, 6.3),
    checks: fires('LatencyDegradation', 15, slow('485ms', 'warning')),
  },
  { name: 'LatencyDegradation: slow, a little less', series: timed(5.7, 0, 5.7), checks: [quiet('LatencyDegradation', 60)] },
  {
    name: 'CriticalLatency: p99 just above 500 ms',
    series: timed(10_000, 0, 9_899),
    checks: fires('CriticalLatency', 6, slow('505ms', 'critical')),
  },
  { name: 'CriticalLatency: p99 just below', series: timed(10_000, 0, 9_901), checks: [quiet('CriticalLatency', 60)] },
  {
    name: 'CriticalLatency: slow, a little more than one request in 10 s',
    series: timed(6.3, 0, 0),
    checks: fires('CriticalLatency', 10, slow('995ms', 'critical')),
  },
  { name: 'CriticalLatency: slow, a little less', series: timed(5.7, 0, 0), checks: [quiet('CriticalLatency', 60)] },
  { name: 'HighMemoryUsage: 86%', series: memory(0.86), checks: fires('HighMemoryUsage', 10, replica('warning', shownPercentage(0.86))) },
  { name: 'HighMemoryUsage: 84%', series: memory(0.84), checks: [quiet('HighMemoryUsage', 60)] },
  {
    name: 'CriticalMemoryUsage: 96%',
    series: memory(0.96),
    checks: fires('CriticalMemoryUsage', 2, replica('critical', shownPercentage(0.96))),
  },
  { name: 'CriticalMemoryUsage: 94%', series: memory(0.94), checks: [quiet('CriticalMemoryUsage', 60)] },
  { name: 'HighCPUUsage: 82%', series: cpu(0.82), checks: fires('HighCPUUsage', 15, replica('warning', shownPercentage(0.82))) },
  { name: 'HighCPUUsage: 78%', series: cpu(0.78), checks: [quiet('HighCPUUsage', 60)] },
  {
    name: 'StreamingConnectionLimit: 91 of 100',
    series: streams(91, 100),
    checks: fires('StreamingConnectionLimit', 5, replica('warning')),
  },
  {
    name: 'StreamingConnectionLimit: 89 of 100',
    series: [...streams(89, 100), rejected('limit', 0)],
    checks: [quiet('StreamingConnectionLimit', 60)],
  },
  {
    name: 'StreamingConnectionLimit: a stream refused every two minutes',
    series: [...streams(10, 100), rejected('limit', 0.5)],
    checks: fires('StreamingConnectionLimit', 6, replica('warning', {}, { reason: 'limit' })),
  },
  {
    name: 'StreamingConnectionLimit: refused because the replica is leaving',
    series: [...streams(10, 100), rejected('draining', 5)],
    checks: [quiet('StreamingConnectionLimit', 60)],
  },
  {
    name: 'StreamingConnectionLimit: one refused in an hour',
    series: [...streams(10, 100), { ...rejected('limit', 0), values: '0x29 1x60' }],
    checks: [quiet('StreamingConnectionLimit', 34), quiet('StreamingConnectionLimit', 35), quiet('StreamingConnectionLimit', 36)],
  },
  {
    name: 'HighAuthFailureRate: 21% of many',
    series: auth(42, 200),
    checks: fires('HighAuthFailureRate', 6, security(shownPercentage(0.21))),
  },
  { name: 'HighAuthFailureRate: 19% of many', series: auth(38, 200), checks: [quiet('HighAuthFailureRate', 60)] },
  {
    name: 'HighAuthFailureRate: half, 21 in 5 minutes',
    series: auth(4.2, 8.4),
    checks: fires('HighAuthFailureRate', 10, security(shownPercentage(0.5))),
  },
  { name: 'HighAuthFailureRate: half, 19 in 5 minutes', series: auth(3.8, 7.6), checks: [quiet('HighAuthFailureRate', 60)] },
  {
    name: 'RateLimitHits: 62 a minute',
    series: limited(62),
    checks: fires('RateLimitHits', 10, security({ '$value | humanize': '1.033' })),
  },
  { name: 'RateLimitHits: 58 a minute', series: limited(58), checks: [quiet('RateLimitHits', 60)] },
  {
    name: 'SLOMetricAbsent: no request durations',
    series: burning(1, [[0, 60]]).filter(({ series }) => !series.startsWith('http_server_request_duration')),
    checks: fires('SLOMetricAbsent', 10, ...['latency', 'latency-tail'].map((slo) => ({ labels: { severity: 'critical', slo } }))),
  },
  { name: 'SLOMetricAbsent: the series are there and nobody asks anything', series: idle(), checks: [quiet('SLOMetricAbsent', 60)] },
  {
    name: 'SLIInvalid: 1,020 refused of 1,000 offered',
    series: offered(1020),
    checks: fires('SLIInvalid', 11, { labels: { severity: 'warning', slo: 'throughput' }, shown: { '$value | humanize': '1.02k' } }),
  },
  { name: 'SLIInvalid: all 1,000 refused', series: offered(1000), checks: [quiet('SLIInvalid', 60)] },
]

function offered(refused: number): Series[] {
  return [
    counter('http_server_requests_total', `${pod},route="/mcp",status_code="429"`, [1000, steady]),
    counter('rate_limit_hits_total', `${pod},limiter="in_flight",reason="capacity"`, [refused, steady]),
  ]
}

function idle(): Series[] {
  const full = counter('rate_limit_hits_total', `${pod},limiter="in_flight",reason="capacity"`, [0, steady])
  const zeros = [
    full,
    ...timed(0, 0, 0),
    ...auth(0, 0),
    ...limited(0),
    rejected('limit', 0),
    ...streams(0, 100),
    ...memory(0.3),
    ...cpu(0.01),
  ]
  return [
    up,
    ready(1),
    ...zeros,
    counter('http_server_requests_total', `${pod},route="/mcp",status_code="200"`, [0, steady]),
    counter('http_server_requests_total', `${pod},route="/mcp",status_code="500"`, [0, steady]),
  ]
}

/** An hour in which nothing at all may fire: no traffic (0/0 stays silent), and ordinary traffic. */
export function silentHours(alerts: readonly string[]): Case[] {
  const busy = [
    ...idle().filter(({ series }) => !/^http_server/.test(series)),
    ...timed(600, 590, 599),
    counter('http_server_requests_total', `${pod},route="/mcp",status_code="200"`, [600, steady]),
    counter('http_server_requests_total', `${pod},route="/mcp",status_code="404"`, [30, steady]),
  ]
  return [
    { name: 'silence: no traffic', series: idle(), checks: alerts.map((alert) => quiet(alert, 120)) },
    { name: 'silence: ordinary traffic', series: busy, checks: alerts.map((alert) => quiet(alert, 120)) },
  ]
}
