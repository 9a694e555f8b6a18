/** Sessions with `task-mcp slo-budget` against counts that are known. */
import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { expect, test } from 'vitest'
import type { Targets } from '../../src/context.ts'
import { AbsentError, UnreachableError, UsageError } from '../../src/errors.ts'
import { tagOf as loggedAs } from '../../src/server/http/tokens.ts'
import { tagOf } from '../../src/slo/principals.ts'
import type { BudgetReport } from '../../src/slo/report.ts'
import { aWorld, cli } from '../support/world.ts'
import { type Counted, countedSource } from './counted.ts'

const now = Date.parse('2026-11-23T03:12:00Z')
const at = now / 1000
const perSecond = 10
/** An even service: this share of everything is bad. */
const even =
  (bad: number): Counted['counts'] =>
  (slo, seconds) =>
    slo === 'availability'
      ? { bad: 0, total: seconds / 60 }
      : { bad: slo === 'error-rate' ? bad * perSecond * seconds : 0, total: perSecond * seconds }

/** All of the error-rate's failures in one hour, nine days ago. */
const incident =
  (failed: number): Counted['counts'] =>
  (slo, seconds, end) => {
    const when = at - 9 * 86_400
    const within = slo === 'error-rate' && end - seconds < when - 1800 && end >= when
    return { bad: within ? failed : 0, total: slo === 'availability' ? seconds / 60 : perSecond * seconds }
  }

function session(counted: Counted & { cluster?: Targets['cluster'] }, windowSeconds?: number) {
  const source = countedSource(counted, windowSeconds)
  const cluster = counted.cluster ?? (async () => Promise.reject(new AbsentError('there is no kubeconfig')))
  const targets = { metrics: async () => source, cluster } as unknown as Targets
  const world = aWorld({
    now,
    targets: () => targets,
    files: {
      '/project/mine.yaml': mine,
      '/project/weeks.yaml': weeks('28d'),
      '/project/both.yaml': `${weeks('28d')}---\n${weeks('7d', 'b')}`,
    },
  })
  const run = cli(world)
  return { run: (...argv: string[]) => run(...argv, '--prometheus', 'http://prometheus.example'), source, world }
}

const mine = `slos:
  - name: error-rate
    title: Checkout
    target: 99.5%
    bad: sum(increase(checkout_failures_total[$window]))
    total: sum(increase(checkouts_total[$window]))
    unit: checkouts
`

const weeks = (duration: string, name = 'a') => `apiVersion: openslo/v1
kind: SLO
metadata: { name: ${name} }
spec:
  service: shop
  timeWindow: [{ duration: ${duration}, isRolling: true }]
  objectives: [{ target: 0.99 }]
  indicator: { spec: { ratioMetric: { counter: true, bad: { metricSource: { spec: { query: f } } }, total: { metricSource: { spec: { query: n } } } } } }
`

test('a service within its budget', async () => {
  const { run } = session({ counts: even(0.0002) })
  const { code, out } = await run('slo-budget')
  expect(code).toBe(0)
  await expect(out).toMatchFileSnapshot('../golden/slo-budget.normal.txt')
})

test('a budget that one incident spent: what it cost, and when it is back', async () => {
  const { run, source } = session({
    counts: incident(30_000),
    versions: [
      { version: '1.0.0', at: at - 40 * 86_400 },
      { version: '1.1.0', at: at - 9 * 86_400 },
    ],
  })
  const { code, out } = await run('slo-budget')
  expect(code).toBe(0)
  await expect(out).toMatchFileSnapshot('../golden/slo-budget.spent.txt')
  const burns = source.requests.find((names) => names.includes('bad 5m'))!
  expect(burns).toHaveLength(18)
  expect(source.requests.filter((names) => names[0] === 'range')).toHaveLength(2)
  expect(source.requests).toHaveLength(6)
})

