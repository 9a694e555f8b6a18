/** An incident from the first look to the report, as somebody types it. */
import { describe, expect, test } from 'vitest'
import { UnreachableError } from '../../src/errors.ts'
import type { MetricsSource } from '../../src/targets/ports.ts'
import { aShop, type Shop } from '../actions/shop.ts'
import { cli } from '../support/world.ts'

const canary = 'hunter2-canary'

/** What differs from run to run: the letters of an incident's name, and changes. */
const steady = (text: string) =>
  text
    .replace(/(inc-\d{8}-\d{4})-[a-z]{3}/g, '$1-xyz')
    .replace(/\b[0-9a-f]{8}\b(?!-)/g, 'c0ffee00')
    .replace(/checkout-[a-z0-9]+-\d+/g, 'checkout-pod')

const golden = (name: string, text: string) =>
  expect(steady(text)).toMatchFileSnapshot(new URL(`../golden/incident/${name}`, import.meta.url).pathname)

/** Somebody scales the shop to nothing; kim tries a restart, then fix. */
async function anIncident(): Promise<{ shop: Shop; type: ReturnType<typeof cli> }> {
  const shop = aShop()
  const type = cli(shop.world)
  const later = (minutes: number) => shop.world.clock.sleep(minutes * 60_000, shop.world.signal)
  await later(10)
  shop.release((deployment) => {
    deployment.spec.replicas = 0
  })
  await later(4)
  expect((await type('diagnose')).code).toBe(3)
  expect((await type('incident', 'start', '--from-diagnosis')).code).toBe(0)
  await later(1)
  await type('incident', 'assign', 'kim')
  await later(0.5)
  await type('incident', 'note', `no error in the log; the token is token=${canary}`)
  await later(1)
  await type('restart', '--yes', '--wait', '20s', '--why', `password: ${canary}`)
  await later(1)
  await type('diagnose')
  await type('incident', 'note', 'restarted the load balancer', '--mark', 'did-not-help')
  await later(2)
  expect((await type('fix', '--yes')).code).toBe(0)
  await later(1)
  expect((await type('diagnose')).code).toBe(0)
  await type('incident', 'resolve', 'scaled up again')
  return { shop, type }
}

describe('the story', async () => {
  const { shop, type } = await anIncident()

  test('as text', async () => golden('report.txt', (await type('incident', 'report')).out))
  test('as Markdown', async () => golden('report.md', (await type('incident', 'report', '--markdown')).out))
  test('as a time line', async () => golden('timeline.txt', (await type('incident', 'timeline')).out))

  test('for programs: times, causes with proof, what helped and what did not', async () => {
    const story = JSON.parse((await type('incident', 'report', '--json')).out)
    expect(story).toMatchObject({
      status: 'resolved',
      causes: [
        {
          code: 'scaled_to_zero',
          leading: expect.any(Number),
          evidence: expect.arrayContaining([expect.objectContaining({ source: 'kubernetes' })]),
        },
      ],
      triedInVain: [{ text: 'restarted the load balancer' }],
      moments: { recovered: { how: 'the first healthy diagnosis' }, detected: { how: 'a diagnosis' } },
      impact: { requests: null, notSeen: [expect.stringContaining('no prometheus Service')] },
    })
    expect(story.actions.at(-1)).toMatchObject({ help: 'helped', change: { verified: true } })
    expect(story.damage).toBe(0)
  })

  test.each(['report', 'timeline', 'status', 'show', 'list'])('%s fits 60 columns, and a terminal that sets none', async (word) => {
    const narrow = cli({ ...shop.world, terminal: { ...shop.world.terminal, columns: 60 } })
    const id = /inc-[\w-]+/.exec((await type('incident', 'list')).out)![0]
    const { out } = await narrow('incident', word, ...(word === 'list' ? [] : [id]))
    expect(out.split('\n').filter((line) => line.length > 60)).toEqual([])
  })

  test('as a page: one file, no script, no request to anywhere, every text escaped', async () => {
    await type('incident', 'report', '--html', 'report.html')
    const page = shop.world.disk.get('/project/report.html')!
    expect(page).toMatch(/^<!doctype html>/)
    expect(page).toContain("default-src 'none'")
    expect(page).not.toMatch(/<script|<link|<img|https?:\/\/(?!lab\.example)/)
    expect(page).toContain('scaled_to_zero')
  })

  test('holds no credential that anybody typed or that a pod holds, nor do the files it is made from', async () => {
    const outputs = await Promise.all(
      [['report'], ['report', '--markdown'], ['report', '--json'], ['timeline'], ['show', '--json'], ['status'], ['list', '--json']].map(
        (words) => type('incident', ...words),
      ),
    )
    for (const { out, err } of outputs) for (const secret of [canary, 'CANARY-9f8e7d6c5b4a']) expect(out + err).not.toContain(secret)
    for (const [file, content] of shop.world.disk)
      if (file.includes('/incidents/') || file.endsWith('last-verdict.json') || file.endsWith('report.html'))
        for (const secret of [canary, 'CANARY-9f8e7d6c5b4a']) expect(content).not.toContain(secret)
  })
})

