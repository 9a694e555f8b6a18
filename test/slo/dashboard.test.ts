/** Sessions with `task-mcp dashboard`: the page that a browser is given, and who is given nothing. */
import { readFileSync } from 'node:fs'
import { request } from 'node:http'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { expect, test } from 'vitest'
import type { Targets } from '../../src/context.ts'
import { UnreachableError } from '../../src/errors.ts'
import type { MetricsSource } from '../../src/targets/ports.ts'
import { aWorld, cli } from '../support/world.ts'

const now = Date.parse('2026-11-23T03:12:00Z')

/** A Prometheus with one line for every question, a gap in its middle, and no answer to questions with `refused`. */
function source(refused?: RegExp): MetricsSource & { asked: string[] } {
  const asked: string[] = []
  return {
    where: 'http://prometheus.example',
    asked,
    targets: async () => [],
    instant: async () => ({}),
    async range(expression, { start, end, step }) {
      asked.push(expression)
      if (refused?.test(expression)) throw new UnreachableError('it is overloaded <b>')
      const times = Array.from({ length: Math.floor((end - start) / step) + 1 }, (_, index) => start + index * step)
      const points = times.flatMap((at, index) => (index > 80 && index < 160 ? [] : [[at, index % 7] as [number, number]]))
      return {
        series: [{ labels: { slo: 'error-rate', status_code: '<500>', version: '1.0', alertname: 'TaskMCPX' }, points }],
        warnings: [],
      }
    },
  }
}

function session(metrics: MetricsSource, signal?: AbortSignal) {
  const targets = { metrics: async () => metrics } as unknown as Targets
  const world = aWorld({ now, targets: () => targets, ...(signal ? { signal } : {}) })
  return { world, say: (...argv: string[]) => cli(world)('dashboard', '--prometheus', 'http://prometheus.example', ...argv) }
}

test('the file holds all five dashboards, asks nobody for anything and shows a gap as a gap', async () => {
  const { say, world } = session(source())
  expect(await say('--html', 'page.html')).toMatchObject({ code: 0, out: '', err: 'wrote page.html\n' })
  const page = world.disk.get('/project/page.html')!
  for (const name of ['overview', 'api', 'infrastructure', 'streaming', 'security']) expect(page).toContain(`<section id="${name}">`)
  expect(page).toContain("default-src 'none'; style-src 'unsafe-inline'")
  expect(page).not.toMatch(/<script|<500>|NaN|undefined|src=/)
  expect(page).toContain('&lt;500&gt;')
  const line = /<path class="line c0" d="([^"]+)"/.exec(page)![1]!
  expect(line.match(/M/g)).toHaveLength(2)
})

test('a version that runs where another did is a deploy; one that is seen again after a restart is none', async () => {
  const metrics = source()
  const seenIn = (from: number, to: number, at: number[]) => at.filter((_, index) => index >= from && index < to).map((time) => [time, 1])
  const marks = async (...runs: [version: string, from: number, to: number][]) => {
    const range: MetricsSource['range'] = async (expression, { start, end, step }) => {
      const times = Array.from({ length: Math.floor((end - start) / step) + 1 }, (_, index) => start + index * step)
      if (!expression.includes('build_info')) return { series: [], warnings: [] }
      const versions = Map.groupBy(runs, ([version]) => version)
      const series = [...versions].map(([version, some]) => ({
        labels: { version },
        points: some.flatMap(([, from, to]) => seenIn(from, to, times) as [number, number][]),
      }))
      return { series, warnings: [] }
    }
    const { out } = await session({ ...metrics, range }).say('--json', '--html', 'page.html')
    return (JSON.parse(out).dashboards[0].marks as { what: string }[]).map(({ what }) => what)
  }
  expect(await marks(['1.0', 5, 50], ['1.0', 70, 100])).toEqual([])
  expect(await marks(['1.0', 0, 50], ['1.1', 48, 100])).toEqual(['1.1'])
  expect(await marks(['1.0', 0, 50], ['1.1', 50, 80], ['1.0', 82, 120])).toEqual(['1.1', '1.0'])
})

test('questions are about the job, and rates about more than one step', async () => {
  const metrics = source()
  await session(metrics).say('--html', 'page.html', '--job', 'shop"x', '--range', '6h')
  expect(metrics.asked.filter((expression) => expression.includes('$'))).toEqual([])
  expect(metrics.asked.every((expression) => expression.includes('"shop\\"x"'))).toBe(true)
  expect(metrics.asked.some((expression) => expression.includes('[360s]'))).toBe(true)
})

test('a panel that cannot be asked says why, and only it', async () => {
  const { say, world } = session(source(/db_query/))
  expect((await say('--html', 'page.html')).code).toBe(0)
  expect(world.disk.get('/project/page.html')!.match(/Could not be asked: it is overloaded &lt;b&gt;/g)).toHaveLength(1)
  expect((await session(source(/./)).say('--json')).code).toBe(5)
})

test('the JSON is what the schema says', async () => {
  const schema = JSON.parse(readFileSync('schemas/dashboard.schema.json', 'utf8'))
  const validate = new Ajv2020({ strict: true, allErrors: true, allowUnionTypes: true }).compile(schema)
  for (const refused of [undefined, /db_query/]) {
    const { out } = await session(source(refused)).say('--json')
    expect(validate(JSON.parse(out)), JSON.stringify(validate.errors)).toBe(true)
  }
})

test.each([
  [['--range', '10s'], 'a minute at least'],
  [['--range', '60d'], '31 days at most'],
  [['--refresh', '100ms'], '--refresh is a second at least'],
])('%j is refused: %s', async (argv, message) => {
  const { code, err } = await session(source()).say(...argv)
  expect([code, err.includes(message)]).toEqual([2, true])
})

test('a browser with the address sees fresh panels until Ctrl-C; anybody else sees nothing', async () => {
  const stop = new AbortController()
  const metrics = source()
  const { say, world } = session(metrics, stop.signal)
  const ended = say()
  await expect.poll(() => world.stdout()).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/[\w-]{32}\/\n$/)
  const url = new URL(world.stdout().trim())
  const page = await fetch(url)
  expect(page.status).toBe(200)
  const html = await page.text()
  const nonce = /script-src 'nonce-([^']+)'/.exec(html)![1]!
  expect(html).toContain(`<script nonce="${nonce}">`)
  expect(html).toContain('aria-current="page">Overview<')
  const panels = await (await fetch(new URL('security?panels', url))).text()
  expect(panels).toContain('Refused credentials')
  expect(panels).not.toContain('<html')

  const before = metrics.asked.length
  const answers = await Promise.all([
    get(url, { path: '/' }),
    get(url, { path: `/${'x'.repeat(32)}/` }),
    get(url, { path: url.pathname, host: 'evil.example' }),
    get(url, { path: `${url.pathname}nosuch` }),
    get(url, { path: url.pathname, method: 'POST' }),
  ])
  expect(answers).toEqual([404, 404, 404, 404, 405])
  expect(metrics.asked.length).toBe(before)

  stop.abort()
  expect((await ended).code).toBe(0)
  await expect(fetch(url)).rejects.toThrow()
})

function get(url: URL, { path, host = url.host, method = 'GET' }: { path: string; host?: string; method?: string }): Promise<number> {
  return new Promise((resolve, reject) => {
    request({ hostname: '127.0.0.1', port: url.port, path, method, headers: { host } }, (response) => {
      response.resume()
      resolve(response.statusCode ?? 0)
    })
      .on('error', reject)
      .end()
  })
}