test('what spent it is told by route and tool, and deploys are those that the cluster keeps', async () => {
  const revision = (number: number, at_: number) => ({
    metadata: {
      name: `task-mcp-http-${number}`,
      namespace: 'task-mcp',
      creationTimestamp: new Date(at_ * 1000).toISOString(),
      annotations: { 'deployment.kubernetes.io/revision': `${number}` },
      ownerReferences: [{ kind: 'Deployment', name: 'task-mcp-http' }],
    },
    spec: { template: { spec: { containers: [{ name: 'server', image: `registry.example/task-mcp:1.${number}` }] } } },
  })
  const { run } = session({
    counts: incident(30_000),
    versions: [
      { version: '1.6.0', at: at - 40 * 86_400 },
      { version: '1.7.0', at: at - 9 * 86_400 + 240 },
    ],
    by: {
      'by error-rate route': [{ labels: { method: 'POST', route: '/mcp', status_code: '503' }, bad: 29_000 }],
      'by error-rate tool': [
        { labels: { error_type: 'internal', gen_ai_tool_name: 'create_task', mcp_method_name: 'tools/call' }, bad: 900 },
        { labels: { error_type: 'timeout', gen_ai_tool_name: '', mcp_method_name: 'tools/list' }, bad: 100 },
      ],
    },
    cluster: async () =>
      ({ list: async () => ({ items: [revision(7, at - 9 * 86_400), revision(6, at - 40 * 86_400)], truncated: false }) }) as never,
  })
  const report: BudgetReport = JSON.parse((await run('slo-budget', '--json', '--slo', 'error-rate')).out)
  expect(report.objectives[0]!.spent.by[0]).toMatchObject({ word: 'route', what: 'POST /mcp 503', bad: 29_000 })
  expect(report.objectives[0]!.spent.deploys.map(({ name }) => name)).toEqual(['1.7.0 (revision 7, task-mcp:1.7)'])
  expect(report.notSeen).toEqual([])
  const { out } = await run('slo-budget', '--slo', 'error-rate')
  expect(out.replaceAll(/\s+/g, ' ')).toContain(
    'By - route: POST /mcp 503 29,000 (112% of the budget) - tool: tools/call create_task internal 900 (3.5% of the budget), tools/list timeout 100 (0.4% of the budget)',
  )
})

test('who spent it is told by hash, and by name where a file tells the names', async () => {
  const [importer, shop] = [tagOf('nightly-import'), tagOf('shop')]
  const { run, world } = session({
    counts: incident(30_000),
    by: {
      'by error-rate principal': [
        { labels: { principal: importer }, bad: 27_000 },
        { labels: { principal: '_other' }, bad: 2000 },
        { labels: { principal: shop }, bad: 700 },
        { labels: { principal: '_unknown' }, bad: 300 },
      ],
    },
  })
  const who = async (...argv: string[]) =>
    (JSON.parse((await run('slo-budget', '--json', '--slo', 'error-rate', ...argv)).out) as BudgetReport).objectives[0]!.spent.by.map(
      ({ word, what }) => `${word} ${what}`,
    )
  expect(await who()).toEqual([`principal ${importer}`, 'principal all others', `principal ${shop}`, 'principal not known who'])
  world.disk.set('/project/tokens', `# who may\nnightly-import ${'0'.repeat(64)} tasks:read\n`)
  expect((await who('--principals', 'tokens'))[0]).toBe(`principal nightly-import (${importer})`)
  const { out } = await run('slo-budget', '--slo', 'error-rate', '--principals', 'tokens')
  expect(out.replaceAll(/\s+/g, ' ')).toContain(
    `By principal: nightly-import (${importer}) 27,000 (104% of the budget), all others 2,000 (7.7% of the budget), ${shop} 700 (2.7% of the budget)`,
  )
  expect(out).not.toContain('0000')
  const missing = await run('slo-budget', '--principals', 'nowhere')
  expect([missing.code, missing.err]).toEqual([2, expect.stringContaining('nowhere cannot be read')])
})

