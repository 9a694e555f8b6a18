/**
 * `npm run demo`: the main job on this machine, without a cluster. A real server with real clients runs into a real fault, and the
 * real command line finds it; then a look that was recorded on a real cluster is judged again. Ends by itself, in under a minute;
 * exit 0 only when both diagnoses were right.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import type { Verdict } from '../src/diagnosis/verdict.ts'

const root = path.resolve(import.meta.dirname, '..')
const bin = path.join(root, 'bin/task-mcp.js')

const say = (text: string): void => void process.stdout.write(`${text}\n`)
const heading = (text: string): void => say(`\n== ${text}\n`)

const folder = await mkdtemp(path.join(tmpdir(), 'task-mcp-demo-'))

/** This machine's environment without its clusters and settings: the demo touches nothing but its own folder. */
const env = {
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => name !== 'KUBECONFIG' && !name.startsWith('TASK_MCP_'))),
  HOME: folder,
}

interface Ran {
  code: number
  out: string
}

/** Runs the built command as a user would; what it prints is shown as it comes, unless `quiet`. */
function taskMcp(args: readonly string[], quiet = false): Promise<Ran> {
  if (!quiet) say(`$ task-mcp ${args.join(' ')}\n`)
  const child = spawn(process.execPath, [bin, ...args], { cwd: root, env, stdio: ['ignore', 'pipe', 'inherit'] })
  let out = ''
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk
    if (!quiet) process.stdout.write(chunk)
  })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => resolve({ code: code ?? 1, out }))
  })
}

interface Serving {
  child: ChildProcess
  mcp: string
  origin: string
}

/** Starts `task-mcp serve` on a free port and waits until it says where it listens. */
async function serve(args: readonly string[]): Promise<Serving> {
  const child = spawn(process.execPath, [bin, 'serve', '--port', '0', ...args], { cwd: root, env, stdio: ['ignore', 'pipe', 'inherit'] })
  for await (const line of createInterface({ input: child.stdout! })) {
    const said = JSON.parse(line) as { msg: string; url: string; admin_url: string }
    if (said.msg !== 'listening') continue
    child.stdout!.resume()
    return { child, mcp: said.url, origin: said.admin_url }
  }
  throw new Error('the server ended before it listened')
}

interface Traffic {
  answered: number
  failed: number
  lastError: string
  stop(): Promise<void>
}

/** Clients that work as agents do: one hands out tasks with long texts, the others claim and complete them. They go on when calls fail. */
async function traffic(url: string, workers: number): Promise<Traffic> {
  const seen = { answered: 0, failed: 0, lastError: '' }
  let going = true
  const connect = async (name: string): Promise<Client> => {
    const client = new Client({ name, version: '1.0.0' })
    await client.connect(new StreamableHTTPClientTransport(new URL(url)))
    return client
  }
  const call = async (client: Client, name: string, input: Record<string, unknown>): Promise<Record<string, unknown>> => {
    try {
      const answer = await client.callTool({ name, arguments: input })
      seen.answered++
      return (answer.structuredContent ?? {}) as Record<string, unknown>
    } catch (error) {
      seen.failed++
      seen.lastError = error instanceof Error ? error.message : String(error)
      return {}
    }
  }
  const planner = async (client: Client): Promise<void> => {
    for (let number = 1; going; number++) {
      await call(client, 'create_task', { title: `Transcribe recording ${number}`, description: 'Every word of it. '.repeat(500) })
      await pause(15)
    }
  }
  const worker = async (client: Client): Promise<void> => {
    while (going) {
      const { task, claim } = (await call(client, 'claim_task', { leaseSeconds: 60 })) as { task?: { id: string }; claim?: { id: string } }
      if (task && claim) await call(client, 'complete_task', { id: task.id, claimId: claim.id })
      await call(client, 'list_tasks', { status: 'open', limit: 5 })
      await pause(40)
    }
  }
  const clients = await Promise.all(['planner', ...Array.from({ length: workers }, (_, index) => `agent-${index + 1}`)].map(connect))
  const running = clients.map((client, index) => (index === 0 ? planner(client) : worker(client)))
  return {
    get answered() {
      return seen.answered
    },
    get failed() {
      return seen.failed
    },
    get lastError() {
      return seen.lastError
    },
    async stop() {
      going = false
      await Promise.all(running)
      await Promise.all(clients.map((client) => client.close()))
    },
  }
}

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds))

/** Waits until `ready` holds, looking ten times a second. */
async function until(ready: () => boolean, what: string, seconds: number): Promise<void> {
  for (let tenths = 0; !ready(); tenths++) {
    if (tenths > seconds * 10) throw new Error(`${what} did not happen within ${seconds} s`)
    await pause(100)
  }
}

