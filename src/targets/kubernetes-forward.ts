/** One forwarded connection to a port of a pod, over a WebSocket of the API server (subprotocol v4.channel.k8s.io). */
import { Duplex } from 'node:stream'
import { WebSocket } from 'ws'
import { AbsentError, UnreachableError } from '../errors.ts'
import { apiError } from './api-errors.ts'
import { abortError, reachError } from './http-request.ts'
import type { Connection } from './kubernetes-api.ts'

export interface PodPort {
  namespace: string
  pod: string
  port: number
}

/** Channels of the subprotocol: for one port, data and then errors. */
const data = 0
const longestRefusal = 64 * 1024

/** Opens the way; what is written goes to the port, what the port says is read. Nothing is read ahead of the reader. */
export async function forwardPort(connection: Connection, place: PodPort, signal: AbortSignal): Promise<Duplex> {
  const { agent, tls, headers } = await connection.credentials(signal)
  const url = new URL(
    `${connection.server.href.replace(/\/$/, '')}/api/v1/namespaces/${encodeURIComponent(place.namespace)}/pods/${encodeURIComponent(place.pod)}/portforward?ports=${place.port}`,
  )
  url.protocol = url.protocol === 'http:' ? 'ws:' : 'wss:'
  const socket = new WebSocket(url, ['v4.channel.k8s.io'], { ...tls, agent, headers: { 'user-agent': 'task-mcp', ...headers } })
  const what = `the API server ${connection.identity.server}`
  // The first messages may come with the answer to the handshake: somebody must listen from the beginning.
  const tunnel = new Tunnel(socket, place)
  await opened(socket, connection, place, what, signal)
  const stop = () => tunnel.destroy(abortError(signal, what))
  signal.addEventListener('abort', stop, { once: true })
  tunnel.once('close', () => signal.removeEventListener('abort', stop))
  return tunnel
}

function opened(socket: WebSocket, connection: Connection, { namespace, pod }: PodPort, what: string, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = (error: Error) => {
      signal.removeEventListener('abort', stop)
      socket.terminate()
      reject(error)
    }
    const stop = () => end(abortError(signal, what))
    if (signal.aborted) return stop()
    signal.addEventListener('abort', stop, { once: true })
    socket.once('open', () => {
      signal.removeEventListener('abort', stop)
      resolve()
    })
    socket.once('error', (error) =>
      end(
        reachError(error, what, {
          refused: 'check the address in the kubeconfig',
          tls: 'check the certificate authority in the kubeconfig',
        }),
      ),
    )
    socket.once('unexpected-response', async (_request, answer) => {
      let body = ''
      for await (const piece of answer.setEncoding('utf8')) {
        body += piece
        if (body.length > longestRefusal) break
      }
      end(
        apiError(
          {
            status: answer.statusCode ?? 0,
            headers: answer.headers,
            body,
            contentType: answer.headers['content-type'] ?? '',
            seconds: 0,
            truncated: false,
          },
          { verb: 'get', group: '', resource: 'pods/portforward', namespace, name: pod },
          what,
          connection.identity.user,
        ),
      )
    })
  })
}

class Tunnel extends Duplex {
  readonly #socket: WebSocket
  /** Channels whose first message, the number of the port, has come. */
  readonly #known = new Set<number>()

  constructor(socket: WebSocket, { pod, port }: PodPort) {
    super()
    this.#socket = socket
    socket.on('message', (message: Buffer) => {
      const channel = message[0]!
      const first = !this.#known.has(channel)
      this.#known.add(channel)
      const bytes = message.subarray(first ? 3 : 1)
      if (bytes.length === 0) return
      if (channel !== data) this.destroy(portError(bytes.toString('utf8'), pod, port))
      else if (!this.push(bytes)) socket.pause()
    })
    socket.on('close', () => this.push(null))
    socket.on('error', (error) => this.destroy(error))
    // Whoever writes or reads is told by them too; before that, the opening is.
    this.on('error', () => {})
  }

  override _read(): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.resume()
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    this.#socket.send(Buffer.concat([Buffer.of(data), chunk]), done)
  }

  override _final(done: () => void): void {
    // The answer is still to come: the other side closes.
    done()
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#socket.terminate()
    done(error)
  }
}

function portError(said: string, pod: string, port: number): Error {
  if (/connection refused|failed to connect/i.test(said)) return new AbsentError(`nothing listens on port ${port} of pod ${pod}`)
  return new UnreachableError(`port ${port} of pod ${pod} cannot be forwarded: ${said.trim().slice(0, 200)}`)
}