describe('clocks', () => {
  test('a laptop that slept through it: times are those of the wall, and a command that was asleep ends when it ended', async () => {
    const { world } = aShop()
    const type = cli(world)
    await type('incident', 'start', 'slow', '--onset', '5m')
    await world.clock.sleep(3 * 3600_000, world.signal)
    await type('config', 'service.workload')
    const { incident, clock } = JSON.parse((await type('incident', 'status', '--json')).out)
    expect(Date.parse(incident.openedAt) - Date.parse(incident.onset)).toBe(300_000)
    expect(clock.elapsedSeconds).toBe(3 * 3600 + 300)
    expect(clock.due.find((due: { level: number }) => due.level === 3)).toMatchObject({ state: 'now', overdueSeconds: expect.any(Number) })
  })

  test('the hour that comes twice in autumn keeps its order, and each time its offset', async () => {
    const shop = aShop()
    shop.cluster.now = Date.parse('2026-10-25T00:30:00Z')
    const type = cli(shop.world)
    await type('incident', 'start', 'slow')
    for (const text of ['half an hour later', 'an hour later']) {
      await shop.world.clock.sleep(1_800_000, shop.world.signal)
      await type('incident', 'note', text)
    }
    const { out } = await type('incident', 'timeline', '--time-zone', 'Europe/Vienna')
    const times = [...out.matchAll(/\d\d:\d\d:\d\d GMT\+\d/g)].map(([time]) => time)
    expect(times).toEqual(['02:30:00 GMT+2', '02:30:00 GMT+2', '02:00:00 GMT+1', '02:30:00 GMT+1'])
    const { timeline } = JSON.parse((await type('incident', 'timeline', '--json')).out)
    expect(timeline.map(({ at }: { at: string }) => at)).toEqual([
      '2026-10-25T00:30:00.000Z',
      '2026-10-25T00:30:00.000Z',
      '2026-10-25T01:00:00.000Z',
      '2026-10-25T01:30:00.000Z',
    ])
  })

  test('times without a zone are refused, so that no zone can shift them', async () => {
    const type = cli(aShop().world)
    expect(await type('incident', 'start', 'x', '--onset', '2026-10-25T02:30:00')).toMatchObject({
      code: 2,
      err: expect.stringContaining('2026-11-23T04:12:00+01:00'),
    })
  })
})

