/** Long answers: places that run out, streams that nobody ends, that something else ends, that nobody reads. */

import { behindEdge, changeEdge, edgeName } from '../edge.ts'
import type { Fault } from '../fault.ts'
import { type Any, sleep, until } from '../kubectl.ts'
import { start, target } from '../programs.ts'
import { prometheus } from '../see.ts'
import type { World } from '../world.ts'

const stream = { row: 'stream', runbook: 'streaming-issues', store: 'postgresql', before: 40 } as const
const deployment = (world: World) => [{ kind: 'Deployment', name: world.names.app }]
const settings = (world: World) => ({ kind: 'ConfigMap', name: world.names.settings })
const proxy = (world: World) => [
  { kind: 'Deployment', name: edgeName(world) },
  { kind: 'ConfigMap', name: `${edgeName(world)}-conf` },
]
const watch = (world: World, name: string, how: Record<string, string | number>, from = `${target(world)}/mcp`): Promise<void> =>
  start(world, name, 'watcher.mjs', {
    ENDPOINT: from,
    ...Object.fromEntries(Object.entries(how).map(([key, value]) => [key, String(value)])),
  })

/** What a program of ours said last. */
async function said(world: World, name: string): Promise<Any> {
  const line = (await world.k('logs', `deployment/${name}`, '--tail=1')).trim()
  return line.startsWith('{') ? JSON.parse(line) : undefined
}

const of = (world: World, metric: string, labels = ''): string => `${metric}{namespace="${world.names.namespace}"${labels}}`

/** A pod has all the streams it may, and others were turned away. */
const full = (world: World, seconds = 240): Promise<string> =>
  until('a pod with all its streams', seconds, async () => {
    const share = await prometheus(`max(${of(world, 'streaming_active_connections')} / ${of(world, 'streaming_connections_limit')})`)
    const refused = await prometheus(`sum(increase(${of(world, 'streaming_connections_rejected_total')}[1m]))`)
    return (
      share !== undefined &&
      share > 0.9 &&
      (refused ?? 0) >= 3 &&
      `a pod has ${Math.round(share * 100)}% of its streams open, ${Math.round(refused!)} turned away in a minute`
    )
  })

const places = (most: number) => (world: World) => {
  world.replicas = 2
  world.settings.TASK_MCP_MAX_STREAMS = String(most)
}
const crowd = ['restart', 'rollback'] as const
export const watchers = 'dashboards'

