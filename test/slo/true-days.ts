/** Thirty-three days of a service, minute by minute, of which everything is known: the counters it shows and what truly happened. */

import { once } from 'node:events'
import { createWriteStream } from 'node:fs'

const minute = 60
const day = 1440

/** What happened in one minute. */
export interface Minute {
  requests: number
  failed: number
  mcpFailed: number
  shed: number
  over200: number
  over500: number
  ready: boolean
}

export interface TrueDays {
  /** Unix seconds of the first minute. */
  start: number
  minutes: Minute[]
}

interface Pod {
  name: string
  /** Minutes of its life: from, to (excluded). */
  from: number
  to: number
  /** The container restarts: its counters begin again. */
  restarts: readonly number[]
  /** Minutes in which Prometheus could not scrape it. */
  unseen: readonly (readonly [number, number])[]
}

const days = 33
/** A release on day 24 replaces the pods: old series end, new ones begin. A third pod joins for a week. */
const release = 24 * day + 600
const pods: readonly Pod[] = [
  { name: 'old-a', from: 0, to: release, restarts: [12 * day + 333], unseen: [] },
  { name: 'old-b', from: 0, to: release + 2, restarts: [], unseen: [[15 * day, 15 * day + 20]] },
  { name: 'extra', from: 16 * day, to: 23 * day, restarts: [20 * day + 5], unseen: [[18 * day + 7, 18 * day + 9]] },
  { name: 'new-a', from: release - 1, to: days * day, restarts: [], unseen: [] },
  { name: 'new-b', from: release + 1, to: days * day, restarts: [29 * day + 77, 29 * day + 79], unseen: [] },
]

/** [first minute, minutes, share of requests that fail] */
export const incidents = [
  { from: 8 * day + 120, minutes: 40, share: 0.05 },
  { from: 19 * day + 700, minutes: 7, share: 0.4 },
  { from: release, minutes: 25, share: 0.03 },
  { from: 31 * day + 30, minutes: 180, share: 0.004 },
] as const
/** Nothing is ready: [first minute, minutes]. */
const outages = [
  [10 * day + 200, 9],
  [27 * day + 61, 3],
] as const

/**
 * The days from `start`, and the counters of the last `shown` of them written to `file` as OpenMetrics text. Each pod has
 * `more` series of other routes, of which nothing is known: only for measuring what series cost.
 */
export async function writeTrueDays(file: string, start: number, shown = days, more = 0): Promise<TrueDays> {
  const random = generator(20_261_123)
  const out = createWriteStream(file)
  const counters = new Map(pods.map((pod) => [pod.name, fresh()]))
  const minutes: Minute[] = []
  for (let now = 0; now < days * day; now++) {
    const share = incidents.find((incident) => now >= incident.from && now < incident.from + incident.minutes)?.share ?? 0
    const ready = !outages.some(([from, length]) => now >= from && now < from + length)
    const total: Minute = { requests: 0, failed: 0, mcpFailed: 0, shed: 0, over200: 0, over500: 0, ready }
    const lines: string[] = []
    for (const pod of pods) {
      if (now < pod.from || now >= pod.to) continue
      if (pod.restarts.includes(now)) counters.set(pod.name, fresh())
      const counted = counters.get(pod.name)!
      // At the first scrape of a life all counters are there, and zero.
      if (now > pod.from) happen(counted, total, now, share, random)
      if (pod.unseen.some(([from, to]) => now >= from && now < to)) continue
      lines.push(...exposition(pod.name, counted, ready, start + now * minute, more))
    }
    minutes.push(total)
    if (now < (days - shown) * day) continue
    if (lines.length > 0 && !out.write(`${lines.join('\n')}\n`)) await once(out, 'drain')
  }
  out.end('# EOF\n')
  await once(out, 'finish')
  return { start, minutes }
}

type Counters = Omit<Minute, 'ready'>
const fresh = (): Counters => ({ requests: 0, failed: 0, mcpFailed: 0, shed: 0, over200: 0, over500: 0 })

function happen(counted: Counters, total: Minute, now: number, share: number, random: () => number): void {
  // Busy by day, quiet at night.
  const requests = Math.round(300 + 250 * Math.sin(((now % day) / day) * 2 * Math.PI) + 40 * random())
  const some = (p: number) => Math.floor(requests * p + random())
  const event = {
    requests,
    failed: some(share + 0.00025),
    mcpFailed: some(0.00005),
    shed: some(0.0015),
    over200: some(0.02),
    over500: some(0.004),
  }
  for (const key of Object.keys(event) as (keyof Counters)[]) {
    counted[key] += event[key]
    total[key] += event[key]
  }
}

function exposition(pod: string, c: Counters, ready: boolean, at: number, more: number): string[] {
  const labels = `job="task-mcp-http",namespace="task-mcp",pod="task-mcp-http-${pod}",instance="${pod}:3000"`
  const request = (code: number, value: number) =>
    `http_server_requests_total{${labels},method="POST",route="/mcp",status_code="${code}"} ${value} ${at}`
  const duration = (suffix: string, le: string, value: number) =>
    `http_server_request_duration_seconds_${suffix}{${labels},method="POST",route="/mcp"${le}} ${value} ${at}`
  return [
    `up{${labels}} 1 ${at}`,
    `health_check_status{${labels},check="ready"} ${ready ? 1 : 0} ${at}`,
    `http_server_requests_total{${labels},method="GET",route="/health/ready",status_code="500"} ${at % 1_000_000} ${at}`,
    request(200, c.requests - c.failed - c.shed),
    request(500, c.failed),
    request(429, c.shed),
    ...Array.from(
      { length: more },
      (_, index) => `http_server_requests_total{${labels},method="GET",route="/route-${index}",status_code="200"} ${c.requests} ${at}`,
    ),
    `mcp_server_operation_duration_seconds_count{${labels},mcp_method_name="tools/call",error_type="internal"} ${c.mcpFailed} ${at}`,
    `rate_limit_hits_total{${labels},limiter="in_flight",reason="capacity"} ${c.shed} ${at}`,
    duration('bucket', ',le="0.2"', c.requests - c.over200 - c.over500),
    duration('bucket', ',le="0.5"', c.requests - c.over500),
    duration('bucket', ',le="+Inf"', c.requests),
    duration('count', '', c.requests),
    `task_mcp_build_info{${labels},version="${pod.startsWith('new') ? '1.1.0' : '1.0.0'}",revision="r"} 1 ${at}`,
  ]
}

/** Bad and total of an objective in the `length` minutes before minute `end`. */
export function truth({ minutes }: TrueDays, slo: string, end: number, length: number): { bad: number; total: number } {
  const bad: Record<string, (m: Minute) => number> = {
    availability: (m) => (m.ready ? 0 : 1),
    'error-rate': (m) => m.failed + m.mcpFailed,
    latency: (m) => m.over200 + m.over500,
    'latency-tail': (m) => m.over500,
    throughput: (m) => m.shed,
  }
  const some = minutes.slice(end - length, end)
  return {
    bad: some.reduce((sum, m) => sum + bad[slo]!(m), 0),
    total: some.reduce((sum, m) => sum + (slo === 'availability' ? 1 : m.requests), 0),
  }
}

/** Mulberry32: the same days every time. */
function generator(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}
