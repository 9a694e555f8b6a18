/**
 * A Snapshot as the gatherer would have taken it, of a small service that is well: `healthy()`. Changes from
 * snapshot-changes.ts are handed to it and read like a sentence: `healthy(release((_, main) => { ... }), waits("ErrImagePull", "..."))`.
 * Endpoints, answers to probes and request counters follow from the pods, so a change says only what is unusual.
 */
import type { Service } from '../../src/facts/kubernetes/network.ts'
import type { Labels } from '../../src/facts/kubernetes/object.ts'
import type { Pod, PodTemplate } from '../../src/facts/kubernetes/pod.ts'
import type { ResourceName, Resources } from '../../src/facts/kubernetes/resources.ts'
import { resources } from '../../src/facts/kubernetes/resources.ts'
import type { Deployment, ReplicaSet } from '../../src/facts/kubernetes/workload.ts'
import type { LogExcerpt, ProbeResult, Snapshot, Unseen } from '../../src/facts/snapshot.ts'
import type { Series } from '../../src/targets/ports.ts'

export const space = 'north'
export const takenAt = '2026-05-04T10:00:00Z'
export const now = Date.parse(takenAt)
/** RFC 3339 time so many minutes before the snapshot. */
export const ago = (minutes: number): string => new Date(now - minutes * 60_000).toISOString().replace(/\.\d{3}Z$/, 'Z')

export interface Scene {
  objects: { [K in ResourceName]: Resources[K][] }
  unseen: Partial<Record<ResourceName, Unseen>>
  logs: LogExcerpt[]
  /** Answers that are not what a ready pod, or a Service with a ready pod, gives by itself. */
  probes: ProbeResult[]
  instant: Record<string, Series[]>
  ranges: Record<string, Series[]>
  /** Requests of each pod: in two minutes, and which share of them fails since when. */
  load: { pod: string; from: number; to: number; per2min: number; failing: { share: number; since: number; status: string }[] }[]
  /** Parts of the Snapshot put in place of what would follow. */
  parts: Partial<Snapshot>
  service: Snapshot['target']['service']
  lookbackSeconds: number
}
export type Change = (scene: Scene) => void

export const workloadOf = (scene: Scene): Deployment => scene.objects.deployments.find((d) => d.metadata.name === 'kestrel')!
export const setsOf = (scene: Scene): ReplicaSet[] =>
  scene.objects.replicasets
    .filter((r) => r.metadata.ownerReferences?.some((o) => o.name === 'kestrel'))
    .sort((a, b) => revisionOf(b) - revisionOf(a))
export const podsOf = (scene: Scene): Pod[] => scene.objects.pods.filter((p) => p.metadata.labels?.app === 'kestrel')
export const revisionOf = (set: ReplicaSet): number => Number(set.metadata.annotations?.['deployment.kubernetes.io/revision'])

/** Whether a pod says of itself that it is ready. */
export const isReady = (pod: Pod): boolean => pod.status?.conditions?.some((c) => c.type === 'Ready' && c.status === 'True') ?? false

const meta = (name: string, created = 5000) => ({
  name,
  namespace: space,
  uid: `uid-${name}`,
  resourceVersion: '7',
  creationTimestamp: ago(created),
})

const template = (): PodTemplate => ({
  metadata: { labels: { app: 'kestrel' } },
  spec: {
    serviceAccountName: 'kestrel',
    imagePullSecrets: [{ name: 'pull' }],
    containers: [
      {
        name: 'main',
        image: 'registry.example/kestrel:1.8.0',
        command: ['/srv/kestrel', '--port=8081'],
        ports: [{ name: 'web', containerPort: 8081 }],
        env: [
          { name: 'STORE_ADDR', value: 'ledger:6000' },
          { name: 'WORKERS', value: '4' },
          { name: 'ORIGIN_KEY', valueFrom: { secretKeyRef: { name: 'kestrel-keys', key: 'origin' } } },
          { name: 'LEVEL', valueFrom: { configMapKeyRef: { name: 'kestrel-settings', key: 'level' } } },
        ],
        resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { cpu: '500m', memory: '256Mi' } },
        readinessProbe: { httpGet: { path: '/ready', port: 'web' } },
        livenessProbe: { httpGet: { path: '/alive', port: 'web' } },
      },
    ],
  },
})

const hashes = ['6d5f7c9b48', '7b9c6f4d85', '86d4c5b7f9', '5c8b7d6f9d']
let serial = 0

