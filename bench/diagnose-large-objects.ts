/**
 * The objects of a crowded namespace, as an API server would list them, managedFields and all: 97 Deployments of nine revisions
 * each, 1,000 pods, 5,000 events. One of them, `checkout`, has a tenth revision whose pods are OOMKilled at a lowered limit.
 */
import { createHash } from 'node:crypto'
import type { FieldSet, KubeObject } from '../src/facts/kubernetes/object.ts'
import type { ResourceName } from '../src/facts/kubernetes/resources.ts'

export const namespace = 'crowded'
export const workload = 'checkout'
export const port = 3000
/** What a right answer names. */
export const expected = { code: 'memory_limit_low', kind: 'Deployment', name: workload }

const podCount = 1000
const eventCount = 5000
const ofWorkload = 40
const perNeighbour = 10
const revisions = 10
const nodeCount = 50

const hash = (text: string): string => createHash('sha256').update(text).digest('hex')
const uid = (text: string): string => hash(text).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5')

/** The field set that an API server keeps for an object. */
function fieldsOf(value: unknown): FieldSet {
  if (typeof value !== 'object' || value === null) return {}
  if (Array.isArray(value))
    return Object.fromEntries(
      value.flatMap((item) =>
        item?.name === undefined ? [] : [[`k:${JSON.stringify({ name: item.name })}`, { '.': {}, ...fieldsOf(item) }]],
      ),
    )
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [`f:${key}`, fieldsOf(inner)]))
}

interface Made {
  kind: string
  name: string
  ageSeconds: number
  labels?: Record<string, string>
  annotations?: Record<string, string>
  owner?: { kind: string; name: string } | undefined
  rest: object
}

function object(apiVersion: string, { kind, name, ageSeconds, labels, annotations, owner, rest }: Made): KubeObject {
  const time = ago(ageSeconds)
  return {
    apiVersion,
    kind,
    metadata: {
      name,
      ...(kind !== 'Node' && kind !== 'Namespace' && { namespace }),
      uid: uid(`${kind}/${name}`),
      resourceVersion: '1000',
      generation: 2,
      creationTimestamp: time,
      ...(labels && { labels }),
      ...(annotations && { annotations }),
      ...(owner && { ownerReferences: [{ ...owner, uid: uid(`${owner.kind}/${owner.name}`), controller: true }] }),
      managedFields: [{ manager: 'kube-controller-manager', operation: 'Update', time, fieldsV1: fieldsOf(rest) }],
    },
    ...rest,
  }
}

const started = Date.now()
const ago = (seconds: number): string => `${new Date(started - seconds * 1000).toISOString().slice(0, 19)}Z`

const template = (app: string, revision: number, memory: string) => ({
  metadata: { labels: { app, tier: 'backend', team: 'platform' } },
  spec: {
    restartPolicy: 'Always',
    dnsPolicy: 'ClusterFirst',
    schedulerName: 'default-scheduler',
    serviceAccountName: 'default',
    containers: [
      {
        name: 'main',
        image: `registry.example/${app}:1.${revision}.0`,
        imagePullPolicy: 'IfNotPresent',
        ports: [{ name: 'http', containerPort: port, protocol: 'TCP' }],
        env: Array.from({ length: 25 }, (_, i) => ({ name: `SETTING_${i}`, value: `value ${i} of ${app}` })),
        resources: { requests: { cpu: '100m', memory: '64Mi' }, limits: { cpu: '1', memory } },
        readinessProbe: { httpGet: { path: '/health/ready', port: 'http', scheme: 'HTTP' }, periodSeconds: 10, timeoutSeconds: 1 },
        livenessProbe: { httpGet: { path: '/health/live', port: 'http', scheme: 'HTTP' }, periodSeconds: 10, timeoutSeconds: 1 },
        volumeMounts: [{ name: 'tmp', mountPath: '/tmp' }],
      },
    ],
    volumes: [{ name: 'tmp', emptyDir: {} }],
  },
})

const condition = (type: string, ok: boolean, ageSeconds: number) => ({
  type,
  status: ok ? 'True' : 'False',
  lastTransitionTime: ago(ageSeconds),
  ...(ok ? {} : { reason: 'ContainersNotReady', message: 'containers with unready status: [main]' }),
})

const day = 86_400
const rolledOut = 900

interface PodPlan {
  app: string
  index: number
  revision: number
  killed: boolean
}

