import { expect, test } from 'vitest'
import { checks } from '../../src/diagnosis/checks.ts'
import { makeView } from '../../src/diagnosis/view.ts'
import type { Part, Snapshot } from '../../src/facts/snapshot.ts'
import { ago, aPod, aProbe, aSnapshot, requests, type Seen, values } from '../runbook/snapshot.ts'

const ask = (name: string, seen: Seen = {}) => checks[name]!(makeView(aSnapshot(seen)))
/** Parts by the name of their kind, without the types of the kinds. */
const parts = (snapshot: Snapshot) => snapshot.cluster as Record<string, Part<unknown[]>>
const denied = (kind: string) => (snapshot: Snapshot) => {
  parts(snapshot)[kind] = { state: 'denied', reason: `may not list ${kind}` }
}
const notReady = (name: string) => aPod(name, (pod) => Object.assign(pod.status!, { conditions: [{ type: 'Ready', status: 'False' }] }))
const change = (f: (snapshot: Snapshot) => void): Seen => ({ change: f })
const part = <T>(snapshot: Snapshot, kind: string): T[] => {
  const found = parts(snapshot)[kind]
  return found?.state === 'ok' ? (found.value as T[]) : []
}

test('every check answers on a snapshot in which nothing could be seen, and finds nothing in it', () => {
  const unseen = { state: 'denied' as const, reason: 'no permission' }
  const blindSnapshot = aSnapshot({
    probes: [],
    change: (s) => {
      s.cluster = Object.fromEntries(Object.keys(s.cluster).map((kind) => [kind, unseen]))
      Object.assign(s, { instant: unseen, ranges: unseen, direct: unseen, alerts: unseen, logs: unseen })
    },
  })
  const view = makeView(blindSnapshot)
  for (const [name, check] of Object.entries(checks)) {
    const { status, found } = check(view)
    expect([name, status], found).toEqual([name, expect.stringMatching(/^(unknown|not-applicable)$/)])
    expect(found, name).not.toBe('')
  }
})

