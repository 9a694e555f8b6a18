import { expect, test, vi } from 'vitest'
import type { Targets } from '../../src/context.ts'
import { judge } from '../../src/diagnosis/judge.ts'
import { AbsentError, InterruptedError, UnreachableError } from '../../src/errors.ts'
import { gather } from '../../src/facts/gather.ts'
import { type ResourceName, resources } from '../../src/facts/kubernetes/resources.ts'
import type { BudgetReading } from '../../src/facts/metrics.ts'
import type { Settings } from '../../src/settings.ts'
import type { Cluster, MetricsSource } from '../../src/targets/ports.ts'
import { secretWithIt } from '../support/expired-certificate.ts'
import type { FakeCluster } from '../support/fake-cluster.ts'
import { healthy, space } from '../support/snapshot.ts'
import { aCluster, lookSettings, nowhere } from './a-look.ts'

function look(
  cluster: FakeCluster,
  given: {
    timeoutSeconds?: number
    signal?: AbortSignal
    targets?: Partial<Targets>
    edge?: string
    budgets?: BudgetReading
    sources?: Partial<Settings>
  } = {},
) {
  const settings = { ...lookSettings(given), ...given.sources }
  const none = async (): Promise<never> => {
    throw new AbsentError('there is none')
  }
  const targets: Targets = {
    cluster: async () => cluster,
    writer: none,
    metrics: none,
    alerts: none,
    notifier: none,
    forward: none,
    downloads: none,
    fetch: none,
    ...given.targets,
  }
  return gather(settings, {
    targets,
    clock: cluster.clock,
    signal: given.signal ?? new AbortController().signal,
    version: '1.2.3',
    budgets: given.budgets,
  })
}

test('one look sees the objects, the logs and the answers, and writes nothing', async () => {
  const cluster = aCluster()
  const snapshot = await look(cluster)
  expect(judge(snapshot, 'service-downtime').verdict.verdict).toBe('healthy')
  expect(snapshot.probes.filter((p) => p.hop === 'pod')).toHaveLength(6)
  expect(snapshot.logs.state === 'ok' && snapshot.logs.value.map((l) => l.container)).toEqual(['main', 'main', 'main'])
  expect([snapshot.instant.state, snapshot.alerts.state, cluster.writes.length]).toEqual(['absent', 'absent', 0])
  expect(snapshot.requests).toBe(cluster.stats.requests)
})

test.each(Object.keys(resources).filter((kind) => !['clusterroles', 'clusterrolebindings', 'controllerrevisions'].includes(kind)))(
  'when %s may not be listed the part says so and what would grant it, and the rest is seen',
  async (kind) => {
    const cluster = aCluster()
    cluster.denied.add(`list ${kind}`)
    const { cluster: parts } = await look(cluster)
    expect(parts[kind as ResourceName]).toEqual({
      state: 'denied',
      reason: `jo may not list ${kind}`,
      next: `a Role rule for list ${kind} would allow it`,
    })
    const others = Object.entries(parts).filter(([name]) => name !== kind)
    expect(others.filter(([, part]) => part.state !== 'ok')).toEqual([])
  },
)

test('logs and answers that are denied are parts that say so', async () => {
  const cluster = aCluster()
  for (const what of ['get pods/log', 'get pods/proxy', 'get services/proxy']) cluster.denied.add(what)
  const snapshot = await look(cluster)
  expect([snapshot.logs.state, ...new Set(snapshot.probes.map((p) => p.result.state))]).toEqual(['denied', 'denied'])
  const { notSeen, verdict } = judge(snapshot, 'service-downtime').verdict
  expect([verdict, notSeen.map((n) => n.what)]).toEqual(['healthy', expect.arrayContaining(['logs', 'answers'])])
})

test('without pods there are no logs either, for the same reason', async () => {
  const cluster = aCluster()
  cluster.denied.add('list pods')
  const snapshot = await look(cluster)
  expect(snapshot.logs).toMatchObject({ state: 'denied', reason: expect.stringContaining('pods were not seen') })
  expect(judge(snapshot, 'service-downtime').verdict.verdict).toBe('inconclusive')
})

/** Never answers; ends as a real request does when it is given up. */
const forever = (signal: AbortSignal): Promise<never> =>
  new Promise((_resolve, reject) => {
    const end = () => reject(new UnreachableError('no answer in time'))
    if (signal.aborted) end()
    else signal.addEventListener('abort', end, { once: true })
  })

function slow(cluster: FakeCluster, kind: string): void {
  const list = cluster.list.bind(cluster)
  cluster.list = ((resource: ResourceName, query: object, signal: AbortSignal) =>
    resource === kind ? forever(signal) : list(resource, query, signal)) as Cluster['list']
}

test('a list that never answers is given up at the deadline, and what else was listed is kept', async () => {
  const cluster = aCluster()
  slow(cluster, 'events')
  const snapshot = await look(cluster, { timeoutSeconds: 0.3 })
  expect(snapshot.cluster.events).toMatchObject({ state: 'unreachable' })
  expect(snapshot.cluster.pods?.state).toBe('ok')
})

test('an interrupt ends the look', async () => {
  const cluster = aCluster()
  slow(cluster, 'events')
  const stop = new AbortController()
  const looking = look(cluster, { signal: stop.signal })
  stop.abort()
  await expect(looking).rejects.toBeInstanceOf(InterruptedError)
})

