/** Looks at measurements that prove a fault of time, memory or load, each giving what was measured in one line. */
import { until } from './kubectl.ts'
import { prometheus } from './see.ts'
import type { World } from './world.ts'

const pods = (world: World): string => `namespace="${world.names.namespace}",pod=~"${world.names.app}-.*"`
const requests = (world: World): string => `${pods(world)},route!~"/health.*|/metrics"`

/** Waits until a query of Prometheus gives more than a number. */
export const above = (what: string, query: string, limit: number, show: (value: number) => string, seconds = 120): Promise<string> =>
  until(`${what} above ${limit}`, seconds, async () => {
    const value = await prometheus(query)
    return value !== undefined && value > limit && show(value)
  })

/** Waits until 95% of the answers take longer than so many milliseconds, over the last half minute. */
export const slowAnswers = (world: World, milliseconds = 200, seconds = 120): Promise<string> =>
  above(
    'the 95th percentile in ms',
    `1000 * histogram_quantile(0.95, sum by (le) (rate(http_server_request_duration_seconds_bucket{${requests(world)}}[30s])))`,
    milliseconds,
    (value) => `95% of the answers take up to ${Math.round(value)} ms`,
    seconds,
  )

/** Waits until pods are held back by their CPU limit in more than this share of periods. */
export const throttled = (world: World, share = 0.3, seconds = 120): Promise<string> =>
  above(
    'the share of throttled periods',
    `max(sum by (pod) (rate(container_cpu_cfs_throttled_periods_total{${pods(world)}}[30s])) / sum by (pod) (rate(container_cpu_cfs_periods_total{${pods(world)}}[30s])))`,
    share,
    (value) => `throttled in ${Math.round(value * 100)}% of the periods`,
    seconds,
  )

/** Waits until the busiest pod uses more than so many cores. */
export const busyPod = (world: World, cores: number, seconds = 90): Promise<string> =>
  above(
    'the CPU of the busiest pod',
    `max(sum by (pod) (rate(container_cpu_usage_seconds_total{${pods(world)},container=""}[30s])))`,
    cores,
    (value) => `${Math.round(value * 1000)}m of CPU in one pod`,
    seconds,
  )

/** Waits until the event loop of a pod is late by more than so many seconds. */
export const lateLoop = (world: World, lag: number, seconds = 120): Promise<string> =>
  above(
    'the lag of the event loop',
    `max(nodejs_eventloop_lag_p99_seconds{${pods(world)}})`,
    lag,
    (value) => `the event loop is ${Math.round(value * 1000)} ms late`,
    seconds,
  )

/** Waits until a pod uses more than so many MiB. */
export const memoryAbove = (world: World, mib: number, seconds = 180): Promise<string> =>
  above(
    'the memory of a pod in MiB',
    `max(sum by (pod) (container_memory_working_set_bytes{${pods(world)},container=""})) / 1048576`,
    mib,
    (value) => `${Math.round(value)} MiB in one pod`,
    seconds,
  )

/** Requests a second over the last half minute. */
export const requestRate = async (world: World): Promise<number> =>
  (await prometheus(`sum(rate(http_server_requests_total{${requests(world)}}[30s]))`)) ?? 0

/** Waits until so many requests a second arrive. */
export const requestsAbove = (world: World, rate: number, seconds = 120): Promise<string> =>
  above(
    'requests a second',
    `sum(rate(http_server_requests_total{${requests(world)}}[30s]))`,
    rate,
    (value) => `${value.toFixed(1)} requests a second`,
    seconds,
  )
