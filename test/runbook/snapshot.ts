/** A small service in a small cluster, as the gatherer would have seen it: well, unless a test changes it. */
import type { KubeEvent } from '../../src/facts/kubernetes/event.ts'
import type { Pod } from '../../src/facts/kubernetes/pod.ts'
import type { ProbeResult, Snapshot } from '../../src/facts/snapshot.ts'
import type { Series } from '../../src/targets/ports.ts'

export const now = '2026-03-29T01:10:00Z'
const at = Date.parse(now)
export const ago = (minutes: number): string => new Date(at - minutes * 60_000).toISOString().replace('.000Z', 'Z')

const labels = { app: 'shop' }
const container = {
  name: 'web',
  image: 'registry.example/shop:4',
  ports: [{ name: 'http', containerPort: 8080 }],
  env: [
    { name: 'STORE_HOST', value: 'ledger:5432' },
    { name: 'STORE_PASSWORD', valueFrom: { secretKeyRef: { name: 'ledger-login', key: 'password' } } },
  ],
  envFrom: [{ configMapRef: { name: 'shop-settings' } }],
  resources: { limits: { cpu: '500m', memory: '256Mi' } },
}

export function aPod(name: string, change: (pod: Pod) => void = () => {}): Pod {
  const pod: Pod = {
    metadata: {
      name,
      namespace: 'market',
      uid: name,
      labels: { ...labels, 'pod-template-hash': 'aaa' },
      creationTimestamp: ago(300),
      ownerReferences: [{ kind: 'ReplicaSet', name: 'shop-aaa', uid: 'rs-a', controller: true }],
    },
    spec: { nodeName: 'node-1', containers: [structuredClone(container)] },
    status: {
      phase: 'Running',
      podIP: '10.0.0.9',
      startTime: ago(300),
      conditions: [{ type: 'Ready', status: 'True' }],
      containerStatuses: [{ name: 'web', ready: true, restartCount: 0, state: { running: { startedAt: ago(300) } } }],
    },
  }
  change(pod)
  return pod
}

const seen = <T>(value: T) => ({ state: 'ok' as const, value })
const gone = { state: 'absent' as const, reason: 'no Service looks like Prometheus' }

/** A probe of a pod or of the Service. */
export function aProbe(hop: ProbeResult['hop'], name: string, status: number, body = ''): ProbeResult {
  return { hop, name, port: 8080, path: '/ready', purpose: 'ready', result: seen({ status, seconds: 0.01, body }) }
}

/** A value for each set of labels, as an instant query answers. */
export const values = (...rows: [Record<string, string>, number][]): Series[] =>
  rows.map(([l, v]) => ({ labels: l, points: [[at / 1000, v]] }))

/** Requests by pod and status: how many in the last two minutes, evenly. */
export function requests(...rows: [pod: string, status: string, count: number][]): Series[] {
  return rows.map(([pod, status_code, count]) => ({
    labels: { pod, status_code },
    points: Array.from({ length: 25 }, (_, i): [number, number] => [at / 1000 - 120 + i * 5, 1000 + (count * i) / 24]),
  }))
}

export interface Seen {
  pods?: Pod[]
  events?: KubeEvent[]
  probes?: ProbeResult[]
  instant?: Record<string, Series[]>
  ranges?: Record<string, Series[]>
  change?: (snapshot: Snapshot) => void
}

