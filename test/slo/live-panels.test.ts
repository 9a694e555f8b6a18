/** Every panel on a real server under load, scraped by a real Prometheus with the shipped rules: each question has an answer. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { parse } from 'yaml'
import { type Case, quiet } from '../../scripts/rule-cases/case.ts'
import { alertRules, ruleTests } from '../../scripts/rule-cases/promtool.ts'
import { filledIn, type SeenDashboard, stretchOf } from '../../src/facts/dashboard.ts'
import { alertPrefix } from '../../src/slo/alert.ts'
import { dashboards } from '../../src/slo/dashboards.ts'
import type { RuleGroup } from '../../src/slo/rules.ts'
import { makeTargets } from '../../src/targets/index.ts'
import { aServer, initialize, type TestServer } from '../server/a-server.ts'
import { aWorld, cli } from '../support/world.ts'
import { anHour, namesRead, recordedFrom, sampleSeconds } from './healthy-hour.ts'
import { program, run } from './programs.ts'
import { startPrometheus } from './prometheus.ts'

const prometheus = program('prometheus')
const promtool = program('promtool')
// Half a minute each.
const patient = prometheus !== undefined && Boolean(process.env.SLOW_TESTS)
const job = 'task-mcp-http'
const token = 'a-token-of-this-test-and-no-other'
const seconds = Number(process.env.LIVE_SECONDS ?? 30)
/** What the alerts on latency allow to 95 of 100 answers. */
const ordinaryMilliseconds = 200

