/** Nothing is wrong with the service, whatever else goes on: no cause may be named. */
import { workload } from '../clients.ts'
import type { Fault } from '../fault.ts'
import { sleep, until } from '../kubectl.ts'
import { allWell, containerState, event } from '../see.ts'

const well = { row: 'healthy', expected: ['healthy'], shows: allWell } as const
const labelOnly = { spec: { template: { metadata: { labels: { 'cost-center': 'c-117' } } } } }

export const healthy: Fault[] = [
  { ...well, name: 'steady', runbook: 'service-downtime', before: 15 },
  { ...well, name: 'steady, asked about errors', runbook: 'high-error-rate', before: 30 },
  {
    ...well,
    name: 'released four minutes ago',
    runbook: 'high-error-rate',
    long: true,
    store: 'postgresql',
    inject: async (world) => {
      await world.release({ op: 'add', path: 'container/env/-', value: { name: 'TASK_MCP_SLOW_QUERY', value: '500ms' } })
      await world.settled()
      await sleep(240)
    },
  },
  {
    ...well,
    name: 'rollout in progress',
    runbook: 'service-downtime',
    store: 'postgresql',
    prepare: (world) => {
      world.replicas = 3
      world.deployment.spec.minReadySeconds = 10
    },
    inject: async (world) => {
      await world.patch('deployment', world.names.app, {
        spec: { template: { metadata: { annotations: { 'checksum/settings': world.random.text(8) } } } },
      })
      await sleep(8)
    },
    shows: async (world) => {
      const { status } = await world.get('deployment', world.names.app)
      return `${status.updatedReplicas} of ${status.replicas} pods are new, ${status.readyReplicas} ready`
    },
  },
  {
    ...well,
    name: 'unused settings edited',
    runbook: 'high-error-rate',
    before: 20,
    inject: async (world) => {
      await world.configure({ TEAM_CONTACT: 'desk 4' })
      await world.apply({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'holiday-calendar' }, data: { days: '2026-12-24' } })
    },
  },
  {
    ...well,
    name: 'jobs finished and failed nearby',
    runbook: 'service-downtime',
    inject: async (world) => {
      const container = workload('x', 1, {
        name: 'run',
        image: world.images.database,
        command: ['sh', '-c', 'echo "FATAL cannot reach mirror"; exit 3'],
      }).spec.template.spec.containers[0]
      await world.apply({
        apiVersion: 'batch/v1',
        kind: 'Job',
        metadata: { name: 'mirror-sync' },
        spec: { backoffLimit: 0, template: { spec: { restartPolicy: 'Never', containers: [container] } } },
      })
      await until('the job failed', 40, async () => (await world.get('job', 'mirror-sync')).status.failed)
    },
  },
  {
    ...well,
    name: 'clients that send nonsense, handled',
    runbook: 'high-error-rate',
    before: 10,
    inject: async (world) => {
      const url = `http://${world.names.app}:${world.servicePort}/mcp`
      const program = `setInterval(() => fetch(${JSON.stringify(url)}, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"jsonrpc":' }).then((r) => console.log('ERROR', r.status), () => {}), 700)`
      await world.apply(workload('crawler', 1, { name: 'crawler', image: world.images.app, command: ['node', '-e', program] }))
      await sleep(25)
    },
  },
  {
    ...well,
    name: "another team's deployment broken in the namespace",
    runbook: 'service-downtime',
    inject: async (world) => {
      await world.apply(
        workload('billing-export', 2, { name: 'export', image: 'localhost/billing-export:9.1', command: ['run'] }),
        workload('thumbnails', 1, { name: 'thumbs', image: world.images.database, command: ['sh', '-c', 'sleep 1; exit 1'] }),
      )
      await event(world, /ErrImagePull|Failed/, 60, 'billing-export')
    },
  },
  {
    ...well,
    name: 'a pod that restarted once, long served again',
    runbook: 'service-downtime',
    store: 'postgresql',
    long: true,
    inject: async (world) => {
      const [pod] = await world.pods()
      await world.k('exec', pod.metadata.name, '-c', world.names.container, '--', 'node', '-e', "process.kill(1, 'SIGTERM')")
      await containerState(world, /Completed|Error/)
      await world.settled()
      await sleep(200)
    },
  },
  {
    ...well,
    name: 'autoscaler present',
    runbook: 'high-error-rate',
    store: 'postgresql',
    before: 30,
    prepare: (world) => {
      world.keepsAutoscaler = true
      world.find('HorizontalPodAutoscaler', world.names.app).spec.minReplicas = world.replicas
    },
  },
  {
    ...well,
    name: 'release that changes a label alone',
    runbook: 'high-error-rate',
    inject: async (world) => {
      await world.patch('deployment', world.names.app, labelOnly)
      await world.settled()
      await sleep(25)
    },
  },
]