test("the hash of a name is the one of the server's log", () => {
  for (const name of ['anonymous', 'nightly-import', 'https://issuer.example/ zoé']) expect(tagOf(name)).toBe(loggedAs(name))
})

test('hours that were not counted are a gap in the course', async () => {
  const { out } = await session({
    counts: (slo, seconds, end) =>
      seconds === 3600 && end > at - 20 * 86_400 && end < at - 10 * 86_400 ? undefined : even(0.0008)(slo, seconds, end),
  }).run('slo-budget', '--slo', 'error-rate')
  const rows = out
    .split('\n')
    .filter((line) => /^(Course| {6}) {2}\|/.test(line))
    .map((line) => line.split('|')[1]!)
  expect(rows).toHaveLength(3)
  const empty = (column: number) => rows.every((row) => row[column] === '\u2800')
  expect([5, 15, 25, 35, 45, 55].map(empty)).toEqual([false, false, true, true, false, false])
})

test('where nothing was counted it is said what Prometheus does scrape', async () => {
  const counts = () => undefined
  const recorded = () => undefined
  const said = async (jobs: string[], own?: number) => {
    const { code, out } = await session({ counts, recorded, jobs, ...(own === undefined ? {} : { own }) }).run('slo-budget')
    expect(code).toBe(5)
    return out.replaceAll(/\s+/g, ' ')
  }
  expect(await said(['kubelet', 'web'])).toContain(
    'availability, error-rate, latency, latency-tail, throughput: nothing was counted; its series are missing or hold no numbers. - Prometheus scraped kubelet, web, and nothing with {namespace="task-mcp",pod=~"task-mcp-http-.*"}',
  )
  expect(await said(['web', 'task-mcp-http'], 0)).toContain('and each scrape of it failed')
  expect(await said(['web', 'task-mcp-http'], 1)).toContain('The service itself was scraped')
  expect(await said([])).toContain('Prometheus scraped nothing at all in the hour before this time')
})

test('a store that refuses the hours still has the budgets', async () => {
  const { code, out } = await session({
    counts: even(0.0002),
    refuses: (_, kind) => (kind === 'range' ? new UnreachableError('execution: query processing would load too many samples') : undefined),
  }).run('slo-budget', '--slo', 'error-rate')
  expect(code).toBe(0)
  const plain = out.replaceAll(/\s+/g, ' ')
  expect(plain).toContain('NORMAL 80% of the error-rate budget')
  expect(plain).toContain('Ahead does not run out within one window if the last hour goes on')
  expect(plain).toContain('its hours, so neither what it cost when nor what leaves the window: execution: query processing')
})

test('a query that is refused is named with its SLO', async () => {
  const { code, err } = await session({
    ids: ['error-rate'],
    counts: even(0.0002),
    recorded: () => undefined,
    refuses: (expression) => (expression.includes('checkout_failures_total') ? new UsageError('bad_data: parse error') : undefined),
  }).run('slo-budget', '--slos', 'mine.yaml')
  expect(code).toBe(2)
  expect(err).toContain('the bad query of SLO "error-rate" is refused: bad_data: parse error')
})

test('a fast burn names the alert that fires and the hours that are left', async () => {
  const { out } = await session({
    counts: (slo, seconds, end) => (seconds <= 3600 && end === at ? even(0.02)(slo, seconds, end) : even(0.0001)(slo, seconds, end)),
  }).run('slo-budget', '--slo', 'error-rate')
  expect(out).toContain('TaskMCPHighErrorRateFastBurn: burning at more than 14.4 times')
  expect(out).toMatch(/Ahead {3}runs out in 32 h/)
})