test.each<[string, string, Seen, string, string]>([
  ['the workload is there', 'target-found', {}, 'ok', 'Deployment shop is in namespace market of kind-test'],
  [
    'a namespace with other workloads',
    'target-found',
    change((s) =>
      part<{ metadata: { name: string } }>(s, 'deployments').forEach((d) => {
        d.metadata.name = 'kiosk'
      }),
    ),
    'found',
    'namespace market has no Deployment shop; it has kiosk',
  ],
  [
    'deployments that may not be listed',
    'target-found',
    change(denied('deployments')),
    'unknown',
    'cannot see deployments: denied, may not list deployments',
  ],
  [
    'one pod of two ready',
    'pods-ready',
    { pods: [aPod('shop-aaa-1'), notReady('shop-aaa-2')] },
    'found',
    '1 of 2 pods ready; not ready: shop-aaa-2',
  ],
  ['no pod at all', 'pods-ready', { pods: [] }, 'found', '0 of 2 pods ready; the missing ones do not exist'],
  ['pods that may not be listed', 'pods-ready', change(denied('pods')), 'unknown', 'cannot see pods'],
  [
    'a scaled-down workload',
    'replicas-wanted',
    change((s) =>
      part<{ spec: { replicas: number } }>(s, 'deployments').forEach((d) => {
        d.spec.replicas = 0
      }),
    ),
    'found',
    'replicas is 0',
  ],
  [
    'a paused rollout',
    'replicas-wanted',
    change((s) => {
      for (const d of part<{ spec: object }>(s, 'deployments')) Object.assign(d.spec, { paused: true })
    }),
    'found',
    'the rollout is paused',
  ],
  ['containers that run', 'container-states', {}, 'ok', 'every container of 2 pods runs'],
  [
    'a container that cannot be pulled',
    'container-states',
    {
      pods: [
        aPod('p', (pod) => {
          pod.status!.containerStatuses![0]!.state = { waiting: { reason: 'ImagePullBackOff' } }
        }),
      ],
    },
    'found',
    'p/web waits: ImagePullBackOff',
  ],
  [
    'a container that has just died',
    'container-states',
    {
      pods: [
        aPod('p', (pod) =>
          Object.assign(pod.status!.containerStatuses![0]!, {
            restartCount: 3,
            lastState: { terminated: { exitCode: 137, reason: 'OOMKilled', finishedAt: ago(2) } },
          }),
        ),
      ],
    },
    'found',
    'p/web ended with 137 (OOMKilled), 3 restarts',
  ],
  [
    'a container that died yesterday',
    'container-states',
    {
      pods: [
        aPod('p', (pod) =>
          Object.assign(pod.status!.containerStatuses![0]!, {
            restartCount: 1,
            lastState: { terminated: { exitCode: 1, finishedAt: ago(1500) } },
          }),
        ),
      ],
    },
    'ok',
    'none ended in the last 60 min',
  ],
  [
    'a kill for memory',
    'oom-kills',
    {
      pods: [
        aPod('p', (pod) =>
          Object.assign(pod.status!.containerStatuses![0]!, { lastState: { terminated: { exitCode: 137, reason: 'OOMKilled' } } }),
        ),
      ],
    },
    'found',
    'p/web OOMKilled by the kernel',
  ],
  [
    'a heap limit',
    'oom-kills',
    {
      pods: [
        aPod('p', (pod) =>
          Object.assign(pod.status!.containerStatuses![0]!, { lastState: { terminated: { exitCode: 134, reason: 'Error' } } }),
        ),
      ],
    },
    'found',
    'exit 134: the heap limit of Node',
  ],
  [
    'a refusal by quota',
    'pod-admission',
    {
      pods: [],
      change: (s) =>
        part<{ status?: object }>(s, 'replicasets').forEach((r) => {
          r.status = { conditions: [{ type: 'ReplicaFailure', status: 'True', message: 'exceeded quota: small' }] }
        }),
    },
    'found',
    'new pods are refused: exceeded quota: small',
  ],
  ['nothing refused', 'pod-admission', {}, 'ok', 'nothing refuses new pods'],
  [
    'a pod without a node',
    'pod-placement',
    {
      pods: [
        aPod('p', (pod) =>
          Object.assign(pod.status!, {
            conditions: [{ type: 'PodScheduled', status: 'False', message: '0/2 nodes are available: 2 Insufficient cpu.' }],
          }),
        ),
      ],
    },
    'found',
    'p: 0/2 nodes are available: 2 Insufficient cpu.',
  ],
  [
    'a node that is not ready',
    'pod-placement',
    change((s) => {
      s.cluster.nodes = {
        state: 'ok',
        value: [{ metadata: { name: 'node-1' }, status: { conditions: [{ type: 'Ready', status: 'Unknown' }] } }],
      }
    }),
    'found',
    'node node-1 of this service: not ready',
  ],
  ['probes that answer', 'health-endpoints', {}, 'ok', '3 questions about /live and /ready on port 8080'],
  [
    'a failing readiness',
    'health-endpoints',
    { pods: [notReady('shop-aaa-1')], probes: [aProbe('pod', 'shop-aaa-1', 503, '{"store":"refused"}')] },
    'found',
    'pod shop-aaa-1 :8080/ready: 503 ({"store":"refused"})',
  ],
  [
    'no Service',
    'service-path',
    change((s) => {
      s.cluster.services = { state: 'ok', value: [] }
    }),
    'found',
    'namespace market has no Service shop',
  ],
  [
    'a selector that finds no pod',
    'service-path',
    change((s) => {
      s.cluster.endpointslices = { state: 'ok', value: [] }
    }),
    'found',
    'Service shop has no endpoint although 2 pods are ready: its selector is app=shop',
  ],
  [
    'a target port that nobody listens on',
    'service-path',
    {
      probes: [
        aProbe('pod', 'shop-aaa-1', 200),
        {
          hop: 'service',
          name: 'shop',
          port: 80,
          path: '/ready',
          purpose: 'ready',
          result: { state: 'unreachable', reason: 'connection refused' },
        },
      ],
    },
    'found',
    'pods answer directly, but not through Service shop: its target port is 8080',
  ],
  ['a path that is whole', 'service-path', {}, 'ok', 'Service shop leads to 1 ready endpoint'],
  [
    'a Secret that is gone',
    'config-references',
    change((s) => {
      s.cluster.secrets = { state: 'ok', value: [] }
    }),
    'found',
    'Secret ledger-login does not exist (env STORE_PASSWORD)',
  ],
  [
    'a key that is gone',
    'config-references',
    change((s) => {
      s.cluster.secrets = {
        state: 'ok',
        value: [{ metadata: { name: 'ledger-login', namespace: 'market', managedFields: [{ fieldsV1: { 'f:data': { 'f:user': {} } } }] } }],
      }
    }),
    'found',
    'Secret ledger-login has no key password',
  ],
  ['Secrets that may not be listed', 'config-references', change(denied('secrets')), 'unknown', 'cannot see secrets, which the pods need'],
  ['references that are there', 'config-references', {}, 'ok', '2 named by the pods, all there'],
  [
    'a store that is scaled to 0',
    'dependencies',
    change((s) => {
      part<object>(s, 'deployments').push({
        metadata: { name: 'ledger', namespace: 'market', uid: 'l' },
        spec: {
          replicas: 0,
          selector: { matchLabels: { app: 'ledger' } },
          template: { metadata: { labels: { app: 'ledger' } }, spec: { containers: [] } },
        },
      })
      s.cluster.endpointslices = { state: 'ok', value: part<never>(s, 'endpointslices').slice(0, 1) }
    }),
    'found',
    'ledger: Deployment ledger is scaled to 0',
  ],
  ['a store that is ready', 'dependencies', {}, 'ok', 'in the cluster ready'],
  [
    'a policy without the port',
    'network-policies',
    change((s) => {
      s.cluster.networkpolicies = {
        state: 'ok',
        value: [{ metadata: { name: 'shut', namespace: 'market' }, spec: { podSelector: {}, policyTypes: ['Ingress'], ingress: [] } }],
      }
    }),
    'found',
    'with shut: nobody may reach port 8080',
  ],
  [
    'a policy without DNS',
    'network-policies',
    change((s) => {
      s.cluster.networkpolicies = {
        state: 'ok',
        value: [
          {
            metadata: { name: 'out', namespace: 'market' },
            spec: { podSelector: {}, policyTypes: ['Egress'], egress: [{ ports: [{ port: 5432 }] }] },
          },
        ],
      }
    }),
    'found',
    'with out: the pods may not ask DNS (port 53)',
  ],
  [
    'a policy that leaves both open',
    'network-policies',
    change((s) => {
      s.cluster.networkpolicies = {
        state: 'ok',
        value: [
          {
            metadata: { name: 'ok', namespace: 'market' },
            spec: {
              podSelector: {},
              policyTypes: ['Ingress', 'Egress'],
              ingress: [{ ports: [{ port: 'http' }] }],
              egress: [{ ports: [{ port: 50, endPort: 60 }] }],
            },
          },
        ],
      }
    }),
    'ok',
    'ok touch the pods',
  ],
  [
    'a firing alert about the service and one about another',
    'alerts-firing',
    change((s) => {
      s.alerts = {
        state: 'ok',
        value: [
          { name: 'ShopDown', labels: { service: 'shop' }, annotations: {}, startsAt: ago(5), state: 'active', fingerprint: 'a' },
          { name: 'Watchdog', labels: {}, annotations: {}, startsAt: ago(5000), state: 'active', fingerprint: 'b' },
        ],
      }
    }),
    'found',
    `ShopDown since ${ago(5)}; 1 alert about other things`,
  ],
  [
    'only the watchdog fires',
    'alerts-firing',
    change((s) => {
      s.alerts = {
        state: 'ok',
        value: [{ name: 'Watchdog', labels: {}, annotations: {}, startsAt: ago(5000), state: 'active', fingerprint: 'b' }],
      }
    }),
    'ok',
    'no alert fires for this service',
  ],
  ['no scrape at all', 'metrics-collected', { instant: { up: [] } }, 'unknown', 'which is not the same as zero errors'],
  [
    'a scrape that fails',
    'metrics-collected',
    { instant: { up: values([{ pod: 'shop-aaa-1' }, 0], [{ pod: 'shop-aaa-2' }, 1]) } },
    'found',
    '1 of 2 targets cannot be scraped: shop-aaa-1',
  ],
  ['no Prometheus', 'metrics-collected', {}, 'unknown', 'no Service looks like Prometheus'],
])('%s', (_what, name, seen, status, says) => {
  expect(ask(name, seen)).toEqual({ status, found: expect.stringContaining(says) })
})

