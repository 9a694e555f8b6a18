import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import type { EventStream } from '../../src/server/http/event-stream.ts'
import { createStreams } from '../../src/server/http/streams.ts'
import { resolveSettings } from '../../src/server/settings.ts'
import { createMetrics } from '../../src/server/telemetry/metrics.ts'
import { aServer, aSession, initialize, type TestServer } from './a-server.ts'

const open = { 'rate-limit': 0, 'address-rate-limit': 0, 'initialize-limit': 0 }

/** A stream by hand, so that a test says when it is read. Gives what came so far. */
async function aSocket(server: TestServer, lastEventId?: string): Promise<{ socket: Socket; text: () => string }> {
  const { headers } = await server.post(initialize())
  const { port, hostname, host } = new URL(server.url)
  const socket = connect(Number(port), hostname)
  onTestFinished(() => void socket.destroy())
  socket.on('error', () => undefined)
  let text = ''
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString()
  })
  const last = lastEventId === undefined ? '' : `Last-Event-ID: ${lastEventId}\r\n`
  socket.write(
    `GET /mcp HTTP/1.1\r\nHost: ${host}\r\nAccept: text/event-stream\r\nMcp-Session-Id: ${headers.get('mcp-session-id')}\r\n${last}\r\n`,
  )
  await once(socket, 'data')
  return { socket, text: () => text }
}

test('readers that stall are cut at their bound, and hold up nobody else', { timeout: 30_000 }, async () => {
  const bound = 64 * 1024
  const stalled = 20
  const metrics = createMetrics(
    { tools: [], methods: [], storeOperations: [], checks: [], dependencies: [] },
    { version: '1.2.3', revision: '' },
  )
  const settings = resolveSettings({ 'stream-buffer-bytes': bound })
  const streams = createStreams(() => settings, metrics)
  onTestFinished(() => streams.drain())
  const opened: EventStream[] = []
  const ada = { name: 'ada', tag: 'ada', scopes: new Set<string>() }
  const server = createServer((_, response) => opened.push(streams.open(response, ada, {}, () => undefined)))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const { port } = server.address() as AddressInfo
  let read = 0
  for (let number = 0; number <= stalled; number++) {
    const socket = connect(port, '127.0.0.1')
    onTestFinished(() => void socket.destroy())
    socket.on('error', () => undefined)
    socket.write('GET / HTTP/1.1\r\nHost: here\r\n\r\n')
    await once(socket, 'data')
    if (number === 0) socket.on('data', (chunk: Buffer) => (read += chunk.length))
    else socket.pause()
  }
  const message = { text: 'x'.repeat(16 * 1024) }
  let sent = 0
  let most = 0
  // The sockets of the kernel take some megabytes each; what comes after those waits in the server, and must not wait without bound.
  while (streams.size > 1) {
    for (const stream of opened) stream.send(message)
    sent += 1
    most = Math.max(most, ...opened.map((stream) => stream.buffered()))
    if (sent > 5000) throw new Error('nobody was cut')
    await opened[0]!.drained()
  }
  expect(most).toBeLessThanOrEqual(bound)
  expect(opened.map(({ open }) => open)).toEqual([true, ...Array.from({ length: stalled }, () => false)])
  await expect.poll(() => read, { timeout: 10_000 }).toBeGreaterThanOrEqual(sent * 16 * 1024)
})

test('a stream that comes back is told everything, however much that is, and what changes meanwhile', { timeout: 30_000 }, async () => {
  const server = await aServer({ ...open, 'stream-buffer-bytes': '16KiB' })
  const session = await aSession(server)
  const create = (count: number) => session.tool('create_tasks', { tasks: Array.from({ length: count }, () => ({ title: 'missed' })) })
  await create(1)
  for (let round = 0; round < 24; round++) await create(50)
  const late = aSocket(server, '1')
  await create(50)
  const { text } = await late
  const heard = () => new Set([...text().matchAll(/^id: (\d+)/gm)].map(([, sequence]) => Number(sequence)))
  await expect.poll(() => heard().size, { timeout: 15_000 }).toBe(1250)
  expect(await server.metric('streaming_connections_closed_total{reason="backpressure"}')).toBe(0)
})

test('a heartbeat reaches every idle stream from one timer', { timeout: 20_000 }, async () => {
  const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
  const server = await aServer({ ...open, 'stream-heartbeat': '400ms' })
  const before = timers()
  const streams = await Promise.all(Array.from({ length: 40 }, () => aSocket(server)))
  expect(timers() - before).toBeLessThan(20)
  await expect.poll(() => streams.every(({ text }) => (text().match(/^:$/gm)?.length ?? 0) >= 3), { timeout: 8000 }).toBe(true)
})