describe('measured', () => {
  /** A Prometheus that has seen a quarter of the requests fail for ten minutes. */
  const metrics = (budgets: boolean): MetricsSource => {
    const one = (value: number, labels: Record<string, string> = {}) => ({
      series: [{ labels, points: [[0, value] as [number, number]] }],
      warnings: [],
    })
    const slos = (value: number) => ({
      series: ['availability', 'error-rate', 'latency', 'latency-tail', 'throughput'].map((slo) => ({
        labels: { slo },
        points: [[0, value] as [number, number]],
      })),
      warnings: [],
    })
    return {
      where: 'prometheus.example',
      instant: async (expressions) =>
        Object.fromEntries(
          Object.keys(expressions).map((name) => {
            if (name === 'requests')
              return [
                name,
                { series: [...one(3000, { status_code: '200' }).series, ...one(1000, { status_code: '503' }).series], warnings: [] },
              ]
            if (name === 'sessions') return [name, one(41)]
            if (!budgets) throw new UnreachableError('no counts')
            return [name, slos(/^bad/.test(name) ? (/during/.test(name) ? 1000 : 1200) : 2_000_000)]
          }),
        ),
      range: async (expression, { start, end, step }) => {
        const times = Array.from({ length: Math.floor((end - start) / step) + 1 }, (_, index) => start + index * step)
        const during = (at: number) => at >= start + 600 && at <= end - 300
        const series = (labels: Record<string, string>, value: (at: number) => number) => ({
          labels,
          points: times.map((at): [number, number] => [at, value(at)]),
        })
        if (/histogram_quantile/.test(expression)) return { series: [series({}, (at) => (during(at) ? 1.2 : 0.08))], warnings: [] }
        if (/rate\(/.test(expression) && !/slo/.test(expression))
          return {
            series: [
              series({ status_code: '200' }, (at) => (during(at) ? 6 : 8)),
              series({ status_code: '503' }, (at) => (during(at) ? 2 : 0)),
            ],
            warnings: [],
          }
        return { series: [], warnings: [] }
      },
      targets: async () => [],
    }
  }
  const withMetrics = (source: MetricsSource) => {
    const shop = aShop()
    const plain = shop.world.targets
    const type = cli({
      ...shop.world,
      env: { USER: 'jo', TASK_MCP_PROMETHEUS_URL: 'http://prometheus.example' },
      targets: (settings) => ({ ...plain(settings), metrics: async () => source }),
    })
    return { shop, type }
  }
  const short = async (source: MetricsSource) => {
    const { shop, type } = withMetrics(source)
    await type('incident', 'start', 'checkout answers 503', '--onset', '10m')
    await shop.world.clock.sleep(300_000, shop.world.signal)
    await type('incident', 'resolve')
    await shop.world.clock.sleep(600_000, shop.world.signal)
    return { shop, type }
  }

  test('requests, sessions, budgets and curves of its time are in the report, and on the page as charts', async () => {
    const { shop, type } = await short(metrics(true))
    const { impact } = JSON.parse((await type('incident', 'report', '--json')).out)
    expect(impact).toMatchObject({
      requests: { total: 4000, failed: 1000 },
      sessions: 41,
      notSeen: [],
      source: 'prometheus.example',
      charts: [{ title: 'Requests that fail' }, { title: 'Latency, 95th percentile' }, { title: 'Requests', unit: 'rate' }],
    })
    expect(impact.budgets.find(({ slo }: { slo: string }) => slo === 'error-rate')).toMatchObject({ bad: 1000, share: 0.5 })
    const { out } = await type('incident', 'report', '--html', 'report.html')
    expect(out).toContain('1,000 of 4,000 requests failed (25%).')
    expect(out.replace(/\s+/g, ' ')).toContain('Error rate: 1,000 bad requests, 50% of the error budget of 30 days')
    const page = shop.world.disk.get('/project/report.html')!
    expect(page.match(/<svg /g)).toHaveLength(3)
    expect(page).toContain('class="onset"')
    expect(page).toContain('class="end"')
    if (process.env.KEEP_REPORT) (await import('node:fs')).writeFileSync(process.env.KEEP_REPORT, page)
  })

  test('what cannot be counted is said, and the rest is told all the same', async () => {
    const { type } = await short(metrics(false))
    const { impact } = JSON.parse((await type('incident', 'report', '--json')).out)
    expect(impact).toMatchObject({
      requests: { failed: 1000 },
      budgets: [],
      notSeen: [expect.stringContaining('error budgets: no counts')],
    })
  })
})