/** A server, and a Prometheus that scrapes it and evaluates the shipped rules. All is gone after the test. */
async function scraped(): Promise<{ server: TestServer; url: string; groups: RuleGroup[]; folder: string }> {
  const server = await aServer({
    tokens: `tester=${token}`,
    'webhook-url': await aWebhook(),
    'rate-limit': 30,
    'rate-burst': 30,
  })
  const folder = mkdtempSync(join(tmpdir(), 'panels-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  mkdirSync(join(folder, 'data'))
  const { groups }: { groups: RuleGroup[] } = parse(readFileSync('deploy/prometheus/rules.yaml', 'utf8'))
  // As shipped, but every second: a minute is long for a test.
  writeFileSync(join(folder, 'rules.json'), JSON.stringify({ groups: groups.map((group) => ({ ...group, interval: '1s' })) }))
  const running = await startPrometheus(prometheus!, folder, {
    global: { scrape_interval: '1s', evaluation_interval: '1s' },
    rule_files: [join(folder, 'rules.json')],
    scrape_configs: [{ job_name: job, static_configs: [{ targets: [new URL(server.adminUrl).host] }] }],
  })
  onTestFinished(() => running.stop())
  return { server, url: running.url, groups, folder }
}

test.skipIf(!patient)('every panel shows something of a server under load', { timeout: 300_000 }, async () => {
  const { server, url } = await scraped()
  await load(server, Date.now() + seconds * 1000, true)

  const world = aWorld({ now: Date.now(), targets: (settings) => makeTargets(settings, { env: {}, home: '/nowhere' }) })
  const { code, out, err } = await cli(world)('dashboard', '--json', '--html', 'page.html', '--range', '2m', '--prometheus', url)
  expect([code, err]).toEqual([0, 'wrote page.html\n'])
  const seen = (JSON.parse(out) as { dashboards: SeenDashboard[] }).dashboards
  const stretch = stretchOf(120, Date.now() / 1000)
  const source = await makeTargets({} as never, { env: {}, home: '/nowhere' }).metrics({
    url: url,
    settings: { headers: {} } as never,
  })
  const silent: string[] = []
  for (const { name, panels } of dashboards)
    for (const { title, queries } of panels)
      for (const [legend, expr] of queries) {
        const { series } = await source.range(filledIn(expr, job, stretch), stretch, AbortSignal.timeout(60_000))
        if (!series.some(({ points }) => points.some(([, value]) => Number.isFinite(value)))) silent.push(`${name}: ${title}, ${legend}`)
      }
  expect(silent).toEqual([])
  expect(seen.flatMap(({ panels }) => panels).filter(({ trouble }) => trouble !== undefined)).toEqual([])
  const page = world.disk.get('/project/page.html')!
  expect(page.match(/<figure class="panel">/g)).toHaveLength(dashboards.flatMap(({ panels }) => panels).length)
  expect(page).not.toMatch(/<script|https?:\/\/(?!127\.0\.0\.1)|NaN|undefined|Infinity/)
  if (process.env.KEEP_PAGE) writeFileSync(process.env.KEEP_PAGE, page)
})

test.skipIf(!patient || !promtool)(
  'an hour of ordinary work, as it was recorded, fires nothing',
  { timeout: 300_000 },
  async ({ skip }) => {
    const { server, url, groups, folder } = await scraped()
    const slowest = Math.max(...(await load(server, Date.now() + seconds * 1000, false)))
    // On a machine that is busy with other work answers are late, and the alerts that say so are right.
    skip(slowest > ordinaryMilliseconds, `an answer took ${Math.round(slowest)} ms here: no ordinary hour could be recorded`)
    const recorded = await recordedFrom(url, namesRead(groups), job, seconds - 5)
    expect(recorded.length).toBeGreaterThan(100)
    const alerts = alertRules(groups).map(({ alert }) => alert.slice(alertPrefix.length))
    const said = (series: Case['series'], some: readonly string[], minutes: readonly number[]) => {
      const checks = some.flatMap((alert) => minutes.map((at) => quiet(alert, at)))
      const { tests, ...document } = ruleTests([{ name: 'an hour', series, checks }], groups, ['rules.yaml']) as { tests: object[] }
      writeFileSync(join(folder, 'rules.yaml'), JSON.stringify({ groups }))
      writeFileSync(
        join(folder, 'test.yaml'),
        JSON.stringify({ ...document, tests: tests.map((one) => ({ ...one, interval: `${sampleSeconds}s` })) }),
      )
      return run(promtool!, ['test', 'rules', 'test.yaml'], folder)
    }
    expect(said(anHour(recorded), alerts, [10, 30, 59])).toMatchObject({ code: 0 })
    // The same, had all that was well been failures.
    const failing = anHour(recorded).map(({ series, values }) => ({
      series: series.replace('status_code="200"', 'status_code="599"'),
      values,
    }))
    expect(said(failing, ['HighErrorRateFastBurn'], [10]).said).toContain('TaskMCPHighErrorRateFastBurn')
  },
)

/** Calls and streams until then, and how many milliseconds each round of calls took; with `trouble` also refused credentials, a task that is not there and a caller who is too fast. */
async function load(server: TestServer, until: number, trouble: boolean): Promise<number[]> {
  const own = { authorization: `Bearer ${token}` }
  const opened = await server.post(initialize(), own)
  const headers = { ...own, 'mcp-session-id': opened.headers.get('mcp-session-id')! }
  const call = (id: number, name: string, args: object) =>
    server.post({ jsonrpc: '2.0', id, method: 'tools/call', params: { name, arguments: args } }, headers)
  const took: number[] = []
  for (let round = 0; Date.now() < until; round++) {
    const stream = new AbortController()
    const listening = await fetch(server.url, { headers: { ...headers, accept: 'text/event-stream' }, signal: stream.signal })
    const first = listening.body
      ?.getReader()
      .read()
      .catch(() => undefined)
    const began = performance.now()
    await Promise.all([
      call(1, 'create_task', { title: `task ${round}` }),
      call(2, 'list_tasks', {}),
      ...(trouble
        ? [call(3, 'get_task', { id: 'none' }), server.post({ jsonrpc: '2.0', id: 4, method: 'ping' }, { authorization: 'Bearer wrong' })]
        : []),
      ...(trouble && round % 10 === 0 ? Array.from({ length: 40 }, () => call(5, 'list_tasks', {})) : []),
    ])
    took.push(performance.now() - began)
    await Promise.race([first, pause(300)])
    stream.abort()
    await pause(300)
  }
  return took
}

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds))

async function aWebhook(): Promise<string> {
  const server: Server = createServer((request, response) => {
    request.resume()
    response.end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
  onTestFinished(() => void server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
}
