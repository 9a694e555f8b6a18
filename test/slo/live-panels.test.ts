/** Every panel on a real server under load, scraped by a real Prometheus with the shipped rules: each question has an answer. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { parse } from 'yaml'
import { filledIn, type SeenDashboard, stretchOf } from '../../src/facts/dashboard.ts'
import { dashboards } from '../../src/slo/dashboards.ts'
import type { RuleGroup } from '../../src/slo/rules.ts'
import { makeTargets } from '../../src/targets/index.ts'
import { aServer, initialize, type TestServer } from '../server/a-server.ts'
import { aWorld, cli } from '../support/world.ts'
import { program } from './programs.ts'
import { startPrometheus } from './prometheus.ts'

const prometheus = program('prometheus')
const job = 'task-mcp-http'
const token = 'a-token-of-this-test-and-no-other'
const seconds = Number(process.env.LIVE_SECONDS ?? 30)

test.skipIf(!prometheus || !process.env.SLOW_TESTS)(
  'every panel shows something of a server under load',
  { timeout: 300_000 },
  async () => {
    const webhook = await aWebhook()
    const server = await aServer({
      tokens: `tester=${token}`,
      'webhook-url': webhook,
      'rate-limit': 30,
      'rate-burst': 30,
    })
    const folder = mkdtempSync(join(tmpdir(), 'panels-'))
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
    mkdirSync(join(folder, 'data'))
    // As shipped, but every second: a minute is long for a test.
    const { groups }: { groups: RuleGroup[] } = parse(readFileSync('deploy/prometheus/rules.yaml', 'utf8'))
    writeFileSync(join(folder, 'rules.json'), JSON.stringify({ groups: groups.map((group) => ({ ...group, interval: '1s' })) }))
    const running = await startPrometheus(prometheus!, folder, {
      global: { scrape_interval: '1s', evaluation_interval: '1s' },
      rule_files: [join(folder, 'rules.json')],
      scrape_configs: [{ job_name: job, static_configs: [{ targets: [new URL(server.adminUrl).host] }] }],
    })
    onTestFinished(() => running.stop())
    await load(server, Date.now() + seconds * 1000)

    const world = aWorld({ now: Date.now(), targets: (settings) => makeTargets(settings, { env: {}, home: '/nowhere' }) })
    const { code, out, err } = await cli(world)('dashboard', '--json', '--html', 'page.html', '--range', '2m', '--prometheus', running.url)
    expect([code, err]).toEqual([0, 'wrote page.html\n'])
    const seen = (JSON.parse(out) as { dashboards: SeenDashboard[] }).dashboards
    const stretch = stretchOf(120, Date.now() / 1000)
    const source = await makeTargets({} as never, { env: {}, home: '/nowhere' }).metrics({
      url: running.url,
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
  },
)

/** Calls, streams, refused credentials and a caller who is too fast, until then. */
async function load(server: TestServer, until: number): Promise<void> {
  const own = { authorization: `Bearer ${token}` }
  const opened = await server.post(initialize(), own)
  const headers = { ...own, 'mcp-session-id': opened.headers.get('mcp-session-id')! }
  const call = (id: number, name: string, args: object) =>
    server.post({ jsonrpc: '2.0', id, method: 'tools/call', params: { name, arguments: args } }, headers)
  for (let round = 0; Date.now() < until; round++) {
    const stream = new AbortController()
    const listening = await fetch(server.url, { headers: { ...headers, accept: 'text/event-stream' }, signal: stream.signal })
    const first = listening.body
      ?.getReader()
      .read()
      .catch(() => undefined)
    await Promise.all([
      call(1, 'create_task', { title: `task ${round}` }),
      call(2, 'list_tasks', {}),
      call(3, 'get_task', { id: 'none' }),
      server.post({ jsonrpc: '2.0', id: 4, method: 'ping' }, { authorization: 'Bearer wrong' }),
      ...(round % 10 === 0 ? Array.from({ length: 40 }, () => call(5, 'list_tasks', {})) : []),
    ])
    await Promise.race([first, pause(300)])
    stream.abort()
    await pause(300)
  }
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
