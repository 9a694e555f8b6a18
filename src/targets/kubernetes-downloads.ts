/** Large answers of one pod's listeners: by the API server's proxy, or over a port that it forwards. */
import http from 'node:http'
import https from 'node:https'
import { ExpectedError, UnreachableError } from '../errors.ts'
import { apiError, statusOf } from './api-errors.ts'
import { abortError, reachError } from './http-request.ts'
import type { Connection } from './kubernetes-api.ts'
import { forwardPort } from './kubernetes-forward.ts'
import type { Download, DownloadRequest, Downloads } from './ports.ts'

/** What is read of an answer that turns out to be the API server's own refusal. */
const longestRefusal = 64 * 1024

export function openDownloads(connection: Connection): Downloads {
  return {
    download: (request, signal) =>
      request.way === 'proxy' ? byProxy(connection, request, signal) : byForward(connection, request, signal),
  }
}

async function byProxy(connection: Connection, request: DownloadRequest, signal: AbortSignal): Promise<Download> {
  const { namespace, pod, port, path } = request
  const { agent, tls, headers } = await connection.credentials(signal)
  const { server, identity } = connection
  const what = `the API server ${identity.server}`
  const url = new URL(
    `${server.href.replace(/\/$/, '')}/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(pod)}:${port}/proxy${path}`,
  )
  const send = server.protocol === 'http:' ? http.request : https.request
  const answer = await headOf(
    send(url, { ...tls, agent, headers: { 'user-agent': 'task-mcp', ...request.headers, ...headers } }),
    what,
    signal,
  )
  if (answer.status < 400) return answer
  const refusal = await startOf(answer.body)
  const bounded = {
    status: answer.status,
    headers: {},
    body: refusal.toString('utf8'),
    contentType: answer.contentType,
    seconds: 0,
    truncated: false,
  }
  if (statusOf(bounded) === undefined) return { ...answer, body: oneOf(refusal) }
  throw apiError(bounded, { verb: 'get', group: '', resource: 'pods/proxy', namespace, name: pod }, what, identity.user)
}

async function byForward(connection: Connection, request: DownloadRequest, signal: AbortSignal): Promise<Download> {
  const { namespace, pod, port, path } = request
  const tunnel = await forwardPort(connection, { namespace, pod, port }, signal)
  const sent = http.request({
    createConnection: () => tunnel as never,
    path,
    headers: { 'user-agent': 'task-mcp', host: `localhost:${port}`, connection: 'close', ...request.headers },
  })
  const what = `port ${port} of pod ${pod}`
  // A port where nothing listens may be refused before the request has taken hold of the way to it.
  const broken = new Promise<never>((_, reject) => {
    const end = () => reject(tunnel.errored ?? new UnreachableError(`${what} closed the connection before it answered`))
    if (tunnel.destroyed) end()
    else tunnel.once('close', end)
  })
  broken.catch(() => {})
  return Promise.race([headOf(sent, what, signal), broken])
}

/** Sends the request and gives the answer once its head is there; the signal ends it at any time. */
function headOf(sent: http.ClientRequest, what: string, signal: AbortSignal): Promise<Download> {
  return new Promise((resolve, reject) => {
    const failed = (error: Error): Error =>
      signal.aborted
        ? abortError(signal, what)
        : error instanceof ExpectedError
          ? error
          : reachError(error, what, {
              refused: 'see whether anything listens there',
              tls: 'check its certificate, and the clock of this machine',
            })
    const stop = () => sent.destroy(abortError(signal, what))
    if (signal.aborted) stop()
    signal.addEventListener('abort', stop, { once: true })
    sent.on('error', (error) => reject(failed(error)))
    sent.on('close', () => signal.removeEventListener('abort', stop))
    sent.on('response', (incoming) =>
      resolve({ status: incoming.statusCode ?? 0, contentType: incoming.headers['content-type'] ?? '', body: bodyOf(incoming, failed) }),
    )
    sent.end()
  })
}

async function* bodyOf(incoming: http.IncomingMessage, failed: (error: Error) => Error): AsyncGenerator<Uint8Array> {
  try {
    for await (const piece of incoming) yield piece as Uint8Array
  } catch (error) {
    throw error instanceof Error ? failed(error) : error
  }
}

async function startOf(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  let size = 0
  for await (const piece of body) {
    pieces.push(piece)
    size += piece.length
    if (size > longestRefusal) break
  }
  return Buffer.concat(pieces)
}

async function* oneOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}
