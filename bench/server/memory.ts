/**
 * Live heap over many calls, with sessions that are opened, used a hundred times and left without DELETE: the slope over the second half
 * of the run, and how far the points lie from that line.
 *   node bench/server/memory.ts [calls] [most seconds]
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { cpus, loadavg } from 'node:os'
import path from 'node:path'
import { aRawClient, echo, hello, type RawClient } from './raw-client.ts'

const wanted = Number(process.argv[2] ?? 1_000_000)
const mostSeconds = Number(process.argv[3] ?? 3600)
const connections = 32
const callsPerSession = 100
const points = 40
const child = fork(
  path.join(import.meta.dirname, 'target.ts'),
  ['ours', JSON.stringify({ 'session-idle': '5s', 'max-sessions': 20_000 })],
  {
    execArgv: ['--expose-gc'],
  },
)
const [{ url, token }] = (await once(child, 'message')) as [{ url: string; token: string }]
const auth = { authorization: `Bearer ${token}` }
const clients = await Promise.all(Array.from({ length: connections }, () => aRawClient(url)))
let calls = 0
let sessions = 0

async function work(client: RawClient, until: number): Promise<void> {
  while (calls < until) {
    const { session } = await client.post(hello, auth)
    sessions++
    const headers = { ...auth, 'mcp-session-id': session ?? '', 'mcp-protocol-version': '2025-11-25' }
    for (let count = 0; count < callsPerSession && calls < until; count++) {
      const { status, text } = await client.post(echo(++calls), headers)
      if (status !== 200 || !text.includes('hello')) throw new Error(`answered ${status}: ${text}`)
    }
  }
}

async function memory(): Promise<{ heapUsed: number; rss: number }> {
  const answered = once(child, 'message')
  child.send('gc')
  const [answer] = (await answered) as [{ heapUsed: number; rss: number }]
  return answer
}

const seen: Array<{ calls: number; heap: number; rss: number }> = []
const since = performance.now()
for (let point = 1; point <= points && (performance.now() - since) / 1000 < mostSeconds; point++) {
  await Promise.all(clients.map((client) => work(client, Math.ceil((wanted * point) / points))))
  const { heapUsed, rss } = await memory()
  seen.push({ calls, heap: heapUsed / 1e6, rss: rss / 1e6 })
}
const half = seen.slice(Math.floor(seen.length / 2))
const mean = (of: (point: (typeof seen)[number]) => number): number => half.reduce((sum, point) => sum + of(point), 0) / half.length
const x = mean((point) => point.calls)
const y = mean((point) => point.heap)
// Least squares.
const slope =
  half.reduce((sum, point) => sum + (point.calls - x) * (point.heap - y), 0) / half.reduce((sum, point) => sum + (point.calls - x) ** 2, 0)
const scatter = Math.sqrt(half.reduce((sum, point) => sum + (point.heap - y - slope * (point.calls - x)) ** 2, 0) / half.length)
const [load = 0] = loadavg()
process.stdout.write(
  `${cpus()[0]?.model}, ${cpus().length} cores, node ${process.version}, load ${load.toFixed(1)}, ${((performance.now() - since) / 1000).toFixed(0)} s\n`,
)
process.stdout.write(
  `${calls} calls in ${sessions} sessions: live heap ${seen[0]?.heap.toFixed(1)} MB at first, ${seen.at(-1)?.heap.toFixed(1)} MB at last, slope of the second half ${(slope * 1e6).toFixed(2)} MB per million calls, points ${scatter.toFixed(2)} MB off the line; resident ${seen.at(-1)?.rss.toFixed(0)} MB\n`,
)
for (const client of clients) client.close()
child.kill()
