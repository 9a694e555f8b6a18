/** What a process says of itself on its metrics page, in place of /proc. Pure. */
import type { DirectScrape } from '../facts/snapshot.ts'

export interface ProcessFacts {
  startedAt: string | null
  cpuSeconds: number | null
  residentBytes: number | null
  heapUsedBytes: number | null
  heapLimitBytes: number | null
  openFiles: number | null
  mostFiles: number | null
  eventLoopLagP99Seconds: number | null
}

/** Takes the samples of one page. What the page does not have is null. */
export function processFacts(samples: DirectScrape['samples']): ProcessFacts {
  const of = (...names: string[]): number | null => {
    const found = names.flatMap((name) => samples.filter((sample) => sample.name === name)).at(0)?.value
    return found === undefined || !Number.isFinite(found) ? null : found
  }
  const started = of('process_start_time_seconds')
  return {
    startedAt: started === null ? null : new Date(started * 1000).toISOString(),
    cpuSeconds: of('process_cpu_seconds_total'),
    residentBytes: of('process_resident_memory_bytes'),
    heapUsedBytes: of('nodejs_heap_size_used_bytes', 'go_memstats_heap_inuse_bytes', 'jvm_memory_used_bytes'),
    heapLimitBytes: of('nodejs_heap_size_limit_bytes', 'jvm_memory_max_bytes'),
    openFiles: of('process_open_fds'),
    mostFiles: of('process_max_fds'),
    eventLoopLagP99Seconds: of('nodejs_eventloop_lag_p99_seconds'),
  }
}
