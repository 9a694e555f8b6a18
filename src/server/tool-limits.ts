import { UsageError } from '../errors.ts'
import { type Buckets, createBuckets } from './http/token-bucket.ts'
import type { Principal } from './mcp/exchange.ts'
import { RpcError, rpcCode } from './mcp/rpc.ts'
import type { Settings } from './settings.ts'
import type { Metrics } from './telemetry/metrics.ts'

/** How often one principal may call a tool: calls a second, and calls at once. */
export interface ToolLimit {
  readonly rate: number
  readonly burst: number
}

/**
 * Takes the `tool-limits` setting: `NAME=RATE` or `NAME=RATE/BURST`, the rate in calls a second. Without a burst it is the rate,
 * and one at least. Of a name that is there twice the last counts.
 * @throws UsageError that names the entry.
 */
export function toolLimitsOf(setting: readonly string[]): ReadonlyMap<string, ToolLimit> {
  const limits = new Map<string, ToolLimit>()
  for (const entry of setting) {
    const [, name, given, burst] = /^([\w.-]+)=(\d+(?:\.\d+)?)(?:\/(\d+))?$/.exec(entry) ?? []
    const rate = Number(given)
    if (name === undefined || !(rate > 0) || burst === '0')
      throw new UsageError(
        `tool-limits has "${entry}", which is not NAME=RATE or NAME=RATE/BURST`,
        'write delete_tasks=2 for 2 calls a second, delete_tasks=0.1/5 for one every 10 s and 5 at once',
      )
    limits.set(name, { rate, burst: burst === undefined ? Math.max(1, rate) : Number(burst) })
  }
  return limits
}

/** Gives the settings back when each limited tool is one that there is. @throws UsageError that names the one that is not. */
export function checkToolNames(settings: Settings, tools: readonly string[]): Settings {
  for (const name of toolLimitsOf(settings.toolLimits).keys())
    if (!tools.includes(name))
      throw new UsageError(`tool-limits names the tool "${name}", which there is not`, `those there are: ${tools.join(', ')}`)
  return settings
}

export interface ToolLimits {
  /** @throws RpcError 429 that says when to come back, when this principal calls this tool too often. */
  admit(tool: string, principal: Principal): void
  /** Takes the limits from the settings again. Who has used up a limit that stays has used it up. */
  reconfigure(): void
}

export function createToolLimits(settings: () => Settings, metrics: Metrics): ToolLimits {
  let limited = new Map<string, Buckets>()
  const reconfigure = (): void => {
    const next = new Map<string, Buckets>()
    for (const [name, { rate, burst }] of toolLimitsOf(settings().toolLimits)) {
      const buckets = limited.get(name) ?? createBuckets(rate, burst, () => performance.now())
      buckets.configure(rate, burst)
      next.set(name, buckets)
    }
    limited = next
  }
  reconfigure()
  return {
    admit: (tool, principal) => {
      const wait = limited.get(tool)?.take(principal.name) ?? 0
      if (wait === 0) return
      metrics.rateLimitHits.inc({ limiter: 'tool', reason: 'abuse' })
      const seconds = Math.max(1, Math.ceil(wait))
      throw new RpcError(rpcCode.unavailable, `you call ${tool} too often: come back in ${seconds} s`, {
        status: 429,
        data: { retryAfterSeconds: seconds },
        retryAfter: seconds,
      })
    },
    reconfigure,
  }
}