const failing = {
  requests: requests(['shop-aaa-1', '200', 100], ['shop-aaa-1', '500', 0], ['shop-aaa-2', '200', 60], ['shop-aaa-2', '500', 40]),
}

test('the error rate is failures over requests, and one pod that fails stands out', () => {
  expect(ask('error-ratio', { ranges: failing })).toMatchObject({
    status: 'found',
    found: expect.stringMatching(/^20% \(\d+ of \d+\) of requests fail, at most 1% wanted \(Prometheus, \d+ s\)$/),
  })
  expect(ask('error-by-pod', { ranges: failing })).toMatchObject({
    status: 'found',
    found: expect.stringMatching(/^1 of 2 pods fail: shop-aaa-2 40% /),
  })
  expect(ask('error-codes', { ranges: failing })).toMatchObject({ status: 'found', found: expect.stringMatching(/^500 \d+ times$/) })
})

test('no traffic is unknown, never 0%', () => {
  expect(ask('error-ratio', { ranges: { requests: requests(['shop-aaa-1', '200', 0]) } })).toMatchObject({
    status: 'unknown',
    found: expect.stringContaining('no traffic was counted'),
  })
})

test('errors of one route are named with the route', () => {
  const instant = {
    errors_by_route: values(
      [{ route: '/buy', status_code: '500' }, 30],
      [{ route: '/buy', status_code: '200' }, 70],
      [{ route: '/list', status_code: '200' }, 100],
    ),
  }
  expect(ask('error-pattern', { instant, ranges: failing })).toEqual({
    status: 'found',
    found: '1 of 2 routes with 500: /buy 30% (30 of 100)',
  })
})

