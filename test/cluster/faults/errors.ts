/** A service that answers, and answers wrongly. */
import { workload } from '../clients.ts'
import type { Fault } from '../fault.ts'
import { answering, completing, defect, runInside } from '../inside.ts'
import { type Any, apply, kubectl, sleep } from '../kubectl.ts'
import { clientSuffers, containerState, errorShare, notReady } from '../see.ts'
import type { World } from '../world.ts'

const deployment = (world: World) => [{ kind: 'Deployment', name: world.names.app }]
const errors = { row: 'errors', runbook: 'high-error-rate', store: 'postgresql', before: 20 } as const

/** A policy that lets out what these rules name, and nothing else. */
export const egress = (world: World, ...rules: Any[]) => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { name: 'outbound' },
  spec: { podSelector: { matchLabels: world.labels }, policyTypes: ['Egress'], egress: rules },
})
export const withoutShippedPolicies = (world: World): void => {
  world.objects = world.objects.filter((object) => object.kind !== 'NetworkPolicy')
}
/** Ends the connections that the service holds, as a database or a firewall does now and then. */
export const dropConnections = (world: World): Promise<string> =>
  world.sql('select pg_terminate_backend(pid) from pg_stat_activity where client_addr is not null')

/** A new version of the service, with a defect of its own, under settings that look like any other release's. */
export async function releaseWith(world: World, code: string): Promise<void> {
  const name = `${world.names.app}-tracing`
  await world.apply({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { 'register.mjs': code } })
  await world.release(
    { op: 'add', path: '/volumes/-', value: { name: 'tracing', configMap: { name } } },
    { op: 'add', path: 'container/volumeMounts/-', value: { name: 'tracing', mountPath: '/opt/tracing' } },
    { op: 'add', path: 'container/env/-', value: { name: 'NODE_OPTIONS', value: '--import=/opt/tracing/register.mjs' } },
  )
  await world.settled()
}

const partner = (world: World): string => `${world.names.namespace}-partner`