test.each([
  [0.0002, 'normal', 0],
  [0.0007, 'careful', 0],
  [0.0009, 'only-fixes', 3],
  [0.0011, 'freeze', 3],
])('check: %d bad is %s, exit code %i', async (bad, policy, code) => {
  const answer = await session({ counts: even(bad) }).run('slo-budget', 'check', '--slo', 'error-rate')
  expect(answer.out).toMatch(
    new RegExp(`^${policy}: (\\d+% of )?the error-rate budget of task-mcp-http is (left|overspent by 10%); ship .+\\n$`),
  )
  expect(answer.code).toBe(code)
})

test('check asks no more than its one line needs', async () => {
  const { run, source } = session({ counts: even(0.0002) })
  await run('slo-budget', 'check')
  expect(source.requests).toHaveLength(1)
})

test('check: a fix may go where nothing else may, and nobody in a freeze', async () => {
  expect((await session({ counts: even(0.0009) }).run('slo-budget', 'check', '--allow', 'only-fixes')).code).toBe(0)
  expect((await session({ counts: even(0.0011) }).run('slo-budget', 'check', '--allow', 'only-fixes')).code).toBe(3)
})

test('no traffic is no verdict', async () => {
  const { code, out } = await session({ counts: () => ({ bad: 0, total: 0 }) }).run('slo-budget', 'check', '--slo', 'error-rate')
  expect(out).toBe('unknown: nothing could be counted for task-mcp-http\n')
  expect(code).toBe(5)
})

test('missing series, NaN and too few minutes are said, not guessed', async () => {
  const { out, code } = await session({
    counts: (slo, seconds) =>
      slo === 'latency'
        ? undefined
        : slo === 'throughput'
          ? { bad: Number.NaN, total: 5 }
          : { bad: 0, total: slo === 'availability' ? seconds / 60 : 12 },
    recorded: () => 21 * 1440,
    warnings: ['a warning of Prometheus'],
  }).run('slo-budget', '-v')
  expect(code).toBe(0)
  expect(out.replaceAll(/\s+/g, ' ')).toContain('availability, error-rate, latency-tail: 21 of 30 days were counted')
  expect(out).toMatch(/latency, throughput: nothing was counted/)
  expect(out).toContain('a warning of Prometheus')
  expect(out).toContain('Insufficient traffic')
  expect(out).not.toMatch(/NaN|undefined|Infinity/)
})

test('without recording rules the service itself is counted, and the answer says so', async () => {
  const { run, source } = session({ counts: even(0.0002), recorded: () => undefined })
  const report: BudgetReport = JSON.parse((await run('slo-budget', '--json')).out)
  expect(report.source.counts).toBe('raw')
  expect(report.warnings[0]).toContain('Load deploy/prometheus/rules.yaml')
  expect(source.requests.some((names) => names.includes('seen'))).toBe(true)
})

test('more bad events than events is a mistake, and is called one', async () => {
  const { out } = await session({ counts: () => ({ bad: 12, total: 10 }) }).run('slo-budget', '--slo', 'throughput')
  expect(out.replaceAll(/\s+/g, ' ')).toContain('throughput: more bad requests than requests: the definition or the metric is wrong.')
})

test('what a calendar month may still lose depends on how many events it is given', async () => {
  const month = 22 * 86_400 + 3 * 3600 + 12 * 60
  const fraction = async (...more: string[]) => {
    const { out } = await session({ counts: even(0.0005) }, month).run(
      'slo-budget',
      '--json',
      '--window',
      'month',
      '--slo',
      'error-rate',
      ...more,
    )
    return (JSON.parse(out) as BudgetReport).objectives[0]!
  }
  expect((await fraction()).remaining.fraction).toBeCloseTo(0.5, 6)
  const forecast = await fraction('--base', 'forecast')
  expect(forecast.remaining.fraction).toBeCloseTo(1 - (0.5 * month) / (30 * 86_400), 3)
  expect(forecast.forecast.rollOff).toEqual({ exhausted: null, recovered: null })
})

