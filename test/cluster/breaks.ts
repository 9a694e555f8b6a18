/** What is broken so that a threshold of the shipped alerts breaks, and which alerts must tell. */
import { clientOf, workload } from './clients.ts'
import { releaseWith } from './faults/errors.ts'
import type { World } from './world.ts'

export interface Break {
  name: string
  /** Alerts that must fire, without their prefix; with the seconds until their average is over the threshold, where that is not at once. */
  expected: Readonly<Record<string, number>>
  /** Alerts that are right to fire too. */
  follows?: RegExp
  inject: (world: World) => Promise<void>
}

/** Every answer of /mcp is held back for so many milliseconds, inside of what the server itself measures. */
const slowed = (milliseconds: number): string => `
import { ServerResponse } from 'node:http'
const { end } = ServerResponse.prototype
ServerResponse.prototype.end = function (...rest) {
  if (!this.req?.url?.startsWith('/mcp')) return end.apply(this, rest)
  setTimeout(() => end.apply(this, rest), ${milliseconds})
  return this
}`

/** Half of all answers are 500s. */
const failing = `
import { Server } from 'node:http'
const { emit } = Server.prototype
const { writeHead } = (await import('node:http')).ServerResponse.prototype
Server.prototype.emit = function (name, request, response) {
  if (name === 'request' && request.url.startsWith('/mcp') && Math.random() < 0.5)
    response.writeHead = function (_, ...rest) { return writeHead.call(this, 500, ...rest) }
  return emit.apply(this, arguments)
}`

/** A leak that ends when so large a share of the memory that the process may use is resident. */
const filled = (share: number): string => `
const kept = []
setInterval(() => {
  while (process.memoryUsage.rss() < ${share} * process.constrainedMemory()) kept.push(Buffer.alloc(1 << 20, 1))
}, 500).unref()`

/** Work without end, in pieces small enough that requests still come through; it begins when the pod is ready. */
const busy = `
const turn = () => {
  const until = performance.now() + 10
  while (performance.now() < until);
  setImmediate(turn)
}
setTimeout(turn, 30_000)`

/** Somebody in a pod of their own who does this; `url` and `token` of a real client are there. */
async function somebody(world: World, name: string, doing: string): Promise<void> {
  const code = `const url = process.env.ENDPOINT, token = process.env.TOKEN
const post = (body, headers) => fetch(url, { method: 'POST', headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream', ...headers }, body: JSON.stringify(body) })
${doing}`
  const [, client] = clientOf(world, '')
  const { env } = client.spec.template.spec.containers[0]
  await world.apply(workload(name, 1, { name: 'main', image: world.images.app, command: ['node', '--input-type=module', '-e', code], env }))
  await world.k('rollout', 'status', `deployment/${name}`, '--timeout=60s')
}

const guessing = `setInterval(() => post({}, { authorization: 'Bearer no-such-token' }).catch(() => {}), 50)`

const hurried = `setInterval(() => post({ jsonrpc: '2.0', id: 1, method: 'ping' }, { authorization: 'Bearer ' + token }).catch(() => {}), 50)`

/** Opens streams until there are `most`; whoever loses one, or is refused one, tries again a second later. */
const listening = (most: number): string => `
const own = { authorization: 'Bearer ' + token }
const listen = async () => {
  for (;;) {
    try {
      const opened = await post({ jsonrpc: '2.0', id: 1, method: 'initialize', params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'listener', version: '1' } } }, own)
      const session = opened.headers.get('mcp-session-id')
      await opened.arrayBuffer()
      const stream = await fetch(url, { headers: { ...own, accept: 'text/event-stream', 'mcp-session-id': session } })
      for await (const _ of stream.body);
    } catch {}
    await new Promise((resolve) => setTimeout(resolve, 1000))
  }
}
for (let one = 0; one < ${most}; one++) void listen()`

async function configured(world: World, settings: Record<string, string>): Promise<void> {
  await world.configure(settings)
  await world.restart()
  await world.settled()
}

export const breaks: readonly Break[] = [
  { name: 'nothing', expected: {}, inject: async () => {} },
  {
    name: 'no replica',
    // Its last requests are counted until they are older than 5 minutes.
    expected: { HealthCheckFailure: 0, SLOMetricAbsent: 300 },
    follows: /^Availability/,
    inject: async (world) => {
      await world.k('scale', `deployment/${world.names.app}`, '--replicas=0')
    },
  },
  {
    name: 'half of all answers are 500',
    expected: { HighErrorRateFastBurn: 0 },
    follows: /^HighErrorRate/,
    inject: (world) => releaseWith(world, failing),
  },
  {
    name: 'answers take 700 ms more',
    expected: { CriticalLatency: 0, TailLatencyFastBurn: 0 },
    follows: /Latency/,
    inject: (world) => releaseWith(world, slowed(700)),
  },
  {
    name: 'answers take 300 ms more',
    expected: { LatencyDegradation: 0 },
    follows: /Latency/,
    inject: (world) => releaseWith(world, slowed(300)),
  },
  {
    name: 'no room for any request',
    expected: { ThroughputFastBurn: 0 },
    // A refusal for want of room is a 503, and a limit that is hit.
    follows: /^(Throughput|HighErrorRate|RateLimitHits)/,
    inject: (world) => configured(world, { TASK_MCP_MAX_IN_FLIGHT: '0' }),
  },
  {
    name: 'memory 88% full',
    expected: { HighMemoryUsage: 0 },
    inject: (world) => releaseWith(world, filled(0.88)),
  },
  {
    name: 'memory 97% full',
    expected: { CriticalMemoryUsage: 0 },
    follows: /^HighMemoryUsage/,
    inject: (world) => releaseWith(world, filled(0.97)),
  },
  {
    name: 'a loop that never rests',
    // It begins after half a minute, and all of its CPU is 80% of an average over 5 minutes after 4 of them.
    expected: { HighCPUUsage: 270 },
    follows: /Latency/,
    inject: async (world) => {
      const resources = { requests: { cpu: '200m', memory: '128Mi' }, limits: { cpu: '200m', memory: '512Mi' } }
      await world.release({ op: 'replace', path: 'container/resources', value: resources })
      await world.settled()
      await releaseWith(world, busy)
    },
  },
  {
    name: 'every stream in use',
    expected: { StreamingConnectionLimit: 0 },
    inject: async (world) => {
      await configured(world, { TASK_MCP_MAX_STREAMS: '10' })
      await somebody(world, 'listener', listening(10))
    },
  },
  {
    name: 'more streams than one may have',
    expected: { StreamingConnectionLimit: 0 },
    inject: async (world) => {
      await configured(world, { TASK_MCP_MAX_STREAMS_PER_PRINCIPAL: '5' })
      await somebody(world, 'listener', listening(6))
    },
  },
  {
    name: 'somebody guesses tokens',
    // The address of who guesses is refused after a while.
    expected: { HighAuthFailureRate: 0, RateLimitHits: 0 },
    inject: (world) => somebody(world, 'guesser', guessing),
  },
  {
    name: 'a caller in a hurry',
    expected: { RateLimitHits: 0 },
    inject: async (world) => {
      await configured(world, { TASK_MCP_RATE_LIMIT: '10', TASK_MCP_RATE_BURST: '20' })
      await somebody(world, 'hurried', hurried)
    },
  },
]
