import { readFileSync } from 'node:fs'
import { availableParallelism, totalmem } from 'node:os'
import { performance } from 'node:perf_hooks'
import { getHeapStatistics } from 'node:v8'
import { Counter, collectDefaultMetrics, Gauge, type Registry } from '@prometheus-io/client'

/** Adds what the process and its container know about themselves: memory and CPU limits, throttling, heap limit, event loop. */
export function collectProcess(registry: Registry): void {
  collectDefaultMetrics({ register: registry })
  const registers = [registry]
  new Gauge({
    name: 'process_memory_limit_bytes',
    help: 'Memory this process may use: the container limit, or all of the machine',
    registers,
  }).set(memoryLimit(process.constrainedMemory(), totalmem()))
  new Gauge({
    name: 'process_cpu_limit_cores',
    help: 'Cores this process may use: the container quota, or all of the machine',
    registers,
  }).set(cpuLimit(readOrNothing, availableParallelism()))
  new Gauge({ name: 'nodejs_heap_size_limit_bytes', help: 'Largest heap V8 allows itself', registers }).set(
    getHeapStatistics().heap_size_limit,
  )
  new Counter({
    name: 'process_cpu_throttled_seconds_total',
    help: 'Time the container was held back by its CPU quota',
    registers,
    collect() {
      this.reset()
      this.inc(throttledSeconds(readOrNothing))
    },
  })
  let before = performance.eventLoopUtilization()
  new Gauge({
    name: 'nodejs_eventloop_utilization',
    help: 'Share of time the event loop was busy since the last scrape, 0 to 1',
    registers,
    collect() {
      const now = performance.eventLoopUtilization()
      const since = performance.eventLoopUtilization(now, before)
      before = now
      this.set(Number.isFinite(since.utilization) ? since.utilization : 0)
    },
  })
}

/** The smaller of the container's limit and the machine's memory, in bytes. Without a limit the container's can read 1.8e19. */
export function memoryLimit(constrained: number, total: number): number {
  return constrained > 0 ? Math.min(constrained, total) : total
}

type Read = (path: string) => string

function readOrNothing(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

/** The CPU quota in cores, from cgroup v2 (`cpu.max`) or v1, or `cores` when there is none. */
export function cpuLimit(read: Read, cores: number): number {
  const [quota2, period2] = read('/sys/fs/cgroup/cpu.max').trim().split(' ')
  const quota = Number(quota2 || read('/sys/fs/cgroup/cpu/cpu.cfs_quota_us'))
  const period = Number(period2 ?? read('/sys/fs/cgroup/cpu/cpu.cfs_period_us'))
  return quota > 0 && period > 0 ? Math.min(quota / period, cores) : cores
}

/** Seconds this cgroup was throttled: `throttled_usec` in v2, `throttled_time` (nanoseconds) in v1, 0 where neither is. */
export function throttledSeconds(read: Read): number {
  const v2 = /^throttled_usec (\d+)$/m.exec(read('/sys/fs/cgroup/cpu.stat'))
  if (v2) return Number(v2[1]) / 1e6
  const v1 = /^throttled_time (\d+)$/m.exec(read('/sys/fs/cgroup/cpu/cpu.stat'))
  return v1 ? Number(v1[1]) / 1e9 : 0
}