export function aSnapshot(what: Seen = {}): Snapshot {
  const meta = (name: string, uid = name) => ({ name, namespace: 'market', uid, creationTimestamp: ago(6000), labels })
  const template = { metadata: { labels }, spec: { containers: [structuredClone(container)] } }
  const answers = (queries: Record<string, Series[]>) =>
    seen(Object.fromEntries(Object.entries(queries).map(([name, series]) => [name, { series, warnings: [] }])))
  const snapshot: Snapshot = {
    schemaVersion: 1,
    tool: 'test',
    takenAt: now,
    took: 0.2,
    requests: 30,
    target: {
      context: 'kind-test',
      server: 'https://cluster.example',
      service: {
        namespace: 'market',
        kind: 'Deployment',
        workload: 'shop',
        selector: labels,
        service: 'shop',
        container: undefined,
        port: 8080,
        edge: undefined,
        health: { live: '/live', ready: '/ready' },
        metrics: {
          path: '/metrics',
          port: undefined,
          requests: 'http_server_requests_total',
          statusLabel: 'status_code',
          routeLabel: 'route',
          duration: 'http_server_request_duration_seconds',
          exclude: undefined,
        },
        mcp: { path: '/mcp', tokenFile: undefined },
        dependencies: [],
      },
      thresholds: { errorRatio: 0.01, p95Seconds: 0.2, p99Seconds: 0.5, memoryRatio: 0.85, cpuRatio: 0.8, authFailureRatio: 0.2 },
      lookbackSeconds: 3600,
    },
    cluster: {
      pods: seen(what.pods ?? [aPod('shop-aaa-1'), aPod('shop-aaa-2')]),
      deployments: seen([
        {
          metadata: meta('shop', 'dep'),
          spec: { replicas: 2, selector: { matchLabels: labels }, template },
          status: { replicas: 2, readyReplicas: 2 },
        },
      ]),
      replicasets: seen([
        {
          metadata: {
            ...meta('shop-aaa', 'rs-a'),
            labels: { ...labels, 'pod-template-hash': 'aaa' },
            annotations: { 'deployment.kubernetes.io/revision': '4' },
            ownerReferences: [{ kind: 'Deployment', name: 'shop', uid: 'dep', controller: true }],
          },
          spec: { replicas: 2, selector: { matchLabels: labels }, template },
        },
      ]),
      statefulsets: seen([]),
      daemonsets: seen([]),
      services: seen([
        { metadata: meta('shop'), spec: { selector: labels, ports: [{ port: 80, targetPort: 8080 }] } },
        { metadata: meta('ledger'), spec: { selector: { app: 'ledger' }, ports: [{ port: 5432 }] } },
      ]),
      endpointslices: seen([
        {
          metadata: { ...meta('shop-x'), labels: { 'kubernetes.io/service-name': 'shop' } },
          endpoints: [{ addresses: ['10.0.0.9'], conditions: { ready: true }, targetRef: { kind: 'Pod', name: 'shop-aaa-1' } }],
        },
        {
          metadata: { ...meta('ledger-x'), labels: { 'kubernetes.io/service-name': 'ledger' } },
          endpoints: [{ addresses: ['10.0.0.7'], conditions: { ready: true } }],
        },
      ]),
      events: seen(what.events ?? []),
      configmaps: seen([{ metadata: meta('shop-settings') }]),
      secrets: seen([
        {
          metadata: {
            ...meta('ledger-login'),
            managedFields: [{ manager: 'kubectl', operation: 'Update', time: ago(6000), fieldsV1: { 'f:data': { 'f:password': {} } } }],
          },
        },
      ]),
      networkpolicies: seen([]),
      horizontalpodautoscalers: seen([]),
      nodes: seen([{ metadata: { name: 'node-1' }, status: { conditions: [{ type: 'Ready', status: 'True' }] } }]),
      podmetrics: seen([]),
    },
    instant: what.instant ? answers(what.instant) : gone,
    ranges: what.ranges ? answers(what.ranges) : gone,
    scrapeTargets: gone,
    direct: gone,
    alerts: seen([]),
    logs: seen([]),
    probes: what.probes ?? [aProbe('pod', 'shop-aaa-1', 200), aProbe('pod', 'shop-aaa-2', 200), aProbe('service', 'shop', 200)],
    sources: { prometheus: undefined, alertmanager: undefined },
  } as Snapshot
  what.change?.(snapshot)
  return snapshot
}
