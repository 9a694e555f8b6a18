/** CPU that goes where it should not: into one process, into logs, into asking again. */
import { clientProgram, workload } from '../clients.ts'
import { talking } from '../defects.ts'
import type { Fault } from '../fault.ts'
import { runInside } from '../inside.ts'
import { sleep, until } from '../kubectl.ts'
import { busyPod, requestRate, requestsAbove } from '../measure.ts'
import type { World } from '../world.ts'
import { dropConnections, egress, releaseWith, withoutShippedPolicies } from './errors.ts'

const deployment = (world: World) => [{ kind: 'Deployment', name: world.names.app }]
const cpu = { row: 'cpu', runbook: 'cpu-issues', store: 'postgresql', before: 30 } as const

const loudLog = (world: World): Promise<string> =>
  until('a loud log', 60, async () => {
    const text = await world.k('logs', `deployment/${world.names.app}`, '-c', world.names.container, '--since=5s')
    const lines = text.split('\n').length
    return lines > 300 && `${lines} lines in 5 s`
  })

/** Clients that ask again at once and begin all over when they are not answered. */
async function impatient(world: World): Promise<void> {
  const name = `${world.client.split('-')[0]}-reconciler`
  const container = {
    name: 'main',
    image: world.images.app,
    command: ['node', '/client/impatient.mjs'],
    env: [
      { name: 'ENDPOINT', value: `http://${world.names.app}:${world.servicePort}/mcp` },
      { name: 'TOKEN', valueFrom: { secretKeyRef: { name: `${world.client}-token`, key: 'token' } } },
      { name: 'PAUSE_MS', value: '36000' },
      { name: 'WORKERS', value: '30' },
    ],
    volumeMounts: [{ name: 'program', mountPath: '/client/impatient.mjs', subPath: 'impatient.mjs' }],
  }
  const data = { 'impatient.mjs': await clientProgram('impatient.mjs') }
  await world.apply(
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: `${name}-program` }, data },
    workload(name, 1, container, [{ name: 'program', configMap: { name: `${name}-program` } }]),
  )
  await world.k('rollout', 'status', `deployment/${name}`, '--timeout=60s')
}

export const cpuFaults: Fault[] = [
  {
    ...cpu,
    name: 'one pod in a busy loop',
    expected: ['single_bad_pod'],
    subjects: () => [{ kind: 'Pod' }],
    wrong: ['rollback', 'scale', 'resources'],
    prepare: (world) => {
      world.replicas = world.random.int(2, 3)
      world.load = { pause: 800, workers: 2 }
      world.container.resources.limits.cpu = world.random.pick(['300m', '400m', '500m'])
    },
    inject: async (world) => {
      const [pod] = await world.pods()
      await runInside(
        world,
        pod.metadata.name,
        'setInterval(() => { for (const end = performance.now() + 40; performance.now() < end; ); }, 45)',
      )
      await sleep(35)
    },
    shows: (world) => busyPod(world, 0.25),
  },
  {
    ...cpu,
    name: 'release that logs every header',
    expected: ['log_spam'],
    subjects: deployment,
    wrong: ['restart', 'scale', 'resources'],
    prepare: (world) => {
      world.replicas = 2
      world.load = { pause: 400, workers: 2 }
    },
    inject: async (world) => {
      await releaseWith(world, talking(world.random.int(40, 60)))
      await sleep(20)
    },
    shows: loudLog,
  },
  {
    ...cpu,
    name: 'clients that ask again and again after a short fault',
    expected: ['retry_storm'],
    subjects: deployment,
    wrong: ['restart', 'rollback'],
    before: 15,
    prepare: (world) => {
      withoutShippedPolicies(world)
      world.replicas = 1
      world.load = { pause: 2000, workers: 1 }
      Object.assign(world.settings, { TASK_MCP_RATE_LIMIT: '20', TASK_MCP_RATE_BURST: '30' })
    },
    inject: async (world) => {
      await impatient(world)
      await sleep(100)
      const before = await requestRate(world)
      await world.apply(egress(world))
      await sleep(2)
      await dropConnections(world)
      // Long enough for most of the clients to have begun: together they ask for more than they may.
      await sleep(30)
      await world.k('delete', 'networkpolicy', 'outbound')
      await sleep(20)
      await requestsAbove(world, 2.5 * before)
    },
    shows: async (world) => {
      await sleep(10)
      return `${Math.round(await requestRate(world))} requests a second, half a minute after the database could be reached again`
    },
  },
]
