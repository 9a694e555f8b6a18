/** Memory and disks: too little given, or too much taken. */
import { harden } from '../clients.ts'
import { growing, growingObjects, spooling } from '../defects.ts'
import type { Fault } from '../fault.ts'
import { type Any, sleep } from '../kubectl.ts'
import { memoryAbove } from '../measure.ts'
import { clientSuffers, containerState, event } from '../see.ts'
import type { World } from '../world.ts'
import { releaseWith } from './errors.ts'

const deployment = (world: World) => [{ kind: 'Deployment', name: world.names.app }]
const memory = { row: 'memory', runbook: 'memory-issues', store: 'postgresql', before: 30 } as const

/** Pods with so much memory, under a load that a leak grows by. */
const limited =
  (mib: number) =>
  (world: World): void => {
    world.replicas = 2
    world.load = { pause: 250, workers: 3 }
    world.container.resources.limits.memory = `${mib}Mi`
  }

const helper = (world: World): string => `${world.names.app.split('-')[0]}-shipper`

/** A container beside ours that needs 120 MiB or so after it has started. */
const shipper = (world: World, limit: string): Any => ({
  ...harden({
    name: helper(world),
    image: world.images.app,
    command: ['node', '-e', 'const lines = []; setInterval(() => { if (lines.length < 80) lines.push(Buffer.alloc(1 << 20, 7)) }, 100)'],
  }),
  resources: { requests: { cpu: '10m', memory: '16Mi' }, limits: { memory: limit } },
})

export const memoryFaults: Fault[] = [
  {
    ...memory,
    name: 'release that leaks, not at its limit yet',
    expected: ['memory_leak'],
    subjects: deployment,
    wrong: ['scale', 'resources'],
    prepare: limited(256),
    inject: (world) => releaseWith(world, growing(world.random.int(1000, 1300))),
    shows: (world) => memoryAbove(world, 165),
  },
  {
    ...memory,
    name: 'release that leaks and is killed for it',
    expected: ['memory_leak'],
    subjects: deployment,
    wrong: ['scale', 'resources'],
    prepare: limited(128),
    inject: (world) => releaseWith(world, growing(world.random.int(1000, 1400))),
    shows: (world) => containerState(world, /OOMKilled/, 180),
  },
  {
    ...memory,
    name: 'release that leaks on its heap',
    expected: ['memory_leak'],
    subjects: deployment,
    wrong: ['scale', 'resources'],
    prepare: limited(256),
    inject: (world) => releaseWith(world, growingObjects(world.random.int(16, 22))),
    shows: (world) => containerState(world, /OOMKilled|Error|CrashLoopBackOff/, 180),
  },
  {
    ...memory,
    name: 'memory limit lowered by a release',
    expected: ['memory_limit_low'],
    subjects: deployment,
    wrong: ['restart', 'scale'],
    inject: (world) =>
      world.release({
        op: 'replace',
        path: 'container/resources',
        value: { requests: { cpu: '20m', memory: '16Mi' }, limits: { cpu: '1', memory: world.random.pick(['24Mi', '28Mi', '32Mi']) } },
      }),
    shows: (world) => containerState(world, /OOMKilled/, 90),
  },
  {
    ...memory,
    name: 'heap flag too small',
    expected: ['v8_heap_limit'],
    subjects: deployment,
    wrong: ['restart', 'resources', 'scale'],
    inject: (world) =>
      world.release({
        op: 'add',
        path: 'container/env/-',
        value: { name: 'NODE_OPTIONS', value: `--max-old-space-size=${world.random.int(9, 12)}` },
      }),
    shows: (world) => containerState(world, /Error|CrashLoopBackOff/, 120),
  },
  {
    ...memory,
    name: 'limit of a container beside it lowered',
    expected: ['sidecar_oom'],
    subjects: deployment,
    wrong: ['restart', 'scale'],
    prepare: (world) => {
      world.podSpec.containers.push(shipper(world, '160Mi'))
    },
    inject: (world) => {
      const at = world.podSpec.containers.findIndex((one: Any) => one.name === helper(world))
      return world.release({ op: 'replace', path: `/containers/${at}/resources/limits/memory`, value: '48Mi' })
    },
    shows: (world) => containerState(world, /OOMKilled/, 90),
  },
  {
    ...memory,
    name: 'data volume full',
    expected: ['disk_full'],
    subjects: deployment,
    wrong: ['restart', 'rollback', 'scale', 'resources'],
    store: 'sqlite',
    prepare: (world) => {
      const volume = world.podSpec.volumes.find((one: Any) => one.name === 'data')
      volume.emptyDir = { medium: 'Memory', sizeLimit: `${world.random.int(8, 16)}Mi` }
    },
    inject: async (world) => {
      const fill =
        "const fs = require('fs'); const file = fs.openSync('/data/import.tmp', 'w'); try { for (;;) fs.writeSync(file, Buffer.alloc(4096, 1)) } catch (error) { console.log(error.code) }"
      await world.k('exec', `deployment/${world.names.app}`, '-c', world.names.container, '--', 'node', '-e', fill)
    },
    shows: clientSuffers,
  },
  {
    ...memory,
    name: "the database's volume full",
    expected: ['disk_full'],
    subjects: (world) => [{ kind: 'StatefulSet', name: world.names.store }],
    wrong: ['restart', 'rollback', 'scale', 'resources'],
    prepare: (world) => {
      const { template } = world.find('StatefulSet', world.names.store).spec
      template.spec.volumes.find((one: Any) => one.name === 'data').emptyDir = {
        medium: 'Memory',
        sizeLimit: `${world.random.int(90, 120)}Mi`,
      }
      template.spec.containers[0].resources.limits.memory = '400Mi'
    },
    inject: async (world) => {
      const fill = 'dd if=/dev/zero of=/data/dump.tmp bs=64k 2>&1 | tail -1'
      await world.k('exec', `${world.names.store}-0`, '--', 'sh', '-c', fill)
    },
    shows: clientSuffers,
  },
  {
    ...memory,
    name: 'release that fills its scratch volume and is evicted',
    expected: ['ephemeral_storage'],
    subjects: deployment,
    wrong: ['restart', 'scale'],
    inject: (world) => releaseWith(world, spooling('/tmp', 8192)),
    shows: async (world) => {
      // By its event: a pod whose program ends well when it is told to has no reason in its status, but the phase Succeeded.
      const seen = await event(world, /Evicted: Usage of EmptyDir/, 150)
      await sleep(3)
      return seen
    },
  },
]
