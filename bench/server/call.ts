/**
 * `tools/call` of an echo, on 50 kept connections, for each server in one run: what is compared is CPU time per request,
 * which does not depend on what else the machine does, and the requests answered per second, which does.
 *   node bench/server/call.ts [requests]
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { cpus } from 'node:os'
import path from 'node:path'

const requests = Number(process.argv[2] ?? 12_000)
const connections = 50
const rounds = 6

interface Figures {
  readonly name: string
  readonly microseconds: number
  readonly perSecond: number
  readonly p50: number
  readonly p99: number
  readonly megabytes: number
}

const agent = new Agent({ keepAlive: true, maxSockets: connections })

function post(
  url: string,
  body: object,
  headers: Record<string, string>,
): Promise<{ status: number; session: string | undefined; text: string }> {
  const text = JSON.stringify(body)
  return new Promise((resolve, reject) => {
    const sent = request(
      url,
      {
        agent,
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          accept: 'application/json, text/event-stream',
          'content-length': Buffer.byteLength(text),
          ...headers,
        },
      },
      (response) => {
        let got = ''
        response.setEncoding('utf8')
        response.on('data', (chunk: string) => {
          got += chunk
        })
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, session: response.headers['mcp-session-id'] as string | undefined, text: got }),
        )
      },
    )
    sent.on('error', reject)
    sent.end(text)
  })
}

async function cpuOf(child: ChildProcess): Promise<{ microseconds: number; rss: number }> {
  const answered = once(child, 'message')
  child.send('cpu')
  const [{ cpu, rss }] = (await answered) as [{ cpu: NodeJS.CpuUsage; rss: number }]
  return { microseconds: cpu.user + cpu.system, rss }
}

interface Target {
  readonly name: string
  readonly child: ChildProcess
  readonly call: () => Promise<number>
}

async function start(name: string): Promise<Target> {
  const child = fork(path.join(import.meta.dirname, 'target.ts'), [name])
  const [{ url, token }] = (await once(child, 'message')) as [{ url: string; token: string }]
  const auth = { authorization: `Bearer ${token}` }
  const hello = {
    protocolVersion: name === 'lite' ? '2025-06-18' : '2025-11-25',
    capabilities: {},
    clientInfo: { name: 'bench', version: '1' },
  }
  const { session } = await post(url, { jsonrpc: '2.0', id: 0, method: 'initialize', params: hello }, auth)
  const headers = {
    ...auth,
    ...(session === undefined
      ? name === 'raw'
        ? {}
        : { 'mcp-protocol-version': hello.protocolVersion }
      : { 'mcp-session-id': session, 'mcp-protocol-version': hello.protocolVersion }),
  }
  let id = 0
  const call = async (): Promise<number> => {
    const since = performance.now()
    const params = { name: 'echo', arguments: { text: 'hello' } }
    const { status, text } = await post(url, { jsonrpc: '2.0', id: ++id, method: 'tools/call', params }, headers)
    if (status !== 200 || !text.includes('hello')) throw new Error(`${name} answered ${status}: ${text}`)
    return performance.now() - since
  }
  return { name, child, call }
}

async function round({ name, child, call }: Target, count: number): Promise<Figures> {
  const latencies: number[] = []
  const before = await cpuOf(child)
  const since = performance.now()
  let left = count
  await Promise.all(
    Array.from({ length: connections }, async () => {
      while (left-- > 0) latencies.push(await call())
    }),
  )
  const seconds = (performance.now() - since) / 1000
  const after = await cpuOf(child)
  latencies.sort((a, b) => a - b)
  const at = (share: number): number => latencies[Math.floor(latencies.length * share)] ?? 0
  const microseconds = (after.microseconds - before.microseconds) / count
  return { name, microseconds, perSecond: count / seconds, p50: at(0.5), p99: at(0.99), megabytes: after.rss / 1e6 }
}

/** Rounds take turns, and the best of each server counts: what else the machine does only ever makes a round worse. */
const targets = await Promise.all(['raw', 'ours', 'lite', 'stock', 'stateless'].map(start))
const best = new Map<string, Figures>()
for (let turn = 0; turn <= rounds; turn++)
  for (const target of targets) {
    const figures = await round(target, Math.ceil(requests / rounds))
    const before = best.get(target.name)
    if (turn > 0 && (before === undefined || figures.microseconds < before.microseconds)) best.set(target.name, figures)
  }
for (const { child } of targets) child.kill()
const results = targets.map(({ name }) => best.get(name)!)
const raw = results[0]!
const ours = results[1]!
process.stdout.write(
  `${cpus()[0]?.model}, ${cpus().length} cores, node ${process.version}, best of ${rounds} rounds, ${requests} requests on ${connections} connections\n`,
)
process.stdout.write('server    CPU us/request  of raw  times ours  requests/s  p50 ms  p99 ms  MB\n')
for (const { name, microseconds, perSecond, p50, p99, megabytes } of results)
  process.stdout.write(
    `${name.padEnd(9)} ${microseconds.toFixed(1).padStart(14)}  ${`${((100 * raw.microseconds) / microseconds).toFixed(0)}%`.padStart(6)}  ${(microseconds / ours.microseconds).toFixed(1).padStart(10)}  ${perSecond.toFixed(0).padStart(10)}  ${p50.toFixed(1).padStart(6)}  ${p99.toFixed(1).padStart(6)}  ${megabytes.toFixed(0)}\n`,
  )
agent.destroy()
