import { expect, test } from 'vitest'
import type { Context } from '../../src/context.ts'
import { renderStatus } from '../../src/output/status.ts'
import { plain } from '../../src/output/style.ts'
import type { Series } from '../../src/targets/ports.ts'
import { FakeCluster } from '../support/fake-cluster.ts'
import { aWorld, cli } from '../support/world.ts'

/** A Deployment of three pods with a Prometheus that remembers an hour: errors began 10 minutes ago, and 20 minutes are missing. */
function shop(options: { errors?: number; slow?: boolean } = {}) {
  const cluster = new FakeCluster()
  const labels = { app: 'checkout' }
  const before = cluster.now
  cluster.now = before - 7_200_000
  const metadata = { name: 'checkout', namespace: 'shop' }
  const deployment = (image: string) => ({
    metadata: { ...metadata, creationTimestamp: new Date(before - 7_200_000).toISOString() },
    spec: {
      replicas: 3,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'app', image, ports: [{ containerPort: 3000 }] }] } },
    },
  })
  cluster.put('deployments', deployment('shop/checkout:1'))
  cluster.put('services', { metadata, spec: { selector: labels, ports: [{ name: 'http', port: 80, targetPort: 3000 }] } })
  for (const name of ['prometheus', 'alertmanager'])
    cluster.put('services', { metadata: { name, namespace: 'monitoring' }, spec: { ports: [{ port: 9090 }] } })
  cluster.settle()
  cluster.now = before - 600_000
  cluster.put('deployments', deployment('shop/checkout:2'))
  cluster.settle()
  cluster.now = before
  const at = before / 1000
  const errors = options.errors ?? 0
  const over = (value: (ago: number) => number): [number, number][] =>
    Array.from({ length: 240 }, (_, index): [number, number] => [at - 3600 + index * 15, value(3600 - index * 15)]).filter(
      ([time]) => time < at - 2400 || time > at - 1200,
    )
  const history: Record<string, Series[]> = {
    request_rate: [
      { labels: { status_code: '200' }, points: over(() => 10) },
      { labels: { status_code: '500' }, points: over((ago) => (ago < 600 ? 10 * errors : 0)) },
    ],
    requests: [
      {
        labels: { pod: 'checkout-1', status_code: '200' },
        points: [
          [at - 110, 0],
          [at, 1000 - 1000 * errors],
        ],
      },
      {
        labels: { pod: 'checkout-1', status_code: '500' },
        points: [
          [at - 110, 0],
          [at, 1000 * errors],
        ],
      },
    ],
    p95: [{ labels: {}, points: over((ago) => (options.slow && ago < 600 ? 0.9 : 0.05)) }],
  }
  const metrics = {
    where: 'monitoring/prometheus',
    instant: async (expressions: Record<string, string>) => ({
      ...Object.fromEntries(Object.keys(expressions).map((name) => [name, { series: [], warnings: [] }])),
      p95: { series: [{ labels: {}, points: [[at, options.slow ? 0.9 : 0.05]] }], warnings: [] },
      p99: { series: [{ labels: {}, points: [[at, 1.2]] }], warnings: [] },
    }),
    range: async (expression: string) => ({
      series:
        history[
          expression.startsWith('histogram')
            ? 'p95'
            : expression.includes('rate(')
              ? 'request_rate'
              : expression.includes('sum by (pod, status_code)')
                ? 'requests'
                : 'none'
        ] ?? [],
      warnings: [],
    }),
    targets: async () => [],
  }
  const alert = (name: string, namespace: string) => ({
    name,
    labels: { namespace, severity: 'critical' },
    annotations: {},
    startsAt: new Date(before - 300_000).toISOString(),
    state: 'active',
    fingerprint: name,
  })
  const alerts = {
    where: 'monitoring/alertmanager',
    alerts: async () => [alert('Watchdog', 'monitoring'), alert('DiskWear', 'other'), alert('CheckoutErrors', 'shop')],
  }
  const targets = () =>
    ({ cluster: async () => cluster, metrics: async () => metrics, alerts: async () => alerts }) as unknown as ReturnType<
      Context['targets']
    >
  return {
    cluster,
    status: (...argv: string[]) =>
      cli({ ...aWorld({ targets }), clock: cluster.clock })('status', '-n', 'shop', '--workload', 'checkout', ...argv),
  }
}

