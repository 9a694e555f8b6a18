import { type Circuit, createCircuit } from './circuit.ts'
import type { Settings } from './settings.ts'
import { Refusal } from './tasks/task.ts'
import type { DependencyOutcome } from './telemetry/catalogue.ts'
import { type Log, reasonOf } from './telemetry/log.ts'
import type { Metrics } from './telemetry/metrics.ts'
import { contextOf, spanned, type TraceContext, type Tracing, traceparentOf } from './telemetry/trace.ts'

/** A service that this one depends on did not do its part. The message is fit to be shown. */
export class DependencyError extends Error {
  readonly problem: 'unavailable' | 'timeout'

  constructor(problem: 'unavailable' | 'timeout', message: string) {
    super(message)
    this.name = 'DependencyError'
    this.problem = problem
  }
}

/** The name it has in metrics, logs and health. */
export const webhookName = 'webhook'

/** What it is told. Of which trace it is goes into a header; which process made it is our own affair. */
type Told = object & { readonly traceparent?: string; readonly origin?: string }

export interface Webhook {
  /**
   * Asks for leave to do something (mode `before`); does nothing in mode `after`.
   * @throws Refusal when it says no (4xx), DependencyError when it cannot be asked.
   */
  ask(event: object): Promise<void>
  /** Tells of something done (mode `after`); does nothing in mode `before`. Never waits, never throws. */
  tell(event: Told): void
  state(): ReturnType<Circuit['state']>
  /** Waits until what was told is delivered or given up. */
  close(): Promise<void>
}

const longestQueue = 1000
const attempts = 3
const states = { closed: 0, half_open: 1, open: 2 } as const

/** Takes the settings: the two of the circuit breaker may change while it runs. Every call has a timeout and goes through a circuit breaker; outcomes are counted. */
export function createWebhook(current: () => Settings, metrics: Metrics, log: Log, tracing?: Tracing): Webhook {
  const settings = current()
  const breaker = () => ({ failures: current().webhookBreakerFailures, resetSeconds: current().webhookBreakerReset })
  const circuit = createCircuit(breaker, () => performance.now())
  const before = settings.webhookMode === 'before'
  const { host } = new URL(settings.webhookUrl)
  const queue: Told[] = []
  let delivering: Promise<void> | undefined
  let stopped = false
  metrics.beforeScrape(() => metrics.breaker.set({ dependency: webhookName }, states[circuit.state()]))

  const count = (outcome: DependencyOutcome): void => metrics.dependencyRequests.inc({ dependency: webhookName, outcome })

  const post = async (event: object, parent: TraceContext | undefined): Promise<void> => {
    if (tracing === undefined) return send(event, {})
    const span = tracing.start('POST webhook', { kind: 'client', parent })
    span.set('http.request.method', 'POST')
    span.set('server.address', host)
    return spanned(tracing, span, () => send(event, { traceparent: traceparentOf(span) }))
  }

  const send = async (event: object, headers: Readonly<Record<string, string>>): Promise<void> => {
    if (!circuit.admit()) {
      count('circuit_open')
      throw new DependencyError(
        'unavailable',
        `the webhook ${host} failed repeatedly and is not asked again for ${current().webhookBreakerReset} s`,
      )
    }
    const since = performance.now()
    const failed = (outcome: DependencyOutcome, problem: 'unavailable' | 'timeout', reason: string): never => {
      circuit.failed()
      count(outcome)
      log.warn('webhook failed', { dependency: webhookName, host, outcome, reason, circuit: circuit.state() })
      throw new DependencyError(problem, `the webhook ${host} ${reason}`)
    }
    try {
      const response = await fetch(settings.webhookUrl, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify(event),
        signal: AbortSignal.timeout(settings.webhookTimeout * 1000),
        redirect: 'error',
      }).catch((error: unknown) =>
        error instanceof DOMException && error.name === 'TimeoutError'
          ? failed('timeout', 'timeout', `did not answer within ${settings.webhookTimeout} s`)
          : failed('failure', 'unavailable', `cannot be reached: ${reasonOf((error as Error).cause ?? error)}`),
      )
      await response.body?.cancel()
      if (response.status >= 500 || response.status === 429) failed('failure', 'unavailable', `answered ${response.status}`)
      circuit.succeeded()
      if (response.status >= 400) {
        count('refused')
        throw new Refusal('invalid', `the webhook ${host} did not agree to this change (it answered ${response.status})`)
      }
      count('success')
    } finally {
      metrics.dependencyDuration.observe({ dependency: webhookName }, (performance.now() - since) / 1000)
    }
  }

  const deliver = async (): Promise<void> => {
    for (let told = queue.shift(); told !== undefined; told = queue.shift()) {
      const { traceparent, origin: _origin, ...event } = told
      for (let attempt = 1; attempt <= attempts; attempt++) {
        const done = await post(event, contextOf(traceparent)).then(
          () => true,
          (error: unknown) => error instanceof Refusal,
        )
        if (done || stopped || circuit.state() === 'open') break
        await new Promise((resolve) => setTimeout(resolve, 100 * 2 ** attempt))
      }
    }
    delivering = undefined
  }

  return {
    ask: async (event) => {
      if (before) await post(event, tracing?.current())
    },
    tell: (event) => {
      if (before || stopped) return
      if (queue.length >= longestQueue) {
        log.warn('webhook queue is full, the oldest change in it is dropped', { dependency: webhookName, waiting: queue.length })
        queue.shift()
      }
      queue.push(event)
      delivering ??= deliver()
    },
    state: () => circuit.state(),
    close: async () => {
      stopped = true
      await delivering
    },
  }
}
