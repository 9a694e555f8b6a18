/** Pods that are well and cannot be reached, or are not wanted. */
import type { Fault } from '../fault.ts'
import { sleep } from '../kubectl.ts'
import { clientSuffers, noEndpoints, notReady } from '../see.ts'
import type { World } from '../world.ts'

const deployment = (world: World) => [{ kind: 'Deployment', name: world.names.app }]
const service = (world: World) => [{ kind: 'Service', name: world.names.app }]
const down = { row: 'down', runbook: 'service-downtime' } as const

export const routing: Fault[] = [
  {
    ...down,
    name: 'Service selects a label that no pod has',
    expected: ['service_selector_mismatch'],
    subjects: service,
    wrong: ['restart', 'rollback', 'scale'],
    inject: (world) =>
      world.patch('service', world.names.app, { spec: { selector: { [world.names.labelKey]: `${world.names.app}-blue` } } }),
    shows: noEndpoints,
  },
  {
    ...down,
    name: 'Service points at a port nobody listens on',
    expected: ['service_target_port'],
    subjects: service,
    wrong: ['restart', 'rollback', 'scale'],
    inject: (world) =>
      world.patch('service', world.names.app, [{ op: 'replace', path: '/spec/ports/0/targetPort', value: world.port + 11 }], 'json'),
    shows: clientSuffers,
  },
  {
    ...down,
    name: 'Service points at a port name that no container has',
    expected: ['service_target_port'],
    subjects: service,
    wrong: ['restart', 'rollback', 'scale'],
    inject: (world) => world.patch('service', world.names.app, [{ op: 'replace', path: '/spec/ports/0/targetPort', value: 'web' }], 'json'),
    shows: clientSuffers,
  },
  {
    ...down,
    name: 'Service deleted',
    expected: ['service_missing'],
    subjects: service,
    wrong: ['restart', 'rollback', 'scale'],
    inject: async (world) => {
      await world.k('delete', 'service', world.names.app)
    },
    shows: clientSuffers,
  },
  {
    ...down,
    name: 'scaled to nothing',
    expected: ['scaled_to_zero'],
    subjects: deployment,
    wrong: ['restart', 'rollback', 'resources'],
    inject: async (world) => {
      await world.k('scale', 'deployment', world.names.app, '--replicas=0')
    },
    shows: noEndpoints,
  },
  {
    ...down,
    name: 'cure held back by a paused rollout',
    expected: ['rollout_paused'],
    subjects: deployment,
    wrong: ['restart', 'scale', 'resources'],
    inject: async (world) => {
      const path = 'container/readinessProbe/httpGet/path'
      await world.patch('deployment', world.names.app, { spec: { strategy: { type: 'Recreate', rollingUpdate: null } } })
      await world.release({ op: 'replace', path, value: '/health/readyz' })
      await sleep(8)
      await world.k('rollout', 'pause', `deployment/${world.names.app}`)
      await world.release({ op: 'replace', path, value: '/health/ready' })
    },
    shows: notReady,
  },
  {
    ...down,
    name: 'network policy that leaves nobody in',
    expected: ['netpol_ingress_block'],
    subjects: () => [{ kind: 'NetworkPolicy', name: 'baseline' }],
    wrong: ['restart', 'rollback', 'scale'],
    // A policy only adds to what another allows: the shipped one must not be there.
    prepare: (world) => {
      world.objects = world.objects.filter((object) => !(object.kind === 'NetworkPolicy' && object.metadata.name === world.names.app))
    },
    inject: (world) =>
      world.apply({
        apiVersion: 'networking.k8s.io/v1',
        kind: 'NetworkPolicy',
        metadata: { name: 'baseline' },
        spec: {
          podSelector: { matchLabels: world.labels },
          policyTypes: ['Ingress'],
          ingress: [{ from: [{ podSelector: { matchLabels: { tier: 'frontdoor' } } }] }],
        },
      }),
    shows: clientSuffers,
  },
  {
    ...down,
    name: 'shipped network policy edited: wrong port',
    expected: ['netpol_ingress_block'],
    subjects: (world) => [{ kind: 'NetworkPolicy', name: world.names.app }],
    wrong: ['restart', 'rollback', 'scale'],
    inject: (world) =>
      world.patch(
        'networkpolicy',
        world.names.app,
        [{ op: 'replace', path: '/spec/ingress/0/ports', value: [{ port: world.port + 7, protocol: 'TCP' }] }],
        'json',
      ),
    shows: clientSuffers,
  },
  {
    ...down,
    name: 'database scaled to nothing',
    expected: ['dependency_down'],
    subjects: (world) => [{ kind: 'StatefulSet', name: world.names.store }],
    store: 'postgresql',
    wrong: ['restart', 'rollback'],
    inject: async (world) => {
      await world.k('scale', 'statefulset', world.names.store, '--replicas=0')
    },
    shows: notReady,
  },
  {
    ...down,
    name: 'Service of the database deleted',
    expected: ['dependency_down', 'service_missing'],
    subjects: (world) => [{ kind: 'Service', name: world.names.store }],
    store: 'postgresql',
    wrong: ['restart', 'rollback'],
    inject: async (world) => {
      await world.k('delete', 'service', world.names.store)
      await world.k(
        'exec',
        `${world.names.store}-0`,
        '--',
        'psql',
        '-h',
        '/tmp',
        '-U',
        'task_mcp',
        '-c',
        'select pg_terminate_backend(pid) from pg_stat_activity where client_addr is not null',
        'task_mcp',
      )
    },
    shows: notReady,
  },
]
