import { expect, test } from 'vitest'
import type { Context } from '../../src/context.ts'
import { DeniedError } from '../../src/errors.ts'
import type { MetricsSource } from '../../src/targets/ports.ts'
import { FakeCluster } from '../support/fake-cluster.ts'
import { fakeMcp } from '../support/fake-mcp.ts'
import { aWorld, cli } from '../support/world.ts'

interface Counts {
  requests: number
  failed: number
  p95?: number
}

/** A cluster with a Deployment of two pods in its second revision, and a Prometheus that has these counts of new and old pods. */
function deployed(options: { counts?: { new: Counts; old: Counts }; mcp?: Parameters<typeof fakeMcp>[0]; starts?: boolean } = {}) {
  const cluster = new FakeCluster()
  const mcp = fakeMcp(options.mcp)
  cluster.answers = mcp.answers
  const metadata = { name: 'tasks', namespace: 'shop' }
  const template = (image: string) => ({
    metadata: { labels: { app: 'tasks' } },
    spec: { containers: [{ name: 'app', image, ports: [{ containerPort: 3000 }] }] },
  })
  const deployment = (image: string) => ({
    metadata,
    spec: { replicas: 2, selector: { matchLabels: { app: 'tasks' } }, template: template(image) },
  })
  cluster.put('deployments', deployment('shop/tasks:1'))
  cluster.put('services', { metadata, spec: { selector: { app: 'tasks' }, ports: [{ name: 'http', port: 80, targetPort: 3000 }] } })
  cluster.settle()
  if (options.starts === false) cluster.starts = () => false
  cluster.put('deployments', deployment('shop/tasks:2'))
  const asked: { expression: string; at: number }[] = []
  const counts = options.counts
  const metrics: MetricsSource = {
    where: 'monitoring/prometheus',
    instant: async (expressions, at) => {
      asked.push({ expression: expressions.requests ?? '', at })
      const side = /pod=~"tasks-h2/.test(expressions.requests ?? '') ? counts!.new : counts!.old
      const value = (labels: Record<string, string>, number: number) => ({ labels, points: [[at, number] as [number, number]] })
      return {
        requests: {
          series: [value({ status_code: '200' }, side.requests - side.failed), value({ status_code: '503' }, side.failed)],
          warnings: [],
        },
        p95: { series: [value({}, side.p95 ?? Number.NaN)], warnings: [] },
      }
    },
    range: async () => ({ series: [], warnings: [] }),
    targets: async () => [],
  }
  if (counts) cluster.put('services', { metadata: { name: 'prometheus', namespace: 'monitoring' }, spec: { ports: [{ port: 9090 }] } })
  const targets = () => ({ cluster: async () => cluster, metrics: async () => metrics }) as unknown as ReturnType<Context['targets']>
  const world = { ...aWorld({ targets }), clock: cluster.clock }
  return { cluster, mcp, asked, world, smoke: (...argv: string[]) => cli(world)('smoke', '-n', 'shop', '--workload', 'tasks', ...argv) }
}

const even = { new: { requests: 1000, failed: 1, p95: 0.04 }, old: { requests: 900, failed: 1, p95: 0.05 } }

test('a good deploy: waits, walks, watches, and says why in one line', async () => {
  const { smoke, mcp, asked, cluster } = deployed({ counts: even })
  const started = cluster.now
  const { code, out, err } = await smoke('--for', '90s')
  expect(out.split('\n').slice(0, 3).join(' ')).toContain(
    'PASS: rollout of revision 2 done, 2 of 2 ready; 5 MCP steps in 0.00 s; no restart; new pods fail 0.1% of 1000, old 0.11% of 900; new p95 40 ms, old 50 ms',
  )
  expect(code).toBe(0)
  expect(err).toContain('waiting for the rollout: ')
  expect(mcp.methods).toEqual(['initialize', 'notifications/initialized', 'create_task', 'get_task', 'complete_task', 'delete_task'])
  expect(mcp.tasks.size).toBe(0)
  expect(asked.map(({ expression }) => expression.includes('[90s]'))).toEqual([true, true])
  // The old pods are judged by the time before the rollout, the new ones by the time after it.
  expect(asked.map(({ at }) => at * 1000 >= started + 90_000)).toEqual([true, false])
})

test('an endpoint that answers as an event stream is the same to it', async () => {
  expect((await deployed({ mcp: { events: true } }).smoke('--for', '0')).code).toBe(0)
})

test('new pods that fail more than the old ones fail the deploy', async () => {
  const { smoke } = deployed({ counts: { new: { requests: 400, failed: 30 }, old: { requests: 400, failed: 2 } } })
  const { code, out } = await smoke()
  expect(code).toBe(3)
  expect(out).toMatch(/^FAIL: errors: new pods fail 7.5% of 400, old 0.5% of 400\n/)
  expect(out).toContain('task-mcp diagnose high-error-rate')
})

