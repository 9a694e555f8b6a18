/**
 * Idle event streams in one process, heartbeats on, each with a session of its own: what each adds to live heap and to resident memory,
 * and whether one was dropped. Then one change is told to all of them, with a hundred readers beside them that have stalled.
 *   node bench/server/streams.ts [streams]
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { cpus, loadavg } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { aRawClient, hello } from './raw-client.ts'

const wanted = Number(process.argv[2] ?? 10_000)
const heartbeatSeconds = 5
const stalledReaders = 100
const rounds = 5
const child = fork(path.join(import.meta.dirname, 'target.ts'), ['ours', JSON.stringify({ 'stream-heartbeat': `${heartbeatSeconds}s` })], {
  execArgv: ['--expose-gc', ...process.execArgv],
})
const [{ url, token }] = (await once(child, 'message')) as [{ url: string; token: string }]
const { hostname, port, host } = new URL(url)
const auth = { authorization: `Bearer ${token}` }
const client = await aRawClient(url)

async function memory(): Promise<{ rss: number; heapUsed: number }> {
  const answered = once(child, 'message')
  child.send('gc')
  const [answer] = (await answered) as [{ rss: number; heapUsed: number }]
  return answer
}

interface Stream {
  readonly socket: Socket
  heartbeats: number
  /** When the last change was heard. */
  toldAt: number
}

const streams: Stream[] = []
let dropped = 0

async function open(): Promise<Stream> {
  const { session } = await client.post(hello, auth)
  const stream: Stream = { socket: connect(Number(port), hostname), heartbeats: 0, toldAt: 0 }
  const { socket } = stream
  socket.on('close', () => dropped++)
  socket.on('error', () => undefined)
  socket.write(
    `GET /mcp HTTP/1.1\r\nHost: ${host}\r\nAccept: text/event-stream\r\nAuthorization: Bearer ${token}\r\nMcp-Session-Id: ${session}\r\n\r\n`,
  )
  const [first] = (await once(socket, 'data')) as [Buffer]
  if (!first.toString().startsWith('HTTP/1.1 200')) throw new Error(first.toString())
  socket.on('data', (chunk: Buffer) => {
    if (chunk.includes('list_changed')) stream.toldAt = performance.now()
    else stream.heartbeats++
  })
  return stream
}

const print = (text: string): boolean => process.stdout.write(`${text}\n`)
const kilobytes = (bytes: number): string => (bytes / wanted / 1000).toFixed(1)

// What the process grows by once, whoever comes, is not of the streams.
const warm = []
for (let count = 0; count < 500; count++) warm.push(await open())
for (const { socket } of warm) socket.destroy()
await sleep(1000)
dropped = 0
await memory()
const before = await memory()
for (let count = 0; count < wanted; count++) streams.push(await open())
const beats = streams.map(({ heartbeats }) => heartbeats)
await sleep(heartbeatSeconds * 2000 + 1000)
const beaten = streams.filter(({ heartbeats }, index) => heartbeats > beats[index]!).length
await memory()
const after = await memory()
const [load = 0] = loadavg()
print(`${cpus()[0]?.model}, ${cpus().length} cores, node ${process.version}, load ${load.toFixed(1)}`)
print(
  `${wanted} idle streams, each with its session: ${kilobytes(after.heapUsed - before.heapUsed)} kB of live heap and ${kilobytes(after.rss - before.rss)} kB of resident memory each (${(after.rss / 1e6).toFixed(0)} MB in all), heartbeats every ${heartbeatSeconds} s heard by ${beaten}, ${dropped} dropped`,
)

for (let count = 0; count < stalledReaders; count++) (await open()).socket.pause()
const { session } = await client.post(hello, auth)
const headers = { ...auth, 'mcp-session-id': session ?? '', 'mcp-protocol-version': '2025-11-25' }
const create = JSON.stringify({
  jsonrpc: '2.0',
  id: 1,
  method: 'tools/call',
  params: { name: 'create_task', arguments: { title: 'told' } },
})
for (let round = 0; round < rounds; round++) {
  for (const stream of streams) stream.toldAt = 0
  const since = performance.now()
  const { status } = await client.post(create, headers)
  if (status !== 200) throw new Error(`answered ${status}`)
  const acknowledged = performance.now() - since
  while (streams.some(({ toldAt }) => toldAt === 0) && performance.now() - since < 60_000) await sleep(20)
  const times = streams.map(({ toldAt }) => toldAt - since).sort((a, b) => a - b)
  const at = (share: number): string => (times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0).toFixed(0)
  print(
    `a change told to ${wanted}, ${stalledReaders} stalled readers beside them: first ${at(0)} ms, p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, slowest ${at(1)} ms after the call was sent (acknowledged after ${acknowledged.toFixed(0)} ms), ${dropped} dropped`,
  )
}
child.kill()
process.exit()
