/** A gateway as Mimir, Cortex and Thanos have one: a Prometheus below a path, for callers who name their tenant. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Gateway {
  url: string
  /** Paths that were asked, without the prefix. */
  asked: string[]
  stop(): Promise<void>
}

/** Before a Prometheus; `remarks` are put into every answer, as partial answers and newer versions have them. */
export async function gateway(upstream: string, prefix: string, tenant: string, remarks: object): Promise<Gateway> {
  const asked: string[] = []
  const server = createServer((request, response) => {
    const say = (status: number, type: string, body: string) => response.writeHead(status, { 'content-type': type }).end(body)
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const path = request.url ?? ''
      if (!path.startsWith(`${prefix}/`)) return say(404, 'text/plain', '404 page not found')
      if (request.headers['x-scope-orgid'] !== tenant) return say(401, 'text/plain', 'no org id')
      asked.push(path.slice(prefix.length))
      const body = chunks.length > 0 ? { body: Buffer.concat(chunks) } : {}
      fetch(upstream + path.slice(prefix.length), {
        method: request.method ?? 'GET',
        headers: { 'content-type': request.headers['content-type'] ?? 'text/plain' },
        ...body,
      })
        .then((answer) => answer.json())
        .then((answer) => say(200, 'application/json', JSON.stringify({ ...(answer as object), ...remarks })))
        .catch(() => say(502, 'text/plain', 'bad gateway'))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
