import {
  authFailures,
  type Catalogue,
  dependencyOutcomes,
  limiters,
  serverErrorTypes,
  spanDrops,
  statusErrorTypes,
  streamClosings,
  streamRejections,
} from './catalogue.ts'

const answers: ReadonlyArray<readonly [method: string, route: string, codes: readonly number[]]> = [
  ['POST', '/mcp', [200, 202, 400, 401, 403, 404, 406, 408, 413, 415, 429, 500, 503]],
  ['GET', '/mcp', [200, 400, 401, 403, 404, 405, 406, 429, 503]],
  ['DELETE', '/mcp', [200, 400, 401, 403, 404, 405, 429, 503]],
  ['GET', '/health/live', [200]],
  ['GET', '/health/ready', [200, 503]],
  ['GET', '/metrics', [200]],
  ['GET', 'other', [404]],
]

/** What there is to be counted: the tools and operations by name, and the dependencies that are configured. */
export interface Countable {
  readonly tools: readonly string[]
  readonly methods: readonly string[]
  readonly storeOperations: readonly string[]
  readonly checks: readonly string[]
  readonly dependencies: readonly string[]
}

/** Makes every series exist with 0, so that the first error is an increase and not a new series that `rate()` cannot see. */
export function zeroInitialise(catalogue: Catalogue, countable: Countable): void {
  for (const [method, route, codes] of answers)
    for (const code of codes) {
      catalogue.httpRequests.inc({ method, route, status_code: code }, 0)
      if (!(route === '/mcp' && method === 'GET' && code === 200))
        catalogue.httpDuration.zero({ method, route, status_class: `${Math.floor(code / 100)}xx` })
    }
  for (const error_type of ['', ...serverErrorTypes, ...statusErrorTypes]) {
    for (const mcp_method_name of [...countable.methods, '_other'])
      catalogue.operations.zero({ mcp_method_name, gen_ai_tool_name: '', error_type })
    for (const gen_ai_tool_name of [...countable.tools, '_other'])
      catalogue.operations.zero({ mcp_method_name: 'tools/call', gen_ai_tool_name, error_type })
  }
  for (const reason of streamRejections) catalogue.streamsRejected.inc({ reason }, 0)
  for (const reason of streamClosings) {
    catalogue.streamsClosed.inc({ reason }, 0)
    catalogue.streamDuration.zero({ reason })
  }
  for (const reason of spanDrops) catalogue.spansDropped.inc({ reason }, 0)
  for (const reason of authFailures) catalogue.authFailures.inc({ reason }, 0)
  for (const [limiter, reason] of limiters) catalogue.rateLimitHits.inc({ limiter, reason }, 0)
  for (const operation of countable.storeOperations) catalogue.queryDuration.zero({ operation })
  for (const state of ['max', 'in_use', 'idle', 'waiting']) catalogue.poolConnections.set({ state }, 0)
  for (const check of countable.checks) {
    catalogue.health.set({ check }, 0)
    catalogue.healthDuration.zero({ check })
  }
  for (const dependency of countable.dependencies) {
    for (const outcome of dependencyOutcomes) catalogue.dependencyRequests.inc({ dependency, outcome }, 0)
    catalogue.dependencyDuration.zero({ dependency })
    catalogue.breaker.set({ dependency }, 0)
  }
}
