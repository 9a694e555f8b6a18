/** Load, memory and changes that look like the trouble of the slow, memory and cpu rows and are none, or are beside another cause. */
import { caching, growing } from '../defects.ts'
import type { Fault, Runbook } from '../fault.ts'
import { sleep } from '../kubectl.ts'
import { memoryAbove, requestRate, requestsAbove, slowAnswers } from '../measure.ts'
import { allWell, containerState } from '../see.ts'
import type { World } from '../world.ts'
import { releaseWith } from './errors.ts'
import { holdForGood, loadOf } from './slow.ts'

const well = { row: 'healthy', expected: ['healthy'], store: 'postgresql', shows: allWell } as const

/** More is asked than an hour ago, and all of it is answered in time. */
const peak = (runbook: Runbook): Fault => ({
  ...well,
  name: `daily peak, answered in time (${runbook})`,
  runbook,
  before: 75,
  prepare: (world) => {
    world.replicas = 2
    world.load = { pause: 900, workers: 1 }
  },
  inject: async (world) => {
    const before = await requestRate(world)
    await loadOf(world, 3, 600)
    await requestsAbove(world, 2 * before)
    await sleep(20)
  },
})

export const quiet: Fault[] = [
  peak('performance-degradation'),
  peak('cpu-issues'),
  peak('memory-issues'),
  {
    ...well,
    name: 'caches warm, memory level at most of its limit',
    runbook: 'memory-issues',
    before: 60,
    prepare: (world) => {
      world.replicas = 2
      world.container.resources.limits.memory = '256Mi'
      world.podSpec.volumes.push({ name: 'warm', configMap: { name: `${world.names.app}-warm` } })
      world.container.volumeMounts.push({ name: 'warm', mountPath: '/opt/warm' })
      world.container.env = [...(world.container.env ?? []), { name: 'NODE_OPTIONS', value: '--import=/opt/warm/cache.mjs' }]
      world.objects.push({
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: `${world.names.app}-warm` },
        data: { 'cache.mjs': caching(world.random.int(122, 132)) },
      })
    },
    shows: async (world) => `${await memoryAbove(world, 160, 60)}; ${await allWell(world)}`,
  },
  {
    row: 'red herring',
    name: 'leak, and an unrelated ConfigMap edited after it',
    runbook: 'memory-issues',
    expected: ['memory_leak'],
    subjects: (world: World) => [{ kind: 'Deployment', name: world.names.app }],
    store: 'postgresql',
    wrong: ['scale', 'resources', 'config'],
    before: 20,
    prepare: (world) => {
      world.replicas = 2
      world.load = { pause: 250, workers: 3 }
      world.container.resources.limits.memory = '128Mi'
    },
    inject: async (world) => {
      await releaseWith(world, growing(world.random.int(1000, 1400)))
      await world.apply({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'banner' }, data: { text: 'welcome' } })
      await world.configure({ TEAM_CONTACT: 'desk 9' })
    },
    shows: (world) => containerState(world, /OOMKilled/, 180),
  },
  {
    row: 'red herring',
    name: 'label release, then a row is locked in the database',
    runbook: 'performance-degradation',
    expected: ['dependency_slow'],
    subjects: (world: World) => [{ kind: 'StatefulSet', name: world.names.store }],
    store: 'postgresql',
    wrong: ['restart', 'rollback', 'scale', 'resources'],
    before: 30,
    prepare: (world) => {
      world.load = { pause: 250, workers: 4 }
    },
    inject: async (world) => {
      await world.patch('deployment', world.names.app, { spec: { template: { metadata: { labels: { 'build-flavour': 'slim' } } } } })
      await world.settled()
      await sleep(60)
      await holdForGood(world)
    },
    shows: (world) => slowAnswers(world, 1000),
  },
]