/** A ReplicaSet of the workload with this template. */
export function aSet(owner: string, revision: number, of: PodTemplate, createdMinutes: number, replicas: number): ReplicaSet {
  const hash = hashes[revision % hashes.length]!
  const labels = { ...of.metadata?.labels, 'pod-template-hash': hash }
  return {
    metadata: {
      ...meta(`${owner}-${hash}`, createdMinutes),
      labels,
      annotations: { 'deployment.kubernetes.io/revision': String(revision) },
      ownerReferences: [{ kind: 'Deployment', name: owner, uid: `uid-${owner}`, controller: true }],
    },
    spec: { replicas, selector: { matchLabels: labels }, template: structuredClone({ ...of, metadata: { ...of.metadata, labels } }) },
    status: { replicas, readyReplicas: replicas },
  }
}

/** A running, ready pod of a ReplicaSet. */
export function aPod(set: ReplicaSet, startedMinutes: number, node = serial % 2 ? 'worker-b' : 'worker-a'): Pod {
  serial++
  const suffix = [7, 11, 13, 17, 19].map((n) => 'bcdfghjklmnpqrstvwxz2456789'[(serial * n + n) % 27]).join('')
  const started = ago(startedMinutes)
  return {
    metadata: {
      ...meta(`${set.metadata.name}-${suffix}`, startedMinutes + 0.1),
      labels: { ...set.spec.template.metadata?.labels },
      ownerReferences: [{ kind: 'ReplicaSet', name: set.metadata.name, uid: set.metadata.uid!, controller: true }],
    },
    spec: { ...structuredClone(set.spec.template.spec), nodeName: node },
    status: {
      phase: 'Running',
      podIP: `10.2.0.${(serial % 250) + 2}`,
      startTime: started,
      conditions: [
        { type: 'PodScheduled', status: 'True' },
        { type: 'Ready', status: 'True', lastTransitionTime: started },
      ],
      containerStatuses: set.spec.template.spec.containers.map((c) => ({
        name: c.name,
        ready: true,
        restartCount: 0,
        image: c.image ?? '',
        state: { running: { startedAt: started } },
      })),
    },
  }
}

function aScene(): Scene {
  serial = 0
  const objects = Object.fromEntries(Object.keys(resources).map((kind) => [kind, []])) as unknown as Scene['objects']
  const own = template()
  const set = aSet('kestrel', 7, own, 3000, 3)
  // What ran before differed in a note alone, so nothing that is found can have come with the newest revision.
  const old = aSet('kestrel', 6, { ...own, metadata: { ...own.metadata, annotations: { note: 'first' } } }, 9000, 0)
  const store: PodTemplate = {
    metadata: { labels: { app: 'ledger' } },
    spec: { containers: [{ name: 'store', image: 'registry.example/ledger:15', ports: [{ containerPort: 6000 }] }] },
  }
  const storeSet = aSet('ledger', 1, store, 9000, 1)
  objects.deployments.push(
    {
      metadata: { ...meta('kestrel', 9000), generation: 7 },
      spec: {
        replicas: 3,
        selector: { matchLabels: { app: 'kestrel' } },
        template: own,
        strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
      },
      status: { observedGeneration: 7, replicas: 3, readyReplicas: 3, updatedReplicas: 3, availableReplicas: 3 },
    },
    { metadata: meta('ledger', 9000), spec: { replicas: 1, selector: { matchLabels: { app: 'ledger' } }, template: store } },
  )
  objects.replicasets.push(set, old, storeSet)
  objects.pods.push(aPod(set, 2900), aPod(set, 2900), aPod(set, 2899), aPod(storeSet, 8900))
  objects.services.push(
    {
      metadata: meta('kestrel-front', 9000),
      spec: { selector: { app: 'kestrel' }, ports: [{ name: 'web', port: 80, targetPort: 'web' }] },
    },
    { metadata: meta('ledger', 9000), spec: { selector: { app: 'ledger' }, ports: [{ port: 6000 }] } },
  )
  const fields = (key: string, minutes: number) => [
    { manager: 'kubectl', operation: 'Update', time: ago(minutes), fieldsV1: { 'f:data': { [`f:${key}`]: {} } } },
  ]
  objects.configmaps.push({ metadata: { ...meta('kestrel-settings', 9000), managedFields: fields('level', 9000) } })
  objects.secrets.push(
    { metadata: { ...meta('kestrel-keys', 9000), managedFields: fields('origin', 9000) } },
    { metadata: meta('pull', 9000), type: 'kubernetes.io/dockerconfigjson' },
  )
  objects.serviceaccounts.push({ metadata: meta('kestrel', 9000) })
  for (const name of [space, 'kube-system'])
    objects.namespaces.push({ metadata: { name, labels: { 'kubernetes.io/metadata.name': name } } })
  for (const name of ['worker-a', 'worker-b'])
    objects.nodes.push({
      metadata: { name, labels: { 'kubernetes.io/hostname': name, tier: 'general' } },
      status: {
        allocatable: { cpu: '4', memory: '8Gi' },
        capacity: { cpu: '4', memory: '8Gi' },
        conditions: [{ type: 'Ready', status: 'True' }],
        nodeInfo: { architecture: 'amd64' },
      },
    })
  const scene: Scene = {
    objects,
    unseen: {},
    logs: [],
    probes: [],
    instant: {},
    ranges: {},
    load: [],
    parts: {},
    lookbackSeconds: 3600,
    service: {
      namespace: space,
      kind: 'Deployment',
      workload: 'kestrel',
      selector: { app: 'kestrel' },
      service: 'kestrel-front',
      container: undefined,
      port: 8081,
      edge: undefined,
      health: { live: '/alive', ready: '/ready' },
      metrics: {
        path: '/metrics',
        port: undefined,
        requests: 'http_requests_total',
        statusLabel: 'code',
        routeLabel: 'route',
        duration: 'http_request_duration_seconds',
        exclude: undefined,
      },
      mcp: { path: '/mcp', tokenFile: undefined },
      dependencies: [],
    },
  }
  for (const pod of podsOf(scene)) serves(scene, pod, Number.NEGATIVE_INFINITY)
  return scene
}