test('new pods that are slow where the old ones were not fail the deploy', async () => {
  const { smoke } = deployed({ counts: { new: { requests: 400, failed: 0, p95: 0.9 }, old: { requests: 400, failed: 0, p95: 0.1 } } })
  expect(await smoke()).toMatchObject({ code: 3, out: expect.stringMatching(/^FAIL: latency: new p95 900 ms, old 100 ms\n/) })
})

test('a service that was always slow is not failed for its latency', async () => {
  expect(
    (await deployed({ counts: { new: { requests: 400, failed: 0, p95: 0.9 }, old: { requests: 400, failed: 0, p95: 0.8 } } }).smoke()).code,
  ).toBe(0)
})

test('one failed request of three is no proof; three of ten are', async () => {
  expect((await deployed({ counts: { new: { requests: 3, failed: 1 }, old: { requests: 500, failed: 0 } } }).smoke()).code).toBe(0)
  expect((await deployed({ counts: { new: { requests: 10, failed: 3 }, old: { requests: 500, failed: 0 } } }).smoke()).code).toBe(3)
})

test('no traffic is said, and is not 0% errors', async () => {
  const { code, out } = await deployed({ counts: { new: { requests: 0, failed: 0 }, old: { requests: 0, failed: 0 } } }).smoke(
    '--for',
    '10s',
  )
  expect(code).toBe(0)
  expect(out).toContain('no requests reached the new pods in 10 s')
  expect(out).not.toContain('0%')
})

test('a rollout that does not get through fails after the wait, without a walk', async () => {
  const { smoke, mcp, cluster } = deployed({ starts: false })
  const started = cluster.now
  const { code, out } = await smoke('--wait', '30s')
  expect(code).toBe(3)
  expect(out).toMatch(/^FAIL: rollout: in progress after 30 s, /)
  expect(cluster.now - started).toBe(30_000)
  expect(mcp.tasks.size).toBe(0)
})

test('a task that comes back changed fails, and is deleted all the same', async () => {
  const { smoke, mcp } = deployed({
    mcp: { spoil: { get_task: (task) => ({ structuredContent: { task: { ...task, title: 'somebody else' } } }) } },
  })
  const { code, out } = await smoke()
  expect(code).toBe(3)
  expect(out).toMatch(/^FAIL: walk: read: task 7 came back with another title\n/)
  expect(out).toContain('skip   walk: complete: not reached')
  expect(mcp.tasks.size).toBe(0)
})

test('a tool that answers with an error fails with what it said', async () => {
  const { smoke } = deployed({
    mcp: { spoil: { complete_task: () => ({ isError: true, content: [{ type: 'text', text: 'database is locked' }] }) } },
  })
  expect((await smoke()).out).toContain('complete_task answered with an error: database is locked')
})

test('an endpoint behind a token says how to give one', async () => {
  const { smoke, cluster } = deployed()
  cluster.answers = () => {
    throw new DeniedError('the API server https://lab.example:6443 does not accept the credentials of jo')
  }
  const { code, out } = await smoke()
  expect(code).toBe(3)
  expect(out).toContain('FAILED walk: initialize: Service shop/tasks wants a token, and the API server')
  expect(out).toContain('kubectl -n shop port-forward service/tasks 8080:http')
})

test('a user who may not use the proxy is denied, and the deploy is not failed for it', async () => {
  const { smoke, cluster } = deployed()
  cluster.denied.add('get services/proxy')
  expect(await smoke('--for', '0')).toMatchObject({
    code: 4,
    out: expect.stringMatching(/^CANNOT TELL: walk: initialize: jo may not get services\/proxy/),
  })
})

test('JSON and JUnit say the same as the text', async () => {
  const { smoke, world } = deployed({ counts: even })
  const { out } = await smoke('--json', '--junit', '/project/smoke.xml')
  expect(JSON.parse(out)).toMatchObject({
    schemaVersion: 1,
    verdict: 'pass',
    target: { namespace: 'shop', workload: 'tasks', endpoint: 'Service shop/tasks through the API server' },
  })
  expect(world.disk.get('/project/smoke.xml')).toContain('<testsuite name="task-mcp smoke"')
  expect(world.disk.get('/project/smoke.xml')).toContain('tests="9" failures="0" errors="0" skipped="0"')
})

test('a user who may not look at the workload is told so', async () => {
  const { smoke, cluster } = deployed()
  cluster.denied.add('list deployments')
  expect((await smoke('--for', '0')).code).toBe(4)
})

test('without a cluster it needs --url', async () => {
  const targets = () =>
    ({
      cluster: async () => {
        throw new (await import('../../src/errors.ts')).UsageError('there is no kubeconfig', 'give --kubeconfig FILE')
      },
    }) as unknown as ReturnType<Context['targets']>
  expect(await cli(aWorld({ targets }))('smoke')).toMatchObject({ code: 2, err: expect.stringContaining('there is no kubeconfig') })
})