export const streamFaults: Fault[] = [
  {
    ...stream,
    name: 'all 20 places for streams taken, by streams that come and go',
    expected: ['stream_limit'],
    subjects: (world) => [...deployment(world), settings(world)],
    wrong: crowd,
    prepare: places(20),
    inject: (world) =>
      watch(world, watchers, { WATCHERS: 60, EVERY_MS: 60, HOLD_FROM_MS: 12_000, HOLD_TO_MS: world.random.int(30, 60) * 1000 }),
    shows: async (world) => {
      await sleep(30)
      return full(world)
    },
  },
  {
    ...stream,
    name: 'all places for streams taken at once, by streams that stay',
    expected: ['stream_limit'],
    subjects: (world) => [...deployment(world), settings(world)],
    wrong: crowd,
    prepare: (world) => places(world.random.pick([12, 20, 30]))(world),
    inject: (world) => watch(world, watchers, { WATCHERS: 70, EVERY_MS: 60 }),
    shows: async (world) => {
      const seen = await full(world)
      await sleep(world.random.int(5, 40))
      return seen
    },
  },
  {
    ...stream,
    name: 'streams opened one after the other and forgotten',
    long: true,
    expected: ['stream_leak'],
    subjects: deployment,
    wrong: ['scale', 'restart', 'rollback'],
    prepare: (world) => places(world.random.pick([16, 20]))(world),
    inject: (world) => watch(world, watchers, { HOW: 'forget', EVERY_MS: world.random.pick([2000, 3000]) }),
    shows: full,
  },
  {
    ...stream,
    name: 'proxy that cuts streams on which nothing is said',
    long: true,
    expected: ['idle_timeout'],
    subjects: proxy,
    wrong: ['restart', 'rollback', 'scale'],
    prepare: (world) => {
      // Rarer signs of life than the proxy waits for: somebody wanted to spare phones their batteries.
      world.settings.TASK_MCP_STREAM_HEARTBEAT = '20m'
      behindEdge(world, 'proxy_read_timeout 1h;')
    },
    inject: async (world) => {
      await watch(
        world,
        watchers,
        { HOW: 'quiet', WATCHERS: 16, EVERY_MS: 400, HOLD_FROM_MS: 90_000, HOLD_TO_MS: 300_000 },
        `http://${edgeName(world)}/mcp`,
      )
      await sleep(20)
      await changeEdge(world, `proxy_read_timeout ${world.random.pick([15, 20, 30, 45])}s;`)
    },
    shows: (world) =>
      until('streams that are cut', 200, async () => {
        const seen = await said(world, watchers)
        return seen?.cut >= 32 && `${seen.cut} streams were cut, ${seen.open} are open`
      }),
  },
  {
    ...stream,
    name: 'clients that do not read what they asked for',
    long: true,
    expected: ['slow_consumers'],
    subjects: deployment,
    wrong: ['restart', 'resources', 'rollback'],
    prepare: (world) => {
      world.replicas = 2
      world.settings.TASK_MCP_STREAM_BUFFER_BYTES = '128KiB'
    },
    inject: async (world) => {
      await watch(world, watchers, { HOW: 'deaf', WATCHERS: 12, EVERY_MS: 100 })
      await start(world, 'importer', 'importer.mjs', { ENDPOINT: `${target(world)}/mcp` })
    },
    shows: (world) =>
      until('streams closed for want of a reader', 240, async () => {
        const closed = await prometheus(`sum(increase(${of(world, 'streaming_connections_closed_total', ',reason="backpressure"')}[5m]))`)
        return (closed ?? 0) >= 8 && `${Math.round(closed!)} streams were closed for want of a reader`
      }),
  },
  {
    ...stream,
    name: 'Service that keeps every caller of one address with one pod',
    expected: ['session_affinity'],
    subjects: (world) => [{ kind: 'Service', name: world.names.app }],
    wrong: ['restart', 'rollback', 'scale'],
    prepare: (world) => {
      places(20)(world)
      world.replicas = world.random.int(2, 3)
    },
    inject: async (world) => {
      await world.patch('service', world.names.app, { spec: { sessionAffinity: 'ClientIP' } })
      await sleep(4)
      await watch(world, watchers, { WATCHERS: 26, EVERY_MS: 100, HOLD_FROM_MS: 20_000, HOLD_TO_MS: 60_000 })
    },
    shows: full,
  },
]

export const streamHealthy: Fault[] = [
  {
    ...stream,
    row: 'healthy',
    name: 'streams that come and go, far below the limit',
    expected: ['healthy'],
    inject: async (world) => {
      await watch(world, watchers, { WATCHERS: world.random.int(12, 30), EVERY_MS: 300, HOLD_FROM_MS: 2000, HOLD_TO_MS: 70_000 })
      await sleep(100)
    },
    shows: async (world) =>
      `${(await said(world, watchers))?.open} streams are open, ${(await said(world, watchers))?.refused} were refused`,
  },
  {
    ...stream,
    row: 'healthy',
    name: 'streams that stay, half of the places taken',
    expected: ['healthy'],
    prepare: places(40),
    inject: async (world) => {
      await watch(world, watchers, { WATCHERS: world.random.int(24, 40), EVERY_MS: 1000 })
      await sleep(70)
    },
    shows: async (world) =>
      `${(await said(world, watchers))?.open} streams are open, ${(await said(world, watchers))?.refused} were refused`,
  },
]
