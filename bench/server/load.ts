/**
 * Latency of `tools/call` at half the highest rate: first as many as go, then requests sent by the clock at half of that, whether or not
 * the ones before were answered, so that a stall is in the figures of all whom it hit.
 *   node bench/server/load.ts [seconds]
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { cpus, loadavg } from 'node:os'
import path from 'node:path'
import { aRawClient, echo, hello, type RawClient } from './raw-client.ts'

const seconds = Number(process.argv[2] ?? 15)
const connections = 64
const child = fork(path.join(import.meta.dirname, 'target.ts'), ['ours'])
const [{ url, token }] = (await once(child, 'message')) as [{ url: string; token: string }]
const clients = await Promise.all(Array.from({ length: connections }, () => aRawClient(url)))
const auth = { authorization: `Bearer ${token}` }
const { session } = await clients[0]!.post(hello, auth)
const headers = { ...auth, 'mcp-session-id': session ?? '', 'mcp-protocol-version': '2025-11-25' }
let id = 0

async function call(client: RawClient): Promise<void> {
  const { status, text } = await client.post(echo(++id), headers)
  if (status !== 200 || !text.includes('hello')) throw new Error(`answered ${status}: ${text}`)
}

async function closedLoop(duration: number): Promise<number> {
  const end = performance.now() + duration * 1000
  let done = 0
  await Promise.all(
    clients.map(async (client) => {
      for (; performance.now() < end; done++) await call(client)
    }),
  )
  return done / duration
}

async function byTheClock(rate: number, duration: number): Promise<number[]> {
  const free = [...clients]
  const due: number[] = []
  const latencies: number[] = []
  const start = performance.now()
  const all = Math.floor(rate * duration)
  let sent = 0
  let done = 0
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const work = (client: RawClient): void => {
    const at = due.shift()
    if (at === undefined) {
      free.push(client)
      return
    }
    call(client).then(() => {
      latencies.push(performance.now() - at)
      if (++done === all) resolve()
      work(client)
    }, reject)
  }
  const tick = (): void => {
    const now = performance.now()
    for (; sent < all && start + (sent * 1000) / rate <= now; sent++) due.push(start + (sent * 1000) / rate)
    while (due.length > 0 && free.length > 0) work(free.pop()!)
    if (sent < all) setImmediate(tick)
  }
  tick()
  await promise
  return latencies.sort((a, b) => a - b)
}

await closedLoop(3)
const highest = await closedLoop(5)
const latencies = await byTheClock(highest / 2, seconds)
const at = (share: number): number => latencies[Math.floor(latencies.length * share)] ?? 0
const [load = 0] = loadavg()
process.stdout.write(`${cpus()[0]?.model}, ${cpus().length} cores (client and server), node ${process.version}, load ${load.toFixed(1)}\n`)
process.stdout.write(
  `highest ${highest.toFixed(0)}/s; at ${(highest / 2).toFixed(0)}/s for ${seconds} s: p50 ${at(0.5).toFixed(2)} ms, p99 ${at(0.99).toFixed(2)} ms (${(at(0.99) / at(0.5)).toFixed(1)} times), slowest ${(latencies.at(-1) ?? 0).toFixed(1)} ms\n`,
)
for (const client of clients) client.close()
child.kill()