test('error lines count only while something fails', () => {
  const logs = (s: Snapshot) => {
    s.logs = {
      state: 'ok',
      value: [
        {
          pod: 'shop-aaa-1',
          container: 'web',
          previous: false,
          truncated: false,
          lines: [1, 2, 3].map((n) => ({ time: ago(n), text: `ERROR order ${n} was refused` })),
        },
      ],
    }
  }
  expect(ask('log-errors', { change: logs })).toMatchObject({ status: 'ok', found: expect.stringContaining('3 error lines of 1 kind') })
  expect(ask('log-errors', { change: logs, ranges: failing })).toMatchObject({
    status: 'found',
    found: expect.stringContaining('"ERROR order 1 was refused" (3)'),
  })
})

test('a Secret edited after the pods started is told from one edited before', () => {
  const edited = (minutes: number) => (s: Snapshot) => {
    s.cluster.secrets = {
      state: 'ok',
      value: [
        {
          metadata: {
            name: 'ledger-login',
            namespace: 'market',
            managedFields: [
              { manager: 'kubectl-edit', operation: 'Update', time: ago(minutes), fieldsV1: { 'f:data': { 'f:password': {} } } },
            ],
          },
        },
      ],
    }
  }
  const young = {
    pods: [
      aPod('shop-aaa-1', (pod) => Object.assign(pod.status!, { startTime: ago(5) })),
      aPod('shop-aaa-2', (pod) => Object.assign(pod.status!, { startTime: ago(5) })),
    ],
  }
  expect(ask('secret-changes', { ranges: failing, change: edited(10) })).toMatchObject({
    status: 'found',
    found: expect.stringContaining('Secret ledger-login edited 10 min ago by kubectl-edit, after pods started'),
  })
  expect(ask('secret-changes', { ...young, ranges: failing, change: edited(10) })).toMatchObject({
    status: 'found',
    found: expect.stringContaining('before every pod started'),
  })
  expect(ask('secret-changes', { ranges: failing })).toMatchObject({ status: 'ok' })
})

test('a full pool with requests waiting is found, a busy one is not', () => {
  const pool = (waiting: number) => ({
    pool: values([{ pod: 'p', state: 'max' }, 2], [{ pod: 'p', state: 'in_use' }, 2], [{ pod: 'p', state: 'waiting' }, waiting]),
  })
  expect(ask('database-pool', { instant: pool(7) })).toEqual({
    status: 'found',
    found: '2 of 2 connections in use, 7 waiting; no connection is free in p',
  })
  expect(ask('database-pool', { instant: pool(0) })).toMatchObject({ status: 'ok' })
})

test('memory and CPU are judged against the limit of the container', () => {
  const used = (cpu: number, memory: number) => ({
    cpu: values([{ pod: 'shop-aaa-1', container: 'web' }, cpu]),
    memory: values([{ pod: 'shop-aaa-1', container: 'web' }, memory]),
  })
  expect(ask('memory-use', { instant: used(0.1, 240 * 2 ** 20) })).toEqual({
    status: 'found',
    found: 'above 85%: shop-aaa-1 240Mi of 256Mi (94%)',
  })
  expect(ask('cpu-use', { instant: used(0.1, 1) })).toEqual({ status: 'ok', found: 'highest shop-aaa-1 100m of 500m (20%)' })
  expect(ask('resource-use', { instant: used(0.48, 1) })).toMatchObject({
    status: 'found',
    found: expect.stringContaining('above 80%: shop-aaa-1 480m of 500m (96%)'),
  })
})

