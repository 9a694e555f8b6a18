import type { Log } from '../telemetry/log.ts'
import { reasonOf } from '../telemetry/log.ts'
import type { Metrics } from '../telemetry/metrics.ts'

export interface CheckResult {
  readonly status: 'ok' | 'failed'
  readonly reason?: string
}

export interface Readiness {
  readonly status: 'ready' | 'not_ready'
  readonly checks: Readonly<Record<string, CheckResult>>
}

/** Knows whether the server can do its work: it looks when asked, and on its own when nobody asks. */
export interface Health {
  /** Looks at every dependency, or gives what was seen within the last second. */
  readiness(): Promise<Readiness>
  start(): void
  /** From now on not ready: the server is stopping. */
  drain(): void
  close(): void
}

export interface HealthOptions {
  /** Checks that readiness depends on. Each resolves when well, and rejects with the reason when not. */
  readonly checks: Readonly<Record<string, () => Promise<void>>>
  /** Shown with the others, but readiness does not depend on them: they are not ours alone, and other replicas are no better off. */
  readonly advisory: Readonly<Record<string, () => CheckResult>>
  readonly intervalSeconds: number
  readonly timeoutSeconds: number
  readonly metrics: Metrics
  readonly log: Log
}

const freshMilliseconds = 1000

export function createHealth({ checks, advisory, intervalSeconds, timeoutSeconds, metrics, log }: HealthOptions): Health {
  let seen: { at: number; results: Record<string, CheckResult> } | undefined
  let looking: Promise<Record<string, CheckResult>> | undefined
  let draining = false
  let wasReady: boolean | undefined
  let timer: NodeJS.Timeout | undefined

  const check = async (name: string, work: () => Promise<void>): Promise<CheckResult> => {
    const since = performance.now()
    let late: NodeJS.Timeout | undefined
    const timeout = new Promise<never>((_, reject) => {
      late = setTimeout(() => reject(new Error(`no answer within ${timeoutSeconds} s`)), timeoutSeconds * 1000)
    })
    try {
      await Promise.race([work(), timeout])
      return { status: 'ok' }
    } catch (error) {
      return { status: 'failed', reason: reasonOf(error) }
    } finally {
      clearTimeout(late)
      metrics.healthDuration.observe({ check: name }, (performance.now() - since) / 1000)
    }
  }

  const look = async (): Promise<Record<string, CheckResult>> => {
    const results: Record<string, CheckResult> = {}
    await Promise.all(
      Object.entries(checks).map(async ([name, work]) => {
        results[name] = await check(name, work)
      }),
    )
    seen = { at: performance.now(), results }
    return results
  }

  const report = (results: Record<string, CheckResult>): Readiness => {
    const all = { ...results }
    if (draining) all.lifecycle = { status: 'failed', reason: 'the server is stopping' }
    const ready = Object.values(all).every(({ status }) => status === 'ok')
    for (const [name, look] of Object.entries(advisory)) all[name] = look()
    for (const [name, { status }] of Object.entries(all))
      if (name !== 'lifecycle') metrics.health.set({ check: name }, status === 'ok' ? 1 : 0)
    metrics.health.set({ check: 'ready' }, ready ? 1 : 0)
    if (ready !== wasReady) {
      if (ready) log.info('ready')
      else if (draining) log.info('not ready, because the server is stopping')
      else log.error('not ready', { checks: all })
      wasReady = ready
    }
    return { status: ready ? 'ready' : 'not_ready', checks: all }
  }

  const readiness = async (): Promise<Readiness> => {
    if (seen !== undefined && performance.now() - seen.at < freshMilliseconds) return report(seen.results)
    looking ??= look().finally(() => {
      looking = undefined
    })
    return report(await looking)
  }

  return {
    readiness,
    start: () => {
      timer = setInterval(() => void readiness(), intervalSeconds * 1000)
      timer.unref()
    },
    drain: () => {
      draining = true
      if (seen !== undefined) report(seen.results)
    },
    close: () => clearInterval(timer),
  }
}
