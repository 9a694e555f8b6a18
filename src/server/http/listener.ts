import { randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { UsageError } from '../../errors.ts'
import { errorMessage, RpcError } from '../mcp/rpc.ts'
import { StoreError } from '../store/port.ts'
import type { Log } from '../telemetry/log.ts'
import type { Metrics } from '../telemetry/metrics.ts'
import { contextOf, type Tracing } from '../telemetry/trace.ts'
import { createAccount, type Seen } from './account.ts'
import { answer } from './call.ts'
import { mostConnections } from './capacity.ts'
import type { Certificate } from './certificate.ts'
import { trackConnections } from './connections.ts'
import { comeBack, comeBackSeconds, HttpRefusal } from './refusal.ts'
import { Reply } from './reply.ts'
import { metadataPaths } from './resource-metadata.ts'

/** No two processes have one, so that counting makes ids that are there once. */
const processId = randomBytes(8).toString('hex')
let requests = 0
const nextRequestId = (): string => `${processId}-${++requests}`

/** What one listener answers. */
export interface Routes {
  /** Gives false when the path is not its own. */
  readonly admin?: (request: IncomingMessage, response: ServerResponse, path: string) => Promise<boolean>
  /** What is said about who issues tokens (RFC 9728). */
  readonly metadata?: object | undefined
  /** /mcp, for a request whose sender is not yet known. `call` is filled in on the way. */
  readonly mcp?: (request: IncomingMessage, response: ServerResponse, seen: Seen) => Promise<void>
}

export interface Listener {
  readonly port: number
  readonly url: string
  /** The reason why no more can be served here: too many connections; undefined when all is well. */
  crowded(): string | undefined
  /** Uses another certificate for connections from now on; nothing without TLS. */
  renew(certificate: Certificate): void
  /** From now on each answer closes its connection, so that clients move on before the listener is gone. */
  retire(): void
  /** Stops accepting; resolves when every connection is closed. Idle ones are closed at once. */
  stop(): Promise<void>
  /** Cuts the connections that are left. */
  cut(): void
}

const bounds = {
  maxHeaderSize: 16 * 1024,
  headersTimeout: 10_000,
  requestTimeout: 60_000,
  // Idle connections are ended by `trackConnections`.
  keepAliveTimeout: 0,
  connectionsCheckingInterval: 5_000,
}

/** Listens. @throws UsageError when the address cannot be had. */
export async function listen(
  at: { host: string; port: number; certificate?: Certificate | undefined },
  routes: Routes,
  metrics: Metrics,
  log: Log,
  tracing?: Tracing,
): Promise<Listener> {
  const account = createAccount(metrics, log, tracing)
  const handle = (request: IncomingMessage, response: Reply): void => {
    const since = performance.now()
    const { socket } = request
    response.last = connections.begin(socket)
    const path = pathOf(request.url ?? '/')
    const given = request.headers['x-request-id']
    const requestId = typeof given === 'string' && /^[\w.-]{1,64}$/.test(given) ? given : nextRequestId()
    const parent = contextOf(request.headers.traceparent)
    // Taken now: a connection that is closed has none.
    const address = socket.remoteAddress?.replace(/^::ffff:/, '') ?? ''
    const seen: Seen = { requestId, address, call: undefined, method: undefined, since, parent, span: undefined, left: false }
    response.requestId = requestId
    metrics.tally.active += 1
    response.on('close', () => {
      if (!seen.left) metrics.tally.active -= 1
      seen.left = true
      connections.end(socket)
      account(request, response, path, (performance.now() - since) / 1000, seen)
    })
    void serve(request, response, path, seen)
  }
  const serve = async (request: IncomingMessage, response: ServerResponse, path: string, seen: Seen): Promise<void> => {
    try {
      await route(request, response, path, routes, seen, checkRoom)
    } catch (error) {
      refuse(response, error, seen, log)
    }
    if (seen.call?.streaming !== true || seen.left) return
    metrics.tally.active -= 1
    seen.left = true
  }
  const checkRoom = (): void => {
    if (connections.crowded()) throw comeBack(503, 1, `this replica has ${most} connections open, which is its most`)
  }
  const server =
    at.certificate === undefined
      ? createServer({ ...bounds, ServerResponse: Reply }, handle)
      : createTlsServer({ ...bounds, ServerResponse: Reply, ...at.certificate, minVersion: 'TLSv1.2' }, handle)
  const most = mostConnections()
  const connections = trackConnections(server, most)
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(new UsageError(`cannot listen on ${at.host}:${at.port}: ${whyNot(error)}`, 'give another --host or --port')),
    )
    server.listen(at.port, at.host, resolve)
  })
  server.on('error', (error) => log.error('a connection could not be accepted', { reason: error.message }))
  server.on('drop', () => log.debug('a connection was closed at once: there are too many', { most }))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : at.port
  const shown = at.host.includes(':') ? `[${at.host}]` : at.host
  return {
    port,
    url: `${at.certificate === undefined ? 'http' : 'https'}://${shown}:${port}`,
    crowded: () =>
      connections.crowded()
        ? `all ${most} connections are in use: more replicas, or a higher limit of open files (ulimit -n), would help`
        : undefined,
    renew: (certificate) => {
      if ('setSecureContext' in server) server.setSecureContext(certificate)
    },
    retire: connections.retire,
    stop: connections.stop,
    cut: () => server.closeAllConnections(),
  }
}

function route(
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
  routes: Routes,
  seen: Seen,
  /** @throws HttpRefusal 503 when there are too many connections for anything but a look at the server's health. */
  checkRoom: () => void,
): Promise<void> {
  if (path !== '/mcp' || routes.mcp === undefined) return routeOther(request, response, path, routes)
  checkRoom()
  return routes.mcp(request, response, seen)
}

async function routeOther(request: IncomingMessage, response: ServerResponse, path: string, routes: Routes): Promise<void> {
  if (routes.metadata !== undefined && request.method === 'GET' && metadataPaths.includes(path))
    return answer(response, 200, routes.metadata)
  if (await routes.admin?.(request, response, path)) return
  const place = routes.mcp === undefined ? '' : ': MCP is at /mcp'
  answer(response, 404, { error: `there is nothing at ${path.slice(0, 200)}${place}` })
}

function refuse(response: ServerResponse, cause: unknown, seen: Seen, log: Log): void {
  let error = cause
  if (cause instanceof StoreError) {
    log.error('a request failed: the store does not work', { request_id: seen.requestId, problem: cause.problem, reason: cause.message })
    error = comeBack(503, comeBackSeconds, `Not available now: ${cause.message}`)
  }
  if (!(error instanceof HttpRefusal)) {
    log.error('a request failed by a bug', {
      request_id: seen.requestId,
      reason: error instanceof Error ? (error.stack ?? error.message) : String(error),
    })
    answer(
      response,
      500,
      errorMessage(null, new RpcError(-32603, 'Internal error: the log of the server has the details under this request id')),
    )
    return
  }
  answer(response, error.status, errorMessage(null, new RpcError(error.code, error.message)), error.headers)
}

function pathOf(url: string): string {
  const end = url.indexOf('?')
  return end < 0 ? url : url.slice(0, end)
}

function whyNot({ code, message }: NodeJS.ErrnoException): string {
  if (code === 'EADDRINUSE') return 'another process listens there'
  if (code === 'EACCES') return 'this user may not use that port'
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') return 'this machine does not have that address'
  return message
}
