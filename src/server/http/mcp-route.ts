import type { IncomingMessage, ServerResponse } from 'node:http'
import type { LegacyEndpoint } from '../mcp/legacy/endpoint.ts'
import type { ModernEndpoint } from '../mcp/modern/endpoint.ts'
import type { Settings } from '../settings.ts'
import type { Metrics } from '../telemetry/metrics.ts'
import { contextOf, type Tracing } from '../telemetry/trace.ts'
import type { Seen } from './account.ts'
import { nestsDeeper, readBody } from './body.ts'
import type { Call } from './call.ts'
import type { Guard } from './guard.ts'
import { comeBack, HttpRefusal } from './refusal.ts'

export interface McpRoute {
  (request: IncomingMessage, response: ServerResponse, seen: Seen): Promise<void>
  /** Requests being worked on, streams left out. */
  inFlight(): number
}

/** /mcp: admission first, then the body within its bounds, then the protocol. */
export function createMcpRoute(
  settings: () => Settings,
  guard: Guard,
  legacy: LegacyEndpoint,
  modern: ModernEndpoint,
  metrics: Metrics,
  tracing: Tracing | undefined,
): McpRoute {
  let working = 0

  const post = async (call: Call, seen: Seen): Promise<void> => {
    const { maxBodyBytes, maxDepth } = settings()
    checkTypes(call.request)
    const body = parsed(await readBody(call.request, maxBodyBytes), maxDepth)
    seen.method = methodOf(body)
    seen.parent ??= contextOf(metaOf(body)?.traceparent)
    const era = modern.claims(call, body) ? modern : legacy
    if (tracing === undefined) return await era.post(call, body)
    seen.span = tracing.start('POST /mcp', { kind: 'server', parent: seen.parent, since: seen.since })
    return tracing.within(seen.span, () => era.post(call, body))
  }

  const handle = (call: Call, seen: Seen): Promise<void> => {
    const { request } = call
    if (request.method !== 'POST' && modern.claims(call, undefined)) throw notUsed(request.method, 'POST')
    switch (request.method) {
      case 'POST':
        return post(call, seen)
      case 'GET':
        return legacy.get(call)
      case 'DELETE':
        return legacy.remove(call)
      default:
        throw notUsed(request.method, 'GET, POST, DELETE')
    }
  }

  const route = async (request: IncomingMessage, response: ServerResponse, seen: Seen): Promise<void> => {
    const admitted = guard.admit(request)
    const principal = admitted instanceof Promise ? await admitted : admitted
    const call: Call = { request, response, requestId: seen.requestId, principal, streaming: false }
    seen.call = call
    if (working >= settings().maxInFlight) {
      metrics.rateLimitHits.inc({ limiter: 'in_flight', reason: 'capacity' })
      metrics.badRequests.count(principal.tag, 'full')
      throw comeBack(503, 1, `this replica works on ${working} requests already, which is its most`)
    }
    working += 1
    try {
      await handle(call, seen)
    } finally {
      working -= 1
    }
  }
  return Object.assign(route, { inFlight: () => working })
}

function notUsed(method: string | undefined, allow: string): HttpRefusal {
  return new HttpRefusal(405, `${method} is not used on /mcp here: ${allow}`, { headers: { allow } })
}

/** @throws HttpRefusal 415 or 406. */
function checkTypes({ headers }: IncomingMessage): void {
  const type = headers['content-type'] ?? ''
  if (type !== 'application/json' && !/^application\/json\s*(;|$)/i.test(type))
    throw new HttpRefusal(415, 'a POST carries JSON: send Content-Type: application/json')
  const accept = headers.accept ?? '*/*'
  if (!/application\/(json|\*)|\*\/\*/.test(accept))
    throw new HttpRefusal(406, 'the answer is JSON or an event stream: send Accept: application/json, text/event-stream')
}

/** @throws HttpRefusal 400. */
function parsed(text: string, maxDepth: number): unknown {
  if (nestsDeeper(text, maxDepth)) throw new HttpRefusal(400, `the body nests deeper than ${maxDepth} levels`, { code: -32600 })
  try {
    return JSON.parse(text)
  } catch {
    throw new HttpRefusal(400, 'Parse error: the body is not JSON', { code: -32700 })
  }
}

function metaOf(body: unknown): Record<string, unknown> | undefined {
  const meta = (body as { params?: { _meta?: unknown } } | null)?.params?._meta
  return typeof meta === 'object' && meta !== null ? (meta as Record<string, unknown>) : undefined
}

function methodOf(body: unknown): string | undefined {
  if (Array.isArray(body)) return 'batch'
  return typeof body === 'object' && body !== null && 'method' in body ? String(body.method).slice(0, 60) : undefined
}