test('what a bad release would cost', async () => {
  const { out, code } = await session({ counts: even(0.0002) }).run('slo-budget', 'whatif', '--release-error-rate', '2%', '--minutes', '10')
  expect(out).toBe(
    'error-rate: 2% failing for 10 min at 600 requests a minute is 120 bad requests, 0.5% of the budget.\n  80% is left now, 80% would be left: normal, ship as usual.\n  All of it would be gone after 28 h 48 min.\n',
  )
  expect(code).toBe(0)
})

test('SLOs of your own are read from a file', async () => {
  const { out } = await session({ counts: even(0.001) }).run('slo-budget', '--slos', 'mine.yaml', '-v')
  expect(out).toContain('Checkout (error-rate)')
  expect(out).toContain('of the 129,600 checkouts that may go wrong')
})

test('the window of an OpenSLO document is kept, unless another is asked for', async () => {
  const { run } = session({ counts: even(0.001) })
  const seconds = async (...more: string[]) =>
    (JSON.parse((await run('slo-budget', '--json', '--slos', 'weeks.yaml', ...more)).out) as BudgetReport).window.seconds
  expect(await seconds()).toBe(28 * 86_400)
  expect(await seconds('--window', '7d')).toBe(7 * 86_400)
  const { code, err } = await run('slo-budget', '--slos', 'both.yaml')
  expect([code, err]).toEqual([2, expect.stringContaining('the SLOs are kept over different windows: 28d, 7d')])
})

test('the JSON is what the schema says', async () => {
  const schema = JSON.parse(readFileSync('schemas/slo-budget.schema.json', 'utf8'))
  const validate = new Ajv2020({ strict: true, allErrors: true, allowUnionTypes: true }).compile(schema)
  const worlds = [
    session({ counts: even(0.0002) }),
    session({ counts: () => undefined }),
    session({
      counts: incident(30_000),
      versions: [
        { version: 'a', at: at - 40 * 86_400 },
        { version: 'b', at: at - 86_400 },
      ],
    }),
  ]
  for (const { run } of worlds) {
    const { out } = await run('slo-budget', '--json', '--incident', '2026-11-20T00:00:00Z/2026-11-20T01:00:00Z')
    expect(validate(JSON.parse(out)), JSON.stringify(validate.errors, null, 2)).toBe(true)
    expect(out).not.toMatch(/NaN|Infinity/)
  }
})

test('the page holds everything in itself', async () => {
  const { run, world } = session({ counts: incident(30_000) })
  expect((await run('slo-budget', '--html', 'budget.html')).err).toBe('wrote budget.html\n')
  const page = world.disk.get('/project/budget.html')!
  expect(page).toContain('<h2 id="error-rate">')
  expect(page).not.toMatch(/https?:\/\/(?!prometheus\.example)|<script|NaN|undefined/)
})

test.each([
  [['--slo', 'eror-rate'], 'no SLO is called "eror-rate"\n  did you mean error-rate?'],
  [['--at', 'yesterday'], '--at takes a time, not "yesterday"'],
  [['--window', '5m'], 'a window of 5m cannot be used'],
  [['--window', 'month', '--time-zone', 'Mars'], 'no time zone is called "Mars"'],
  [['--base', 'forecast'], '--base is about calendar windows'],
  [['--incident', '2026-11-23T03:00:00Z'], '--incident takes two times'],
  [['--incident', '2026-11-23T03:00:00Z/2026-11-23T02:00:00Z'], 'ends before it begins'],
  [['--deploy', '2026-12-01T00:00:00Z'], 'is not before the time looked at'],
  [['--slos', 'none.yaml'], 'none.yaml cannot be read'],
])('%j is refused: %s', async (argv, message) => {
  const { code, err, out } = await session({ counts: even(0) }).run('slo-budget', ...argv)
  expect(err).toContain(message)
  expect([code, out]).toEqual([2, ''])
})
