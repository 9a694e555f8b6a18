/** Pods without a place, and pods that the API refuses. */
import type { Fault } from '../fault.ts'
import { kubectl, sleep } from '../kubectl.ts'
import { event, notReady } from '../see.ts'
import type { World } from '../world.ts'

const deployment = (world: World) => [{ kind: 'Deployment', name: world.names.app }]
const down = { row: 'down', runbook: 'service-downtime' } as const
const hook = (world: World) => `policy-${world.names.namespace}`

export const placement: Fault[] = [
  {
    ...down,
    name: 'node selector that no node has',
    expected: ['unschedulable_selector'],
    subjects: deployment,
    wrong: ['restart', 'scale', 'resources'],
    inject: (world) => world.release({ op: 'add', path: '/nodeSelector', value: { 'disk-class': `nvme-${world.random.int(1, 4)}` } }),
    shows: (world) => event(world, /FailedScheduling.*(affinity|selector)/),
  },
  {
    ...down,
    name: 'request larger than any node',
    expected: ['unschedulable_resources'],
    subjects: deployment,
    wrong: ['restart', 'scale'],
    inject: (world) =>
      world.release({
        op: 'replace',
        path: 'container/resources',
        value: { requests: { cpu: '48', memory: '64Mi' }, limits: { memory: '256Mi' } },
      }),
    shows: (world) => event(world, /FailedScheduling.*Insufficient cpu/),
  },
  {
    ...down,
    name: 'volume of an unknown storage class',
    expected: ['pvc_pending'],
    subjects: (world) => [...deployment(world), { kind: 'PersistentVolumeClaim', name: `${world.names.app}-spool` }],
    wrong: ['restart', 'scale', 'resources'],
    inject: async (world) => {
      const spec = { accessModes: ['ReadWriteOnce'], storageClassName: 'premium-zonal', resources: { requests: { storage: '2Gi' } } }
      await world.apply({ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: `${world.names.app}-spool` }, spec })
      await world.release(
        { op: 'add', path: '/volumes/-', value: { name: 'spool', persistentVolumeClaim: { claimName: `${world.names.app}-spool` } } },
        { op: 'add', path: 'container/volumeMounts/-', value: { name: 'spool', mountPath: '/spool' } },
      )
    },
    shows: (world) => event(world, /FailedScheduling.*unbound|storageclass.*not found/i),
  },
  {
    ...down,
    name: 'quota smaller than the service',
    expected: ['quota_exceeded'],
    subjects: () => [{ kind: 'ResourceQuota', name: 'shares' }],
    wrong: ['restart', 'scale', 'rollback'],
    inject: async (world) => {
      // Less than any service here has with its neighbours, so that none of its pods comes back.
      await world.apply({ apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'shares' }, spec: { hard: { pods: '1' } } })
      await sleep(3)
      await world.lose('all')
    },
    shows: (world) => event(world, /FailedCreate.*exceeded quota/),
  },
  {
    ...down,
    name: 'Pod Security enforced on pods that do not comply',
    expected: ['admission_psa'],
    subjects: (world) => [...deployment(world), { kind: 'Namespace', name: world.names.namespace }],
    wrong: ['restart', 'scale', 'resources'],
    prepare: (world) => {
      const space = world.objects.find((object) => object.kind === 'Namespace')
      space.metadata.labels = {}
      delete world.podSpec.securityContext.seccompProfile
      delete world.container.securityContext.allowPrivilegeEscalation
    },
    inject: async (world) => {
      await kubectl(['label', 'namespace', world.names.namespace, 'pod-security.kubernetes.io/enforce=restricted'])
      await world.lose('one')
    },
    shows: (world) => event(world, /FailedCreate.*PodSecurity/),
  },
  {
    ...down,
    name: 'webhook whose server is gone',
    expected: ['admission_webhook_down'],
    // Who may not see configurations knows the webhook by what the API server says.
    subjects: (world) => [
      { kind: 'ValidatingWebhookConfiguration', name: hook(world) },
      { kind: 'Webhook', name: 'labels.policy.example.org' },
    ],
    wrong: ['restart', 'rollback', 'scale', 'pod'],
    inject: async (world) => {
      const { namespace } = world.names
      const webhook = {
        name: 'labels.policy.example.org',
        admissionReviewVersions: ['v1'],
        sideEffects: 'None',
        failurePolicy: 'Fail',
        timeoutSeconds: 3,
        clientConfig: { service: { name: 'policy-server', namespace } },
        namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
        rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }],
      }
      await world.apply({
        apiVersion: 'admissionregistration.k8s.io/v1',
        kind: 'ValidatingWebhookConfiguration',
        metadata: { name: hook(world) },
        webhooks: [webhook],
      })
      await sleep(3)
      await world.lose('one')
    },
    shows: (world) => event(world, /FailedCreate.*failed calling webhook/),
    repair: async (world) => {
      await kubectl(['delete', 'validatingwebhookconfiguration', hook(world), '--ignore-not-found'])
    },
  },
  {
    ...down,
    name: 'nodes cordoned, pod lost',
    expected: ['node_cordoned'],
    subjects: () => [{ kind: 'Node' }],
    wrong: ['restart', 'rollback', 'scale', 'resources'],
    // Alone on the cluster: the others could place no pods meanwhile.
    alone: true,
    inject: async (world) => {
      await kubectl(['cordon', '-l', 'kubernetes.io/os=linux'])
      await world.lose('one')
    },
    shows: async (world) => `${await event(world, /FailedScheduling.*unschedulable/)}; ${await notReady(world)}`,
    repair: async () => {
      await kubectl(['uncordon', '-l', 'kubernetes.io/os=linux'])
    },
  },
]
