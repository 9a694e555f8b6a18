/**
 * Memory of idle event streams in one process, heartbeats on: the growth of live heap and of resident memory, which
 * keeps what opening them took, over the number of streams.
 *   node bench/server/streams.ts [streams]
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { cpus } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const wanted = Number(process.argv[2] ?? 2000)
const child = fork(path.join(import.meta.dirname, 'target.ts'), ['ours'], { execArgv: ['--expose-gc'] })
const [{ url, token }] = (await once(child, 'message')) as [{ url: string; token: string }]
const { hostname, port, host } = new URL(url)

async function memory(): Promise<{ rss: number; heapUsed: number }> {
  const answered = once(child, 'message')
  child.send('gc')
  const [answer] = (await answered) as [{ rss: number; heapUsed: number }]
  return answer
}

const hello = {
  jsonrpc: '2.0',
  id: 0,
  method: 'initialize',
  params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'bench', version: '1' } },
}
const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream', authorization: `Bearer ${token}` }
const sockets: Socket[] = []
let dropped = 0

async function open(): Promise<void> {
  const opened = await fetch(url, { method: 'POST', headers, body: JSON.stringify(hello) })
  await opened.text()
  const session = opened.headers.get('mcp-session-id')
  const socket = connect(Number(port), hostname)
  sockets.push(socket)
  socket.on('close', () => dropped++)
  socket.on('error', () => undefined)
  socket.write(
    `GET /mcp HTTP/1.1\r\nHost: ${host}\r\nAccept: text/event-stream\r\nAuthorization: Bearer ${token}\r\nMcp-Session-Id: ${session}\r\n\r\n`,
  )
  const [first] = (await once(socket, 'data')) as [Buffer]
  if (!first.toString().startsWith('HTTP/1.1 200')) throw new Error(first.toString())
  socket.resume()
}

for (let count = 0; count < 100; count++) await open()
await sleep(500)
const before = await memory()
for (let count = 0; count < wanted; count += 20) await Promise.all(Array.from({ length: 20 }, open))
await sleep(3000)
const after = await memory()
const per = (what: 'rss' | 'heapUsed'): string => ((after[what] - before[what]) / wanted / 1000).toFixed(1)
process.stdout.write(
  `${cpus()[0]?.model}, node ${process.version}: ${wanted} idle streams, each with its session, ${per('heapUsed')} kB of live heap and ${per('rss')} kB of resident memory each, ${dropped} dropped\n`,
)
for (const socket of sockets) socket.destroy()
child.kill()