function pod({ app, index, revision, killed }: PodPlan): KubeObject {
  const set = `${app}-${hash(`${app} ${revision}`).slice(0, 9)}`
  const name = `${set}-${hash(`${set} ${index}`).slice(0, 5)}`
  const age = killed ? rolledOut : day
  const { metadata, spec } = template(app, revision, killed ? '64Mi' : '512Mi')
  const dead = { exitCode: 137, reason: 'OOMKilled', startedAt: ago(63), finishedAt: ago(61), containerID: `containerd://${hash(name)}` }
  const state = killed
    ? { waiting: { reason: 'CrashLoopBackOff', message: `back-off 5m0s restarting failed container=main pod=${name}` } }
    : { running: { startedAt: ago(age - 5) } }
  return object('v1', {
    kind: 'Pod',
    name,
    ageSeconds: age,
    labels: { ...metadata.labels, 'pod-template-hash': set.slice(app.length + 1) },
    owner: { kind: 'ReplicaSet', name: set },
    rest: {
      spec: { ...spec, nodeName: `node-${index % nodeCount}` },
      status: {
        phase: 'Running',
        podIP: `10.1.${index % 250}.${(index * 7) % 250}`,
        hostIP: `10.0.0.${index % nodeCount}`,
        startTime: ago(age),
        conditions: ['PodScheduled', 'Initialized', 'ContainersReady', 'Ready'].map((type) =>
          condition(type, !killed || !/Ready/.test(type), age),
        ),
        containerStatuses: [
          {
            name: 'main',
            image: spec.containers[0]!.image,
            imageID: `registry.example/${app}@sha256:${hash(app)}`,
            ready: !killed,
            started: !killed,
            restartCount: killed ? 7 : 0,
            state,
            lastState: killed ? { terminated: dead } : {},
          },
        ],
      },
    },
  })
}

function deployment(app: string, replicas: number, bad: number): KubeObject[] {
  const newest = bad > 0 ? revisions : revisions - 1
  const memoryOf = (revision: number) => (bad > 0 && revision === newest ? '64Mi' : '512Mi')
  const sets = Array.from({ length: newest }, (_, i) => i + 1).map((revision) => {
    const count = bad > 0 ? (revision === newest ? bad : revision === newest - 1 ? replicas - bad : 0) : revision === newest ? replicas : 0
    const ready = bad > 0 && revision === newest ? 0 : count
    return object('apps/v1', {
      kind: 'ReplicaSet',
      name: `${app}-${hash(`${app} ${revision}`).slice(0, 9)}`,
      ageSeconds: revision === newest && bad > 0 ? rolledOut : day * (revisions + 1 - revision),
      labels: { app, 'pod-template-hash': hash(`${app} ${revision}`).slice(0, 9) },
      annotations: { 'deployment.kubernetes.io/revision': `${revision}` },
      owner: { kind: 'Deployment', name: app },
      rest: {
        spec: { replicas: count, selector: { matchLabels: { app } }, template: template(app, revision, memoryOf(revision)) },
        status: { replicas: count, readyReplicas: ready, availableReplicas: ready, observedGeneration: 2 },
      },
    })
  })
  const ready = replicas - bad
  const whole = object('apps/v1', {
    kind: 'Deployment',
    name: app,
    ageSeconds: day * revisions,
    labels: { app },
    annotations: { 'deployment.kubernetes.io/revision': `${newest}` },
    rest: {
      spec: {
        replicas,
        selector: { matchLabels: { app } },
        progressDeadlineSeconds: 600,
        template: template(app, newest, memoryOf(newest)),
      },
      status: {
        observedGeneration: 2,
        replicas,
        updatedReplicas: bad > 0 ? bad : replicas,
        readyReplicas: ready,
        availableReplicas: ready,
        ...(bad > 0 && { unavailableReplicas: bad }),
        conditions: [condition('Available', true, day)],
      },
    },
  })
  return [whole, ...sets]
}

function event(about: KubeObject, index: number): KubeObject {
  const unwell = JSON.stringify(about).includes('CrashLoopBackOff')
  const [type, reason, message] = unwell
    ? ['Warning', 'BackOff', `Back-off restarting failed container main in pod ${about.metadata.name}`]
    : (
        [
          ['Normal', 'Scheduled', `Successfully assigned ${namespace}/${about.metadata.name} to node-${index % nodeCount}`],
          ['Normal', 'Pulled', 'Container image already present on machine'],
          ['Normal', 'Started', 'Started container main'],
          ['Warning', 'Unhealthy', 'Readiness probe failed: context deadline exceeded'],
        ] as const
      )[index % 4]!
  const { name, uid: aboutUid } = about.metadata
  return object('v1', {
    kind: 'Event',
    name: `${name}.${hash(`${name} ${index}`).slice(0, 16)}`,
    ageSeconds: 60 + (index % 3000),
    rest: {
      involvedObject: { kind: about.kind, namespace, name, uid: aboutUid, apiVersion: about.apiVersion },
      type,
      reason,
      message,
      count: 1 + (index % 40),
      firstTimestamp: ago(60 + (index % 3000)),
      lastTimestamp: ago(30 + (index % 300)),
      source: { component: 'kubelet', host: `node-${index % nodeCount}` },
    },
  })
}