export const errorFaults: Fault[] = [
  {
    ...errors,
    name: 'policy for outgoing traffic without DNS',
    expected: ['netpol_dns_block'],
    subjects: () => [{ kind: 'NetworkPolicy', name: 'outbound' }],
    wrong: ['restart', 'rollback', 'scale'],
    prepare: withoutShippedPolicies,
    inject: async (world) => {
      await world.apply(egress(world, { to: [{ podSelector: {} }], ports: [{ port: 5432, protocol: 'TCP' }] }))
      await sleep(2)
      await dropConnections(world)
    },
    shows: notReady,
  },
  {
    ...errors,
    name: 'policy for outgoing traffic without the database',
    expected: ['netpol_egress_block'],
    subjects: () => [{ kind: 'NetworkPolicy', name: 'outbound' }],
    wrong: ['restart', 'rollback', 'scale'],
    prepare: withoutShippedPolicies,
    inject: async (world) => {
      await world.apply(
        egress(world, {
          to: [{ namespaceSelector: {} }],
          ports: [
            { port: 53, protocol: 'UDP' },
            { port: 8053, protocol: 'UDP' },
            { port: 443, protocol: 'TCP' },
          ],
        }),
      )
      await sleep(2)
      await dropConnections(world)
    },
    shows: notReady,
  },
  {
    ...errors,
    name: 'release that fails on a third of the updates',
    expected: ['bad_release'],
    subjects: deployment,
    wrong: ['restart', 'scale', 'resources'],
    inject: (world) => releaseWith(world, defect(completing, 0.3)),
    shows: (world) => errorShare(world, 0.02),
  },
  {
    ...errors,
    name: 'setting edited, rolling restart',
    expected: ['config_change'],
    subjects: (world) => [{ kind: 'ConfigMap', name: world.names.settings }],
    wrong: ['rollback', 'scale'],
    inject: async (world) => {
      await world.configure({ TASK_MCP_REQUEST_TIMEOUT: '2ms' })
      await sleep(4)
      await world.restart()
      await world.settled()
    },
    shows: (world) => errorShare(world, 0.02),
  },
  {
    ...errors,
    name: 'setting edited, pods lost later',
    expected: ['config_change'],
    subjects: (world) => [{ kind: 'ConfigMap', name: world.names.settings }],
    wrong: ['rollback', 'scale'],
    inject: async (world) => {
      await world.configure({ TASK_MCP_MAX_IN_FLIGHT: '0' })
      await sleep(10)
      await world.lose('all')
    },
    shows: (world) => errorShare(world, 0.1),
  },
  {
    ...errors,
    name: 'password of the database rotated, pods not restarted',
    expected: ['stale_credentials'],
    subjects: (world) => [...deployment(world), { kind: 'Secret', name: world.names.secret }],
    wrong: ['rollback', 'scale'],
    inject: async (world) => {
      const password = world.secret()
      await world.sql(`alter role task_mcp password '${password}'`)
      await world.patch('secret', `${world.names.store}-access`, { stringData: { password } })
      await world.patch('secret', world.names.secret, { stringData: { 'database-url': world.databaseUrl(password) } })
      await sleep(3)
      await dropConnections(world)
    },
    shows: notReady,
  },
  {
    ...errors,
    name: 'Secret corrupted, pods replaced',
    expected: ['corrupt_credentials'],
    subjects: (world) => [{ kind: 'Secret', name: world.names.secret }],
    wrong: ['restart', 'rollback', 'scale'],
    inject: async (world) => {
      await world.patch('secret', world.names.secret, { stringData: { 'database-url': world.databaseUrl(world.secret(7)) } })
      await sleep(3)
      await world.lose('all')
    },
    shows: (world) => Promise.any([notReady(world, 60), containerState(world, /CrashLoopBackOff|Error/)]),
  },
  {
    ...errors,
    name: 'pool of two connections',
    expected: ['pool_exhausted'],
    subjects: (world) => [...deployment(world), { kind: 'ConfigMap', name: world.names.settings }],
    wrong: ['scale', 'restart'],
    prepare: (world) => {
      world.replicas = 2
      world.load = { pause: 10, workers: 60 }
    },
    inject: async (world) => {
      // Writing takes its time here, and always did: what changes is how many may write at once.
      await world.sql(
        "create function unhurried() returns trigger language plpgsql as 'begin perform pg_sleep(0.3); return new; end'; create trigger unhurried before insert on tasks for each row execute function unhurried()",
      )
      await sleep(15)
      await world.configure({ TASK_MCP_DATABASE_POOL_SIZE: '2' })
      await world.restart()
      await world.settled()
    },
    shows: (world) => errorShare(world, 0.02),
  },
  {
    ...errors,
    name: 'partner answers 503',
    expected: ['external_dependency'],
    wrong: ['restart', 'rollback', 'scale'],
    prepare: (world) => {
      const host = `approvals.${partner(world)}.svc`
      Object.assign(world.settings, { TASK_MCP_WEBHOOK_URL: `http://${host}:8443/hook`, TASK_MCP_WEBHOOK_MODE: 'before' })
      world.dependencies = [{ name: 'approvals', host, port: 8443 }]
      const policy = world.find('NetworkPolicy', world.names.app)
      policy.spec.egress.push({ to: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': partner(world) } } }] })
      world.beforeUp = async () => {
        const program =
          "let code = 200; require('http').createServer((q, r) => { const set = /set=(\\d+)/.exec(q.url); if (set) code = +set[1]; r.writeHead(code, { 'content-type': 'application/json' }); r.end('{}') }).listen(8443, '0.0.0.0')"
        await kubectl(['create', 'namespace', partner(world)])
        await apply(partner(world), workload('approvals', 1, { name: 'api', image: world.images.app, command: ['node', '-e', program] }), {
          apiVersion: 'v1',
          kind: 'Service',
          metadata: { name: 'approvals' },
          spec: { selector: { app: 'approvals' }, ports: [{ port: 8443 }] },
        })
        await kubectl(['-n', partner(world), 'rollout', 'status', 'deployment/approvals', '--timeout=60s'])
      }
    },
    inject: async (world) => {
      await kubectl([
        '-n',
        partner(world),
        'exec',
        'deployment/approvals',
        '--',
        'node',
        '-e',
        "require('http').get('http://127.0.0.1:8443/?set=503')",
      ])
    },
    shows: clientSuffers,
    repair: async (world) => {
      await kubectl(['delete', 'namespace', partner(world), '--wait=false', '--ignore-not-found'])
    },
  },
  {
    ...errors,
    name: 'one process of three gone wrong',
    expected: ['single_bad_pod'],
    subjects: () => [{ kind: 'Pod' }],
    wrong: ['rollback', 'scale', 'resources'],
    prepare: (world) => {
      world.replicas = 3
      world.load = { pause: 100, workers: 8 }
    },
    inject: async (world) => {
      const [pod] = await world.pods()
      await runInside(world, pod.metadata.name, defect(answering, 0.8))
    },
    shows: (world) => errorShare(world, 0.02),
  },
]
