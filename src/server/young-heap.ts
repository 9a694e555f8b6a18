import { PerformanceObserver } from 'node:perf_hooks'
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8'

/**
 * Large enough that little of what a request needs lives long enough to be copied (at 1 MB a seventh of the time for a call went
 * there), and small enough that ten thousand idle streams take no more memory than at 1 MB.
 */
const enoughBytes = 4 * 1024 * 1024

/**
 * Lets V8's space for new objects grow to a few megabytes, instead of 16 and more in bursts. What a server keeps (sessions, streams)
 * otherwise ends up on pages that it shares with what was garbage long ago: ten thousand idle streams took twice the memory.
 * `bench/server/call.ts` and `streams.ts` show both sides.
 */
export function keepYoungHeapSmall(): void {
  let mayGrow: boolean | undefined
  const look = (): void => {
    const space = getHeapSpaceStatistics().find(({ space_name: name }) => name === 'new_space')
    const wanted = space === undefined || space.space_used_size + space.space_available_size < enoughBytes
    if (wanted === mayGrow) return
    mayGrow = wanted
    setFlagsFromString(`--semi-space-growth-factor=${wanted ? 2 : 1}`)
  }
  look()
  new PerformanceObserver(look).observe({ entryTypes: ['gc'] })
}