test('a steady climb of memory is told from noise', () => {
  const line = (f: (i: number) => number) => ({
    memory: [
      {
        labels: { pod: 'shop-aaa-1', container: 'web' },
        points: Array.from({ length: 60 }, (_, i): [number, number] => [Date.parse(ago(30)) / 1000 + i * 30, f(i)]),
      },
    ],
  })
  expect(ask('memory-trend', { ranges: line((i) => (100 + i) * 2 ** 20) })).toEqual({
    status: 'found',
    found: 'climbing steadily: shop-aaa-1 +120Mi an hour',
  })
  expect(ask('memory-trend', { ranges: line((i) => (100 + (i % 2) * 10) * 2 ** 20) })).toMatchObject({ status: 'ok' })
})

test('streams at the limit, refused and cut', () => {
  const instant = {
    streams: values([{ pod: 'p' }, 19], [{ pod: 'q' }, 2]),
    streams_limit: values([{ pod: 'p' }, 20], [{ pod: 'q' }, 20]),
    streams_rejected: values([{ reason: 'limit' }, 12]),
    streams_closed: values([{ reason: 'client' }, 3]),
  }
  expect(ask('streams-against-limit', { instant })).toEqual({ status: 'found', found: '1 of 2 pods at the limit: p 19 (95% of its limit)' })
  expect(ask('stream-rejections', { instant })).toEqual({ status: 'found', found: 'streams refused in 2 min: limit 12' })
  expect(ask('stream-closings', { instant })).toEqual({ status: 'ok', found: 'streams ended in 5 min: client 3' })
})

test('refused credentials above the threshold are found with their reasons', () => {
  const instant = (failed: number) => ({
    auth_attempts: values([{}, 100]),
    auth_failures: values([{ reason: 'unknown_token' }, failed], [{ reason: 'expired' }, 1]),
  })
  expect(ask('auth-failures', { instant: instant(60) })).toEqual({
    status: 'found',
    found: '61% of 100 attempts refused in 2 min: unknown_token 60; expired 1',
  })
  expect(ask('auth-failures', { instant: instant(4) })).toMatchObject({ status: 'ok' })
})

test('a NaN is no measurement', () => {
  expect(ask('latency', { instant: { p95: values([{}, Number.NaN]) } })).toEqual({
    status: 'unknown',
    found: 'no request was timed in the last 2 min',
  })
})

test('without Prometheus two scrapes of the pods answer for it, and say so', () => {
  const page = (failures: number, inUse: number): { name: string; labels: Record<string, string>; value: number }[] => [
    { name: 'db_pool_connections', labels: { state: 'max' }, value: 2 },
    { name: 'db_pool_connections', labels: { state: 'in_use' }, value: inUse },
    { name: 'db_pool_connections', labels: { state: 'waiting' }, value: 3 },
    { name: 'auth_attempts_total', labels: {}, value: 100 + 2 * failures },
    { name: 'auth_failures_total', labels: { reason: 'expired' }, value: 40 + failures },
    { name: 'http_server_requests_total', labels: { route: '/buy', status_code: '500' }, value: 7 + failures },
    { name: 'http_server_requests_total', labels: { route: '/health/live', status_code: '200' }, value: 1000 * failures },
  ]
  const change = (s: Snapshot) => {
    s.direct = {
      state: 'ok',
      value: [
        { pod: 'shop-aaa-1', at: 100, samples: page(0, 1) },
        { pod: 'shop-aaa-1', at: 101.5, samples: page(30, 2) },
      ],
    }
  }
  expect(ask('database-pool', { change })).toEqual({
    status: 'found',
    found: '2 of 2 connections in use, 3 waiting; no connection is free in shop-aaa-1',
  })
  expect(ask('auth-failures', { change })).toEqual({ status: 'found', found: '50% of 60 attempts refused in 1.5 s: expired 30' })
  expect(ask('error-pattern', { change }).found).toContain('/buy 100% (30 of 30)')
  expect(ask('event-loop', { change })).toMatchObject({
    status: 'unknown',
    found: expect.stringContaining('no Service looks like Prometheus'),
  })
})