const front = (app: string, pods: readonly KubeObject[]): [KubeObject, KubeObject] => [
  object('v1', {
    kind: 'Service',
    name: app,
    ageSeconds: day,
    rest: {
      spec: {
        type: 'ClusterIP',
        clusterIP: '10.2.0.1',
        selector: { app },
        ports: [{ name: 'http', port, targetPort: 'http', protocol: 'TCP' }],
      },
    },
  }),
  object('discovery.k8s.io/v1', {
    kind: 'EndpointSlice',
    name: `${app}-${hash(app).slice(0, 5)}`,
    ageSeconds: day,
    labels: { 'kubernetes.io/service-name': app },
    rest: {
      addressType: 'IPv4',
      ports: [{ name: 'http', port, protocol: 'TCP' }],
      endpoints: pods.map((one, i) => {
        const ready = !JSON.stringify(one).includes('CrashLoopBackOff')
        return {
          addresses: [`10.1.0.${i}`],
          conditions: { ready, serving: ready, terminating: false },
          targetRef: { kind: 'Pod', namespace, name: one.metadata.name, uid: one.metadata.uid },
        }
      }),
    },
  }),
]

/** Every kind that has objects, each sorted by name as an API server lists them. */
export function crowdedNamespace(): Partial<Record<ResourceName, KubeObject[]>> {
  const bad = ofWorkload / 4
  const apps = [workload, ...Array.from({ length: (podCount - ofWorkload) / perNeighbour }, (_, i) => `neighbour-${i}`)]
  const whole = apps.flatMap((app) => deployment(app, app === workload ? ofWorkload : perNeighbour, app === workload ? bad : 0))
  const podsOf = new Map(
    apps.map((app) => [
      app,
      Array.from({ length: app === workload ? ofWorkload : perNeighbour }, (_, index) => {
        const killed = app === workload && index < bad
        return pod({ app, index, revision: killed ? revisions : revisions - 1, killed })
      }),
    ]),
  )
  const pods = [...podsOf.values()].flat()
  const fronts = apps.map((app) => front(app, podsOf.get(app)!))
  const usage = { timestamp: ago(15), window: '15s', containers: [{ name: 'main', usage: { cpu: '40m', memory: '50Mi' } }] }
  const plain = (kind: string, count: number) =>
    Array.from({ length: count }, (_, i) =>
      object('v1', { kind, name: `${kind.toLowerCase()}-${i}`, ageSeconds: day, rest: { type: 'Opaque' } }),
    )
  const made: Partial<Record<ResourceName, KubeObject[]>> = {
    pods,
    deployments: whole.filter(({ kind }) => kind === 'Deployment'),
    replicasets: whole.filter(({ kind }) => kind === 'ReplicaSet'),
    services: fronts.map(([service]) => service),
    endpointslices: fronts.map(([, slice]) => slice),
    events: Array.from({ length: eventCount }, (_, i) => event(pods[i % pods.length]!, i)),
    configmaps: plain('ConfigMap', 300),
    secrets: plain('Secret', 200),
    serviceaccounts: [object('v1', { kind: 'ServiceAccount', name: 'default', ageSeconds: day, rest: {} })],
    podmetrics: pods.map(({ metadata }) =>
      object('metrics.k8s.io/v1beta1', { kind: 'PodMetrics', name: metadata.name, ageSeconds: 15, rest: usage }),
    ),
    nodes: Array.from({ length: nodeCount }, (_, i) =>
      object('v1', {
        kind: 'Node',
        name: `node-${i}`,
        ageSeconds: day,
        rest: {
          spec: {},
          status: {
            allocatable: { cpu: '16', memory: '64Gi', pods: '110' },
            capacity: { cpu: '16', memory: '64Gi', pods: '110' },
            conditions: [condition('Ready', true, day)],
            images: Array.from({ length: 50 }, (_, n) => ({
              names: [`registry.example/image-${n}@sha256:${hash(`${n}`)}`],
              sizeBytes: 1e8,
            })),
          },
        },
      }),
    ),
    namespaces: [object('v1', { kind: 'Namespace', name: namespace, ageSeconds: day, rest: { status: { phase: 'Active' } } })],
  }
  for (const list of Object.values(made)) list.sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))
  return made
}