/** Let a pod serve from a time on (milliseconds), as many requests as its peers. */
export function serves(scene: Scene, pod: Pod, from: number): void {
  scene.load.push({ pod: pod.metadata.name, from, to: Number.POSITIVE_INFINITY, per2min: 300, failing: [] })
}

const matches = (selector: Labels | undefined, labels: Labels | undefined): boolean =>
  selector !== undefined && Object.keys(selector).length > 0 && Object.entries(selector).every(([k, v]) => labels?.[k] === v)

/** The port number behind a Service's port, for one pod. */
function behind(service: Service, pod: Pod): number | undefined {
  const port = service.spec.ports?.[0]
  const target = port?.targetPort ?? port?.port
  return typeof target === 'number'
    ? target
    : pod.spec.containers.flatMap((c) => c.ports ?? []).find((p) => p.name === target)?.containerPort
}

function slices(scene: Scene): void {
  for (const service of scene.objects.services) {
    const pods = scene.objects.pods.filter((p) => matches(service.spec.selector, p.metadata.labels) && p.status?.podIP)
    scene.objects.endpointslices.push({
      metadata: { ...meta(`${service.metadata.name}-f2k8s`), labels: { 'kubernetes.io/service-name': service.metadata.name } },
      addressType: 'IPv4',
      endpoints: pods.map((p) => ({
        addresses: [p.status!.podIP!],
        conditions: { ready: isReady(p) },
        nodeName: p.spec.nodeName!,
        targetRef: { kind: 'Pod', name: p.metadata.name },
      })),
      ports: [{ port: pods[0] ? behind(service, pods[0]) : undefined } as { port?: number }],
    })
  }
}

/** What pods and the Service answer by themselves when nobody said otherwise. */
function probes(scene: Scene): ProbeResult[] {
  const said = (p: ProbeResult) => scene.probes.some((o) => o.name === p.name && o.port === p.port && o.path === p.path)
  const ok = { state: 'ok' as const, value: { status: 200, seconds: 0.01, body: 'ok' } }
  const usual: ProbeResult[] = podsOf(scene)
    .filter(isReady)
    .flatMap((p) =>
      (['ready', 'live'] as const).map((purpose) => ({
        hop: 'pod',
        name: p.metadata.name,
        port: 8081,
        path: scene.service.health[purpose],
        purpose,
        result: ok,
      })),
    )
  const front = scene.objects.services.find((s) => s.metadata.name === scene.service.service)
  if (front) {
    const ready = scene.objects.pods.filter((p) => isReady(p) && matches(front.spec.selector, p.metadata.labels))
    const reason =
      ready.length === 0
        ? `no endpoints available for service "${front.metadata.name}"`
        : `error trying to reach service: connect: connection refused`
    usual.push({
      hop: 'service',
      name: front.metadata.name,
      port: front.spec.ports?.[0]?.name ?? front.spec.ports?.[0]?.port ?? 80,
      path: scene.service.health.ready,
      purpose: 'ready',
      result: ready.some((p) => behind(front, p) === scene.service.port) ? ok : { state: 'unreachable', reason },
    })
  }
  return [...usual.filter((p) => !said(p)), ...scene.probes]
}