interface Expected {
  code: string
  subject: string
}

/** Whether the first cause of a verdict is the expected one on the expected object; says so. */
function judged(json: string, expected: Expected): boolean {
  const { causes } = JSON.parse(json) as Verdict
  const [first] = causes
  const found = first ? `${first.code} on ${first.subject.kind} ${first.subject.name}` : 'no cause'
  const right = first?.code === expected.code && `${first.subject.kind} ${first.subject.name}` === expected.subject
  say(
    right ? `\nRight: ${found} is what happened.` : `\nWRONG: it says ${found}; what happened is ${expected.code} on ${expected.subject}.`,
  )
  return right
}

/** Ends a server that was started here, and waits until it is gone. */
async function stop(server: Serving): Promise<void> {
  server.child.kill('SIGTERM')
  if (server.child.exitCode === null) await new Promise((resolve) => server.child.once('close', resolve))
}

/** Runs `during` against a server on the folder's database, whose file may grow to `limit`. */
async function withServer<T>(limit: string, during: (server: Serving) => Promise<T>): Promise<T> {
  const server = await serve(['--database-path', path.join(folder, 'tasks.db'), '--database-max-bytes', limit, '--health-interval', '1s'])
  try {
    return await during(server)
  } finally {
    await stop(server)
  }
}

async function onThisMachine(): Promise<boolean> {
  heading('1. A real server, real clients, a real fault: all on this machine')
  say('Starting task-mcp serve on SQLite. Its file may grow to 3MiB (--database-max-bytes), which is too small for what comes.')
  const found = await withServer('3MiB', async (server) => {
    say(`It listens on ${server.mcp}. First, does it work?\n`)
    const smoke = await taskMcp(['smoke', '--url', server.mcp, '--for', '0'])
    if (smoke.code !== 0) return false
    say('\nIt does. Now three MCP clients: a planner hands out tasks with long texts, two agents claim and complete them.')
    const clients = await traffic(server.mcp, 2)
    await until(() => clients.failed >= 20, 'the database being full', 30)
    say(`${clients.answered} calls were answered, then they began to fail. The clients see only "${clients.lastError.slice(0, 60)}...".`)
    say('Somebody is paged for a high error rate, knows nothing of the above, and types:\n')
    const record = path.join(folder, 'snapshot.json')
    const shown = await taskMcp(['diagnose', 'high-error-rate', '--url', server.origin, '--record', record])
    await clients.stop()
    const again = await taskMcp(['diagnose', 'high-error-rate', '--from', record, '--json'], true)
    return judged(again.out, { code: 'disk_full', subject: `Process ${server.origin}` }) && shown.code === 3
  })
  if (!found) return false
  say('\nSo it is given room (64MiB), the clients come back, and the same command is asked once more:\n')
  const healed = await withServer('64MiB', async (server) => {
    const clients = await traffic(server.mcp, 2)
    await until(() => clients.answered >= 30, 'calls being answered', 20)
    const shown = await taskMcp(['diagnose', 'high-error-rate', '--url', server.origin])
    await clients.stop()
    return shown.code === 0
  })
  say(healed ? '\nRight: it is well again, and nothing is made up.' : '\nWRONG: it is well again, and that was not said.')
  return healed
}

/** A look that `diagnose --record` took on a real cluster of two nodes: the service with PostgreSQL, which somebody scaled to 0. */
const recorded = 'test/demo/database-scaled-to-0.json'

async function onACluster(): Promise<boolean> {
  heading('2. A look that was recorded on a real Kubernetes cluster, judged again')
  const { takenAt } = JSON.parse(await readFile(path.join(root, recorded), 'utf8')) as { takenAt: string }
  say(`${recorded} is what task-mcp diagnose --record wrote there on ${takenAt.slice(0, 10)}. To judge it, no cluster is needed:\n`)
  const shown = await taskMcp(['diagnose', 'service-downtime', '--from', recorded])
  const again = await taskMcp(['diagnose', 'service-downtime', '--from', recorded, '--json'], true)
  return judged(again.out, { code: 'dependency_down', subject: 'StatefulSet task-mcp-postgresql' }) && shown.code === 3
}

try {
  const right = [await onThisMachine(), await onACluster()]
  const all = right.every(Boolean)
  heading(all ? 'Every diagnosis was right.' : 'Not every diagnosis was right.')
  if (all) say('Next: task-mcp doctor says what can be seen from here of your own cluster. README.md goes on from there.')
  process.exitCode = all ? 0 : 1
} finally {
  await rm(folder, { recursive: true, force: true })
}
