import http, { Agent, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { type WebSocket, WebSocketServer } from 'ws'
import { AbsentError, DeniedError, InterruptedError, UnreachableError } from '../../src/errors.ts'
import { bytesOf } from '../../src/facts/capture-read.ts'
import type { Connection } from '../../src/targets/kubernetes-api.ts'
import { openDownloads } from '../../src/targets/kubernetes-downloads.ts'
import type { DownloadRequest } from '../../src/targets/ports.ts'

const open: Server[] = []
afterEach(() => {
  for (const server of open.splice(0)) server.closeAllConnections()
})

/** An API server that forwards ports by `speak`, or refuses; and answers its proxy by `proxy`. */
async function anApiServer(given: {
  speak?: (socket: WebSocket, heard: (listener: (bytes: Buffer) => void) => void) => void
  refuse?: { code: number; body: object }
  proxy?: http.RequestListener
}): Promise<{ connection: Connection; asked: string[] }> {
  const asked: string[] = []
  const server = http.createServer((request, answer) => {
    asked.push(request.url ?? '')
    given.proxy?.(request, answer)
  })
  const sockets = new WebSocketServer({ noServer: true, handleProtocols: () => 'v4.channel.k8s.io' })
  server.on('upgrade', (request: IncomingMessage, socket, head) => {
    asked.push(request.url ?? '')
    if (given.refuse) {
      const body = JSON.stringify(given.refuse.body)
      socket.end(`HTTP/1.1 ${given.refuse.code} No\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`)
      return
    }
    sockets.handleUpgrade(request, socket, head, (client) => {
      // The port's number comes first on each channel, at once.
      client.send(Buffer.of(0, 0x82, 0x23))
      client.send(Buffer.of(1, 0x82, 0x23))
      given.speak?.(client, (listener) => client.on('message', (message: Buffer) => listener(message.subarray(1))))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  open.push(server)
  const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  return {
    asked,
    connection: {
      identity: { context: 'lab', server: url.href, user: 'jo', namespace: undefined },
      server: url,
      credentials: async () => ({ agent: new Agent(), tls: {}, headers: { authorization: 'Bearer t0k' } }),
      renewCredentials: () => {},
    },
  }
}

const request: DownloadRequest = { namespace: 'shop', pod: 'till-1', port: 9090, path: '/debug/pprof/heap?seconds=1', way: 'forward' }
const soon = () => AbortSignal.timeout(10_000)
const data = (text: string | Buffer): Buffer => Buffer.concat([Buffer.of(0), Buffer.from(text)])

test('a forwarded port answers as if from inside the pod, with every header passed on', async () => {
  let heard = ''
  const { connection, asked } = await anApiServer({
    speak: (socket, listen) =>
      listen((bytes) => {
        heard += bytes.toString()
        if (!heard.includes('\r\n\r\n')) return
        socket.send(data('HTTP/1.1 200 OK\r\ncontent-type: text/x\r\ncontent-length: 6\r\n\r\nab'))
        socket.send(data('cdef'))
      }),
  })
  const answer = await openDownloads(connection).download({ ...request, headers: { authorization: 'Bearer pod-token' } }, soon())
  expect(answer).toMatchObject({ status: 200, contentType: 'text/x' })
  expect((await bytesOf(answer.body)).toString()).toBe('abcdef')
  expect(heard).toMatch(/^GET \/debug\/pprof\/heap\?seconds=1 HTTP\/1\.1\r\n/)
  expect(heard).toContain('authorization: Bearer pod-token')
  expect(heard).not.toContain('t0k')
  expect(asked).toEqual(['/api/v1/namespaces/shop/pods/till-1/portforward?ports=9090'])
})

test('a large answer comes whole, and no faster than it is read', async () => {
  const size = 24 * 1024 * 1024
  const piece = Buffer.alloc(256 * 1024, 7)
  let socketOfPod: WebSocket | undefined
  const { connection } = await anApiServer({
    speak: (socket, listen) =>
      listen(() => {
        socketOfPod = socket
        socket.send(data(`HTTP/1.1 200 OK\r\ncontent-length: ${size}\r\n\r\n`))
        for (let sent = 0; sent < size; sent += piece.length) socket.send(data(piece))
      }),
  })
  const { body } = await openDownloads(connection).download(request, soon())
  let read = 0
  let waiting = 0
  for await (const bytes of body) {
    if (read === 0) {
      await new Promise((resolve) => setTimeout(resolve, 100))
      waiting = socketOfPod!.bufferedAmount
    }
    read += bytes.length
  }
  expect(read).toBe(size)
  expect(waiting).toBeGreaterThan(size / 4)
})

test('who may not forward hears which rule would allow it', async () => {
  const message = 'pods "till-1" is forbidden: User "jo" cannot get resource "pods/portforward" in API group ""'
  const { connection } = await anApiServer({ refuse: { code: 403, body: { kind: 'Status', message, reason: 'Forbidden', code: 403 } } })
  const failure = await openDownloads(connection)
    .download(request, soon())
    .catch((error: unknown) => error)
  expect(failure).toBeInstanceOf(DeniedError)
  expect((failure as DeniedError).next).toContain('resources: ["pods/portforward"]')
})

test('a port where nothing listens, and a way that closes, are told apart', async () => {
  const dead = await anApiServer({
    speak: (socket) =>
      socket.send(
        Buffer.concat([Buffer.of(1), Buffer.from('error forwarding port 9090: failed to connect to localhost:9090: connection refused')]),
      ),
  })
  await expect(openDownloads(dead.connection).download(request, soon())).rejects.toThrow(AbsentError)
  const closed = await anApiServer({ speak: (socket) => socket.close() })
  await expect(openDownloads(closed.connection).download(request, soon())).rejects.toThrow(UnreachableError)
})

test('an answer that is cut short is no answer', async () => {
  const { connection } = await anApiServer({
    speak: (socket, listen) =>
      listen(() => {
        socket.send(data('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf'), () => socket.close())
      }),
  })
  const { body } = await openDownloads(connection).download(request, soon())
  await expect(bytesOf(body)).rejects.toThrow(UnreachableError)
})

test('Ctrl-C ends it at any time', async () => {
  const { connection } = await anApiServer({
    speak: (socket, listen) => listen(() => socket.send(data('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf'))),
  })
  const stop = new AbortController()
  const { body } = await openDownloads(connection).download(request, stop.signal)
  const reading = bytesOf(body)
  stop.abort(new InterruptedError())
  await expect(reading).rejects.toThrow(InterruptedError)
  await expect(openDownloads(connection).download(request, stop.signal)).rejects.toThrow(InterruptedError)
})

test('by the proxy, bytes stay as they are; a refusal of the API server is not an answer of the pod', async () => {
  const bytes = Buffer.from([0x1f, 0x8b, 0xff, 0x00, 0x80])
  const open = await anApiServer({ proxy: (_request, answer) => answer.end(bytes) })
  const answer = await openDownloads(open.connection).download({ ...request, way: 'proxy' }, soon())
  expect((await bytesOf(answer.body)).equals(bytes)).toBe(true)
  expect(open.asked).toEqual(['/api/v1/namespaces/shop/pods/till-1:9090/proxy/debug/pprof/heap?seconds=1'])

  const status = {
    kind: 'Status',
    message: 'pods "till-1" is forbidden: User "jo" cannot get resource "pods/proxy"',
    reason: 'Forbidden',
    code: 403,
  }
  const refused = await anApiServer({
    proxy: (_request, answer) => answer.writeHead(403, { 'content-type': 'application/json' }).end(JSON.stringify(status)),
  })
  await expect(openDownloads(refused.connection).download({ ...request, way: 'proxy' }, soon())).rejects.toThrow(DeniedError)

  const own = await anApiServer({ proxy: (_request, answer) => answer.writeHead(403, { 'content-type': 'text/plain' }).end('no token') })
  expect((await openDownloads(own.connection).download({ ...request, way: 'proxy' }, soon())).status).toBe(403)
})
