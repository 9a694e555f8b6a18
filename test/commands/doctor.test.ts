import { expect, test } from 'vitest'
import type { Context } from '../../src/context.ts'
import { AbsentError } from '../../src/errors.ts'
import { FakeCluster } from '../support/fake-cluster.ts'
import { aWorld, cli } from '../support/world.ts'

function shop() {
  const cluster = new FakeCluster()
  const labels = { app: 'checkout' }
  cluster.put('deployments', {
    metadata: { name: 'checkout', namespace: 'shop' },
    spec: {
      replicas: 1,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'app', image: 'checkout:1' }] } },
    },
  })
  cluster.put('services', { metadata: { name: 'prometheus', namespace: 'monitoring' }, spec: { ports: [{ port: 9090 }] } })
  cluster.settle()
  const metrics = {
    where: 'monitoring/prometheus',
    targets: async () => [{ labels: { namespace: 'shop', pod: 'checkout-h1-1' }, health: 'up', lastError: '', lastScrape: '' }],
  }
  const alerts = () => {
    throw new AbsentError('no alertmanager')
  }
  const targets = () =>
    ({ cluster: async () => cluster, metrics: async () => metrics, alerts }) as unknown as ReturnType<Context['targets']>
  return {
    cluster,
    doctor: (...argv: string[]) =>
      cli({ ...aWorld({ targets }), clock: cluster.clock })('doctor', '-n', 'shop', '--workload', 'checkout', ...argv),
  }
}

test('everything is tried and the exit code says whether a diagnosis works', async () => {
  const { code, out } = await shop().doctor()
  expect(code).toBe(0)
  expect(out).toContain('ok     workload: Deployment shop/checkout: 1 of 1 ready')
  expect(out).toContain('ok     scraping: 1 of 1 pods of the workload are scraped')
  expect(out).toContain('LESS   Alertmanager: no alertmanager Service was found in the cluster')
})

test('a missing permission is denied, with the Role rule, as text and as JSON', async () => {
  const { cluster, doctor } = shop()
  cluster.denied.add('list pods')
  const { code, out } = await doctor()
  expect(code).toBe(4)
  expect(out).toContain('DENIED workload: 1 of 6 not granted (list pods)')
  expect(out).toContain('# in a Role in namespace shop bound to jo')
  const report = JSON.parse((await doctor('--json')).out)
  expect(report).toMatchObject({ schemaVersion: 1, works: 'denied' })
  expect(report.lines.filter((line: { state: string }) => line.state === 'denied')).toHaveLength(1)
})

test('a workload that is not there is not denied access', async () => {
  const { cluster, doctor } = shop()
  cluster.drop('deployments', cluster.one('deployments', 'shop', 'checkout'))
  expect(await doctor()).toMatchObject({ code: 5, out: expect.stringContaining('ABSENT workload: deployments "checkout" not found') })
})
