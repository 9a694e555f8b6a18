/** A small real HTTP server whose answers a test writes; everything asked is kept. */
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'

export interface Heard {
  method: string
  path: string
  query: URLSearchParams
  headers: http.IncomingHttpHeaders
  body: string
}

export type Answer = { status?: number; type?: string; headers?: Record<string, string>; body?: unknown } | 'cut' | 'half' | 'never'

export interface SmallServer {
  url: string
  heard: Heard[]
}

/** Start a server that answers each request as `answer` says; an object body is sent as JSON. Ends with the test. */
export async function smallServer(answer: (heard: Heard, count: number) => Answer): Promise<SmallServer> {
  const heard: Heard[] = []
  const server = http.createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const url = new URL(request.url ?? '/', 'http://x')
      const one: Heard = {
        method: request.method ?? '',
        path: url.pathname,
        query: url.searchParams,
        headers: request.headers,
        body: Buffer.concat(chunks).toString(),
      }
      heard.push(one)
      const said = answer(one, heard.length)
      if (said === 'never') return
      if (said === 'cut') {
        request.socket.destroy()
        return
      }
      if (said === 'half') {
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' })
        response.write('{"items":[{"metadata":{"na')
        setTimeout(() => request.socket.destroy(), 10)
        return
      }
      const text = typeof said.body === 'string' ? said.body : JSON.stringify(said.body ?? {})
      response.writeHead(said.status ?? 200, {
        'content-type': said.type ?? (typeof said.body === 'string' ? 'text/plain' : 'application/json'),
        ...said.headers,
      })
      response.end(text)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, heard }
}

/** The error that a promise rejects with; fails the test when it does not. */
export async function failure(promise: Promise<unknown>): Promise<Error & { next?: string; exitCode?: number }> {
  return promise.then(
    (value) => {
      throw new Error(`expected a failure, got ${JSON.stringify(value)}`)
    },
    (error) => error,
  )
}