test('of the Secret that the way in serves with, the dates of the certificate are read and the key is not', async () => {
  const cluster = aCluster()
  const { service } = healthy().target.service
  const backend = { service: { name: service, port: { number: 80 } } }
  cluster.put('secrets', secretWithIt('way-in-tls', space))
  cluster.put('secrets', secretWithIt('of-nobody', space))
  cluster.put('ingresses', {
    metadata: { name: 'way-in', namespace: space },
    spec: { tls: [{ secretName: 'way-in-tls' }], rules: [{ http: { paths: [{ backend }] } }] },
  })
  const snapshot = await look(cluster)
  expect(snapshot.certificates).toEqual({
    state: 'ok',
    value: [
      {
        namespace: space,
        secret: 'way-in-tls',
        key: 'tls.crt',
        subject: 'O=lab, CN=gate.example',
        issuer: 'O=lab, CN=gate.example',
        notBefore: '2025-01-01T00:00:00.000Z',
        notAfter: '2025-04-01T00:00:00.000Z',
      },
    ],
  })
  expect(JSON.stringify(snapshot)).not.toMatch(/CANARY|Q0FOQVJZ/)
  const { verdict } = judge(snapshot, 'service-downtime')
  expect(verdict.causes[0]).toMatchObject({ code: 'tls_expired', subject: { kind: 'Secret', name: 'way-in-tls' } })
})

test('what is left of a deadline need not be a whole number of milliseconds', async () => {
  expect((await look(aCluster(), { timeoutSeconds: 9.9991 })).logs.state).toBe('ok')
})

test('where users come in is asked directly, and an edge that does not answer is a part that says so', async () => {
  const cluster = aCluster()
  const asked: string[] = []
  const edge = (fetch: Targets['fetch']) => look(cluster, { edge: 'https://kestrel.example/tasks', targets: { fetch } })
  const snapshot = await edge(async (url) => {
    asked.push(url)
    return { status: 504, body: 'gateway time-out', seconds: 1, headers: {} }
  })
  expect(asked).toEqual(['https://kestrel.example/tasks'])
  expect(snapshot.probes.filter((p) => p.hop === 'edge')).toEqual([
    expect.objectContaining({
      name: 'kestrel.example',
      port: 443,
      path: '/tasks',
      result: { state: 'ok', value: expect.objectContaining({ status: 504 }) },
    }),
  ])
  expect(judge(snapshot, 'service-downtime').verdict.causes[0]?.code).toBe('edge_timeout')
  const silent = await edge(async () => {
    throw new UnreachableError('certificate has expired')
  })
  expect(silent.probes.find((p) => p.hop === 'edge')?.result).toMatchObject({ state: 'unreachable', reason: 'certificate has expired' })
})

test('a proxy that gives up after nearly three seconds is heard', async () => {
  const fetch: Targets['fetch'] = (_url, _how, signal) =>
    new Promise((resolve, reject) => {
      signal.addEventListener('abort', () => reject(new UnreachableError('no answer in time')))
      setTimeout(() => resolve({ status: 504, body: '', seconds: 2.8, headers: {} }), 2800)
    })
  const { probes } = await look(aCluster(), { edge: 'https://shop.example/', targets: { fetch } })
  expect(probes.find(({ hop }) => hop === 'edge')?.result).toMatchObject({ state: 'ok', value: { status: 504 } })
})

test('what stands before the service is read too, where the edge is a Service of the cluster', async () => {
  const cluster = aCluster()
  cluster.put('services', { metadata: { name: 'door', namespace: space }, spec: { clusterIP: '10.96.7.7', selector: { app: 'door' } } })
  cluster.put('pods', {
    metadata: { name: 'door-1', namespace: space, labels: { app: 'door' } },
    spec: { containers: [{ name: 'nginx' }] },
    status: { phase: 'Running', containerStatuses: [{ name: 'nginx', ready: true, restartCount: 0, state: { running: {} } }] },
  })
  const fetch: Targets['fetch'] = async () => ({ status: 200, body: '', seconds: 0.1, headers: {} })
  const { edgeLogs, logs } = await look(cluster, { edge: 'http://10.96.7.7/', targets: { fetch } })
  expect(edgeLogs).toMatchObject({ state: 'ok', value: [{ pod: 'door-1', container: 'nginx' }] })
  expect(logs.state === 'ok' && logs.value.map((l) => l.container)).toEqual(['main', 'main', 'main'])
  expect('edgeLogs' in (await look(cluster, { edge: 'https://shop.example/', targets: { fetch } }))).toBe(false)
})

test('budgets are read only where they are asked for, and say why where Prometheus is not there', async () => {
  expect('slo' in (await look(aCluster()))).toBe(false)
  expect((await look(aCluster(), { budgets: 'asked' })).slo).toMatchObject({ state: 'absent' })
})

test.each([
  ['asked', 'ok'],
  ['beside', 'unreachable'],
] as const)('budgets that are %s while Prometheus takes its time for them are %s', async (budgets, state) => {
  vi.spyOn(AbortSignal, 'timeout').mockImplementation((ms) =>
    ms === 3000 ? AbortSignal.abort(new DOMException('too long', 'TimeoutError')) : new AbortController().signal,
  )
  const slow: MetricsSource = {
    where: 'prometheus',
    instant: async (expressions, _at, signal) => {
      signal.throwIfAborted()
      return Object.fromEntries(Object.keys(expressions).map((name) => [name, { series: [], warnings: [] }]))
    },
    range: async () => ({ series: [], warnings: [] }),
    targets: async () => [],
  }
  const { slo, ranges } = await look(aCluster(), {
    budgets,
    sources: { prometheus: { ...nowhere, url: 'http://prometheus.example' } },
    targets: { metrics: async () => slow },
  })
  expect([slo?.state, ranges.state]).toEqual([state, 'ok'])
})
