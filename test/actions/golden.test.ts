import { expect, test } from 'vitest'
import { compareGolden, type Golden, goldenQueries } from '../../src/actions/golden.ts'
import type { MetricsSource } from '../../src/targets/ports.ts'
import { aShop, type Shop } from './shop.ts'

const thresholds = { errorRatio: 0.01, p95Seconds: 0.2, p99Seconds: 0.5, memoryRatio: 0.85, cpuRatio: 0.8, authFailureRatio: 0.2 }
const golden = (change: Partial<Golden> = {}): Golden => ({
  window: 30,
  requests: 1000,
  errors: 1,
  p95: 0.05,
  cpu: 0.2,
  memory: 0.4,
  restarts: { 'checkout-a': 0 },
  ...change,
})

test('nothing worse is said with what the sample allows', () => {
  const { worse, said } = compareGolden(golden({ errors: 600 }), golden({ errors: 0 }), thresholds)
  expect(worse).toEqual([])
  expect(said).toBe(
    '0 of 1000 requests failed in 30s (95% sure: 0% to 0.38%); before 600 of 1000 in 30s; p95 50 ms, was 50 ms; cpu 20% of its limit; memory 40% of its limit',
  )
})

test.each([
  ['errors', golden(), golden({ errors: 40 }), ['errors 0.10% -> 4.00%']],
  ['latency', golden(), golden({ p95: 0.9 }), ['p95 50 ms -> 900 ms']],
  ['saturation', golden(), golden({ cpu: 0.95 }), ['cpu 20% -> 95% of its limit']],
  ['restarts', golden(), golden({ restarts: { 'checkout-a': 1, 'checkout-b': 2 } }), ['3 container restarts since']],
  ['as bad as before', golden({ errors: 500, p95: 2 }), golden({ errors: 480, p95: 2.1 }), []],
  ['within chance', golden({ errors: 10 }), golden({ errors: 14 }), []],
  ['slower and still fast', golden(), golden({ p95: 0.1 }), []],
  ['too few requests to tell', golden(), golden({ requests: 9, errors: 3, p95: 4 }), []],
])('%s', (_what, before, after, worse) => {
  expect(compareGolden(before, after, thresholds).worse).toEqual(worse)
})

test('few requests and none are said as what they are', () => {
  expect(compareGolden(golden(), golden({ requests: 9, errors: 3 }), thresholds).said).toContain(
    'only 9 requests in 30s: 3 failed, and with so few anything from 12% to 65% may be true',
  )
  expect(compareGolden(undefined, golden({ requests: 0, errors: 0 }), thresholds).said).toContain('no requests in 30s')
})

/** A shop with a Prometheus that answers for before and after. */
function measured(before: Partial<Golden>, after: Partial<Golden>): Shop {
  const shop = aShop()
  const began = shop.cluster.now
  const source: MetricsSource = {
    where: 'a test',
    range: async () => ({ series: [], warnings: [] }),
    targets: async () => [],
    instant: async (expressions, at) => {
      const now = at * 1000 < began + 3000 ? golden(before) : golden(after)
      const values: Record<string, number | undefined> = { requests: now.requests, errors: now.errors, p95: now.p95, cpu: now.cpu }
      return Object.fromEntries(
        Object.keys(expressions).map((name) => {
          const value = values[name]
          return [name, { series: value === undefined ? [] : [{ labels: {}, points: [[at, value]] }], warnings: [] }]
        }),
      )
    },
  }
  shop.world.disk.set(
    '/project/task-mcp.yaml',
    JSON.stringify({
      ...JSON.parse(shop.world.disk.get('/project/task-mcp.yaml')!),
      prometheus: { url: 'http://prometheus.example:9090' },
    }),
  )
  const targets = shop.world.targets
  shop.world.targets = (settings) => ({ ...targets(settings), metrics: async () => source })
  return shop
}

test('a change that makes errors is not verified, and --auto-undo takes it back', async () => {
  const shop = measured({}, { errors: 300 })
  const before = shop.deployment().spec.replicas
  const failed = await shop.run('scale', '--replicas', '5', '--yes', '--auto-undo', '--json')
  const receipt = JSON.parse(failed.out)
  expect([failed.code, receipt.golden.comparison.worse]).toEqual([6, ['errors 0.10% -> 30%']])
  expect(receipt.said).toContain('it was taken back')
  expect(shop.deployment().spec.replicas).toBe(before)
})

test('a change after which all is well says how sure that is, and --observe 0s does not look', async () => {
  const shop = measured({ errors: 500 }, { errors: 0 })
  const done = await shop.run('restart', '--yes', '--despite', 'noisy_neighbour')
  expect([done.code, done.out]).toEqual([
    0,
    expect.stringContaining('0 of 1000 requests failed in 30s (95% sure: 0% to 0.38%); before 500 of 1000'),
  ])
  const blind = await shop.run('restart', '--yes', '--observe', '0s')
  expect(blind.out).not.toContain('requests failed')
})

test('the questions are about the pods of the service, and leave probes out', () => {
  const service = {
    namespace: 'shop',
    workload: 'checkout',
    metrics: { requests: 'hits', statusLabel: 'code', duration: undefined, exclude: 'route!="/ready"' },
  }
  const queries = goldenQueries(service as never, 30)
  expect(queries.errors).toBe('sum(increase(hits{namespace="shop",pod=~"checkout-.*",route!="/ready",code=~"5.."}[30s]))')
  expect(queries.p95).toBeUndefined()
})
