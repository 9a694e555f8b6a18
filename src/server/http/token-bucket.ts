/** Buckets by key: each fills at `rate` tokens a second up to `burst`, and a request takes one. */
export interface Buckets {
  /** Gives 0 when the request may go on, or the seconds until it may. */
  take(key: string): number
  /** True when a request would be refused; takes nothing. */
  empty(key: string): boolean
  configure(rate: number, burst: number): void
}

const most = 100_000

/** `now` in milliseconds, on a clock that does not step back. A rate of 0 is no limit. Full buckets are forgotten. */
export function createBuckets(initialRate: number, initialBurst: number, now: () => number): Buckets {
  let rate = initialRate
  let burst = initialBurst
  const buckets = new Map<string, { tokens: number; at: number }>()
  const current = (key: string): { tokens: number; at: number } => {
    const at = now()
    const bucket = buckets.get(key)
    if (bucket === undefined) {
      const fresh = { tokens: burst, at }
      if (buckets.size >= most) forgetFull(at)
      buckets.set(key, fresh)
      return fresh
    }
    bucket.tokens = Math.min(burst, bucket.tokens + ((at - bucket.at) / 1000) * rate)
    bucket.at = at
    return bucket
  }
  const forgetFull = (at: number): void => {
    for (const [key, bucket] of buckets) if (bucket.tokens + ((at - bucket.at) / 1000) * rate >= burst) buckets.delete(key)
    if (buckets.size >= most) buckets.clear()
  }
  return {
    take: (key) => {
      if (rate <= 0) return 0
      const bucket = current(key)
      if (bucket.tokens >= 1) {
        bucket.tokens -= 1
        return 0
      }
      return (1 - bucket.tokens) / rate
    },
    empty: (key) => rate > 0 && buckets.has(key) && current(key).tokens < 1,
    configure: (newRate, newBurst) => {
      rate = newRate
      burst = newBurst
    },
  }
}