/** How many requests a pod had answered with each status at a time (milliseconds), since the window began. */
function counted(of: Scene['load'][number], begin: number, at: number): Record<string, number> {
  const perMs = of.per2min / 120_000
  const from = Math.max(begin, of.from)
  const total = Math.max(0, Math.min(at, of.to) - from) * perMs
  const counts: Record<string, number> = {}
  for (const f of of.failing)
    counts[f.status] = (counts[f.status] ?? 0) + Math.max(0, Math.min(at, of.to) - Math.max(from, f.since)) * perMs * f.share
  return { '200': total - Object.values(counts).reduce((a, b) => a + b, 0), ...counts }
}

function counters(scene: Scene): Record<string, Series[]> {
  const times = (seconds: number, step: number) =>
    Array.from({ length: seconds / step + 1 }, (_, i) => now - seconds * 1000 + i * step * 1000)
  const label = scene.service.metrics.statusLabel
  const requests = scene.load.flatMap((of): Series[] =>
    ['200', ...new Set(of.failing.map((f) => f.status))].map((code) => ({
      labels: { pod: of.pod, [label]: code },
      points: times(600, 5)
        .filter((t) => t >= of.from && t <= of.to)
        .map((t) => [t / 1000, Math.round(counted(of, now - 600_000, t)[code] ?? 0)]),
    })),
  )
  const codes = [...new Set(requests.map((s) => s.labels[label]!))]
  const perSecond = (code: string, t: number) =>
    scene.load.reduce((sum, of) => sum + ((counted(of, 0, t)[code] ?? 0) - (counted(of, 0, t - 1000)[code] ?? 0)), 0)
  const rate = codes.map(
    (code): Series => ({ labels: { [label]: code }, points: times(3600, 15).map((t) => [t / 1000, perSecond(code, t)]) }),
  )
  return { requests: requests.filter((s) => s.points.length > 0), request_rate: rate }
}

/** One value for each set of labels, as an instant query answers. */
export const values = (...rows: [Labels, number][]): Series[] => rows.map(([labels, v]) => ({ labels, points: [[now / 1000, v]] }))

/** The Snapshot of a service that is well, but for these changes, in their order. */
export function healthy(...changes: readonly Change[]): Snapshot {
  const scene = aScene()
  for (const change of changes) change(scene)
  slices(scene)
  const running = podsOf(scene).filter((p) => p.status?.containerStatuses?.some((s) => s.state?.running))
  const each = (v: number) => values(...running.map((p): [Labels, number] => [{ pod: p.metadata.name }, v]))
  const answers = (all: Record<string, Series[]>) => ({
    state: 'ok' as const,
    value: Object.fromEntries(Object.entries(all).map(([name, series]) => [name, { series, warnings: [] }])),
  })
  const instant = {
    up: each(1),
    cpu: each(0.05),
    memory: each(100 * 2 ** 20),
    throttled: each(0),
    p95: values([{}, 0.05]),
    p99: values([{}, 0.09]),
    node_cpu: values([{ node: 'worker-a' }, 0.6], [{ node: 'worker-b' }, 0.5]),
    ...scene.instant,
  }
  const cluster = Object.fromEntries(
    Object.entries(scene.objects).map(([kind, value]) => [kind, scene.unseen[kind as ResourceName] ?? { state: 'ok', value }]),
  ) as Snapshot['cluster']
  return structuredClone({
    schemaVersion: 1,
    tool: '0.0.0',
    takenAt,
    took: 0.4,
    requests: 40,
    target: {
      context: 'lab',
      server: 'https://lab.example:6443',
      service: scene.service,
      thresholds: { errorRatio: 0.01, p95Seconds: 0.2, p99Seconds: 0.5, memoryRatio: 0.85, cpuRatio: 0.8, authFailureRatio: 0.2 },
      lookbackSeconds: scene.lookbackSeconds,
    },
    cluster,
    instant: answers(instant),
    ranges: answers({ ...counters(scene), ...scene.ranges }),
    direct: { state: 'absent', reason: 'not needed: Prometheus has the service' },
    alerts: { state: 'ok', value: [] },
    logs: { state: 'ok', value: scene.logs },
    probes: probes(scene),
    sources: { prometheus: 'watch/metrics through the API server', alertmanager: undefined },
    ...scene.parts,
  })
}