const golden = (name: string) => new URL(`../golden/status/${name}.txt`, import.meta.url).pathname

test('a service that is well fits one screen', async () => {
  const { code, out } = await shop().status()
  await expect(out).toMatchFileSnapshot(golden('well'))
  expect(out.split('\n').length).toBeLessThan(30)
  expect(code).toBe(0)
})

test('errors and latency over their thresholds are in the first line, with the time they began to be seen in the chart', async () => {
  const { code, out } = await shop({ errors: 0.12, slow: true }).status()
  await expect(out).toMatchFileSnapshot(golden('unwell'))
  expect(code).toBe(3)
})

test('pods that do not start come first and say what they wait for', async () => {
  const { cluster, status } = shop()
  for (const pod of cluster.all('pods').slice(0, 1)) {
    pod.status = {
      phase: 'Pending',
      conditions: [{ type: 'Ready', status: 'False' }],
      containerStatuses: [{ name: 'app', ready: false, restartCount: 4, state: { waiting: { reason: 'CrashLoopBackOff' } } }],
    }
  }
  const { code, out } = await status()
  expect(code).toBe(3)
  expect(out).toMatch(/^UNWELL .*2 of 3 pods ready/)
  expect(out).toMatch(/\nPods {4}checkout-\S+ +not ready +CrashLoopBackOff +4 restarts/)
})

test('what was not seen is said, and is no zero', async () => {
  const { cluster, status } = shop()
  cluster.drop('services', cluster.one('services', 'monitoring', 'prometheus'))
  const { out } = await status()
  expect(out).toMatch(/\nTraffic not seen: no prometheus Service was found in the cluster/)
  expect(out).not.toContain('0%')
})

test('a workload that is not there, and one that may not be seen', async () => {
  const { cluster, status } = shop()
  cluster.denied.add('list deployments')
  expect(await status()).toMatchObject({
    code: 4,
    out: expect.stringMatching(/^UNKNOWN .*\n\nRollout not seen: jo may not list deployments/s),
  })
  cluster.denied.clear()
  cluster.drop('deployments', cluster.one('deployments', 'shop', 'checkout'))
  expect((await status()).out).not.toContain('Changes none')
  expect(await status()).toMatchObject({
    code: 5,
    out: expect.stringContaining('Rollout not seen: there is no Deployment checkout in namespace shop'),
  })
})

test('a budget is shown where it is known, and its spending stands out', async () => {
  const report = JSON.parse((await shop().status('--json')).out)
  const look = { columns: 80, style: plain, verbose: false }
  expect(renderStatus(report, look)).not.toContain('Budget')
  const late = { state: 'unreachable', reason: 'not counted in time; task-mcp slo-budget waits for it' } as const
  expect(renderStatus({ ...report, budget: late }, look)).toContain('Budget  not seen: not counted in time')
  const left = [
    { title: 'Availability', fraction: 0.654 },
    { title: 'Error rate', fraction: -7.69 },
  ]
  expect(renderStatus({ ...report, budget: { state: 'ok', value: { left, policy: 'freeze' } } }, look)).toContain(
    'Budget  Availability 65% left and Error rate overspent (freeze; more: task-mcp\n        slo-budget)',
  )
})

test('JSON carries the numbers behind the text', async () => {
  const { out } = await shop({ errors: 0.12 }).status('--json')
  expect(JSON.parse(out)).toMatchObject({
    schemaVersion: 1,
    state: 'unwell',
    rollout: { state: 'ok', value: { state: 'done', wanted: 3, ready: 3, revision: 2, image: 'shop/checkout:2' } },
    traffic: { state: 'ok', value: { requests: 1000, failed: 120, errorRatio: 0.12, p95: 0.05 } },
    alerts: {
      state: 'ok',
      value: [
        { name: 'CheckoutErrors', ours: true },
        { name: 'DiskWear', ours: false },
      ],
    },
  })
})
