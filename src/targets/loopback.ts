/** A listener for the browser of the person at this machine: loopback only, and only for who has the address with its secret. */
import { randomBytes, timingSafeEqual } from 'node:crypto'
import { createServer, type Server } from 'node:http'

export interface LocalAnswer {
  status: number
  type: string
  body: string
  headers?: Record<string, string>
}

export interface Loopback {
  /** `http://127.0.0.1:PORT/SECRET/`. */
  url: string
  close(): Promise<void>
}

/**
 * Listens on a free port of 127.0.0.1. `answer` is given the path below the secret and the query, for GETs alone. A request
 * with another secret, or under another host name (a page elsewhere that had its name point here), gets 404 and reaches nothing.
 */
export async function listenOnLoopback(answer: (path: string, query: URLSearchParams) => Promise<LocalAnswer>): Promise<Loopback> {
  const secret = randomBytes(24).toString('base64url')
  let host = ''
  const server = createServer((request, response) => {
    const send = ({ status, type, body, headers = {} }: LocalAnswer) => {
      response.writeHead(status, {
        'content-type': type,
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
        'x-frame-options': 'DENY',
        'cross-origin-resource-policy': 'same-origin',
        ...headers,
      })
      response.end(request.method === 'HEAD' ? '' : body)
    }
    const nothing = { status: 404, type: 'text/plain; charset=utf-8', body: 'not found\n' }
    const url = URL.parse(request.url ?? '/', 'http://127.0.0.1')
    const [, given = '', ...path] = url?.pathname.split('/') ?? []
    if (url === null || request.headers.host !== host || !same(given, secret)) return send(nothing)
    if (request.method !== 'GET' && request.method !== 'HEAD') return send({ ...nothing, status: 405, body: 'only GET\n' })
    answer(path.join('/'), url.searchParams).then(send, () => send({ ...nothing, status: 500, body: 'this page could not be made\n' }))
  })
  const port = await listening(server)
  host = `127.0.0.1:${port}`
  return {
    url: `http://${host}/${secret}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function listening(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      resolve(typeof address === 'object' && address !== null ? address.port : 0)
    })
  })
}

function same(given: string, secret: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(secret)]
  return a.length === b.length && timingSafeEqual(a, b)
}
