import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { AbsentError, DeniedError, InterruptedError, UnreachableError, UsageError } from '../../src/errors.ts'
import type { SourceSettings } from '../../src/settings.ts'
import { openAlertmanager } from '../../src/targets/alertmanager.ts'
import type { Cluster, ProxyRequest } from '../../src/targets/ports.ts'
import { openPrometheus } from '../../src/targets/prometheus.ts'
import { makeFetch } from '../../src/targets/service.ts'
import { sourceHttp } from '../../src/targets/source-http.ts'
import { nowhere } from '../facts/a-look.ts'
import { aFolder } from '../support/folder.ts'
import { type Answer, failure, type Heard, smallServer } from './small-server.ts'

const soon = () => AbortSignal.timeout(10_000)

async function aPrometheus(answer: (heard: Heard, count: number) => Answer, settings: Partial<SourceSettings> = {}) {
  const server = await smallServer(answer)
  const http = sourceHttp({ url: server.url, settings: { ...nowhere, ...settings } }, { fetch: makeFetch({}) })
  return { server, prometheus: openPrometheus(http), alertmanager: openAlertmanager(http) }
}

const vector = (...result: unknown[]): Answer => ({ body: { status: 'success', data: { resultType: 'vector', result } } })
const form = (heard: Heard) => new URLSearchParams(heard.body)
const secret = (content: string) => {
  const file = join(aFolder(), 'file')
  writeFileSync(file, `${content}\n`)
  return file
}

test('several expressions go in one POST at one time and come back under their names', async () => {
  const { server, prometheus } = await aPrometheus(() =>
    vector(
      { metric: { task_mcp_query: 'rate', pod: 'a' }, value: [1700000000.5, '0.25'] },
      { metric: { task_mcp_query: 'up', __name__: 'up', pod: 'a' }, value: [1700000000.5, '1'] },
      { metric: { task_mcp_query: 'up', __name__: 'up', pod: 'b' }, value: [1700000000.5, '0'] },
    ),
  )
  const answers = await prometheus.instant({ rate: 'sum(rate(x[5m]))', up: 'up', silence: 'absent_metric' }, 1700000000.5, soon())
  expect(answers).toEqual({
    rate: { series: [{ labels: { pod: 'a' }, points: [[1700000000.5, 0.25]] }], warnings: [] },
    up: {
      series: [
        { labels: { __name__: 'up', pod: 'a' }, points: [[1700000000.5, 1]] },
        { labels: { __name__: 'up', pod: 'b' }, points: [[1700000000.5, 0]] },
      ],
      warnings: [],
    },
    silence: { series: [], warnings: [] },
  })
  expect(server.heard).toHaveLength(1)
  expect(server.heard[0]).toMatchObject({ method: 'POST', path: '/api/v1/query' })
  expect(form(server.heard[0]!).get('query')).toBe(
    'label_replace(sum(rate(x[5m])), "task_mcp_query", "rate", "", "") or label_replace(up, "task_mcp_query", "up", "", "") or label_replace(absent_metric, "task_mcp_query", "silence", "", "")',
  )
  expect(Number(form(server.heard[0]!).get('time'))).toBe(1700000000.5)
})

test('NaN and both infinities stay what they are', async () => {
  const { prometheus } = await aPrometheus(() =>
    vector(
      { metric: { q: '1' }, value: [1, 'NaN'] },
      { metric: { q: '2' }, value: [1, '+Inf'] },
      { metric: { q: '3' }, value: [1, '-Inf'] },
    ),
  )
  const { x } = await prometheus.instant({ x: 'y' }, 1, soon())
  expect(x!.series.map((series) => series.points[0]![1])).toEqual([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])
})

test('warnings are handed on, and native histograms are left out aloud', async () => {
  const { prometheus } = await aPrometheus(() => ({
    body: {
      status: 'success',
      warnings: ['a store is away'],
      data: {
        resultType: 'vector',
        result: [
          { metric: {}, value: [1, '2'] },
          { metric: {}, histogram: [1, { count: '3' }] },
        ],
      },
    },
  }))
  const { x } = await prometheus.instant({ x: 'y' }, 1, soon())
  expect(x).toEqual({
    series: [{ labels: {}, points: [[1, 2]] }],
    warnings: ['a store is away', '1 native histogram series were left out'],
  })
})

test('time 0 is time 0, and a scalar is one series without labels', async () => {
  const { server, prometheus } = await aPrometheus(() => ({
    body: { status: 'success', data: { resultType: 'scalar', result: [0, '+Inf'] } },
  }))
  expect(await prometheus.instant({ x: 'scalar(y)' }, 0, soon())).toEqual({
    x: { series: [{ labels: {}, points: [[0, Number.POSITIVE_INFINITY]] }], warnings: [] },
  })
  expect(form(server.heard[0]!).get('time')).toBe('0')
})

test('a range of more than 11,000 points is asked in pieces and comes back whole', async () => {
  const { server, prometheus } = await aPrometheus((heard) => {
    const [start, end, step] = ['start', 'end', 'step'].map((name) => Number(form(heard).get(name))) as [number, number, number]
    const values = Array.from({ length: Math.floor((end - start) / step) + 1 }, (_, i) => [start + i * step, '1'])
    expect(values.length).toBeLessThanOrEqual(11_000)
    return { body: { status: 'success', data: { resultType: 'matrix', result: [{ metric: { pod: 'a' }, values }] } } }
  })
  const answer = await prometheus.range('up', { start: 1000, end: 1000 + 24_999 * 15, step: 15 }, soon())
  expect(server.heard).toHaveLength(3)
  expect(answer.series).toHaveLength(1)
  const times = answer.series[0]!.points.map(([time]) => time)
  expect(times).toEqual(Array.from({ length: 25_000 }, (_, i) => 1000 + i * 15))
})

test('a refused expression is quoted as Prometheus quotes it', async () => {
  const { prometheus } = await aPrometheus(() => ({
    status: 400,
    body: { status: 'error', errorType: 'bad_data', error: '1:4: parse error: unclosed brace' },
  }))
  const error = await failure(prometheus.instant({ a: 'up{' }, 1, soon()))
  expect(error).toBeInstanceOf(UsageError)
  expect(error.message).toContain('bad_data: 1:4: parse error: unclosed brace')
})

test('one scalar among vectors does not spoil the batch', async () => {
  const { prometheus } = await aPrometheus((heard) => {
    const query = form(heard).get('query') ?? ''
    if (query.includes(' or '))
      return { status: 400, body: { status: 'error', errorType: 'bad_data', error: 'expected type instant vector' } }
    return query === 'time()'
      ? { body: { status: 'success', data: { resultType: 'scalar', result: [1, '1'] } } }
      : vector({ metric: {}, value: [1, '2'] })
  })
  const answers = await prometheus.instant({ now: 'time()', up: 'up' }, 1, soon())
  expect(answers.now!.series[0]!.points).toEqual([[1, 1]])
  expect(answers.up!.series[0]!.points).toEqual([[1, 2]])
})

test('bad gateways are tried twice; then it is unreachable, with its status', async () => {
  const once = await aPrometheus((_, count) => (count === 1 ? { status: 502, type: 'text/html', body: '<html>' } : vector()))
  expect(await once.prometheus.instant({ x: 'y' }, 1, soon())).toEqual({ x: { series: [], warnings: [] } })
  const cut = await aPrometheus((_, count) => (count === 1 ? 'cut' : vector()))
  expect(await cut.prometheus.instant({ x: 'y' }, 1, soon())).toEqual({ x: { series: [], warnings: [] } })
  const always = await aPrometheus(() => ({ status: 502, type: 'text/html', body: '<html>' }))
  const error = await failure(always.prometheus.instant({ x: 'y' }, 1, soon()))
  expect(error).toBeInstanceOf(UnreachableError)
  expect(error.message).toContain('HTTP 502')
  expect(always.server.heard).toHaveLength(2)
})

test('HTML, half an answer, other JSON and a wrong path are told apart', async () => {
  const html = await aPrometheus(() => ({ type: 'text/html', body: '<html>Log in</html>' }))
  expect((await failure(html.prometheus.instant({ x: 'y' }, 1, soon()))).message).toContain('text/html instead of JSON')
  expect((await failure(html.prometheus.targets(soon()))).message).toContain('text/html instead of JSON')
  const half = await aPrometheus(() => 'half')
  expect(await failure(half.prometheus.instant({ x: 'y' }, 1, soon()))).toBeInstanceOf(UnreachableError)
  const other = await aPrometheus(() => ({ body: { hello: 'there' } }))
  expect((await failure(other.prometheus.instant({ x: 'y' }, 1, soon()))).message).toContain('not as a Prometheus does')
  expect((await failure(other.prometheus.targets(soon()))).message).toContain('not as a Prometheus does')
  const path = await aPrometheus(() => ({ status: 404, type: 'text/plain', body: '404 page not found' }))
  expect(await failure(path.prometheus.instant({ x: 'y' }, 1, soon()))).toBeInstanceOf(AbsentError)
})

test('wanted credentials are said, given ones are sent, and neither is ever shown', async () => {
  const closed = await aPrometheus(() => ({ status: 401, body: 'Unauthorized' }))
  const error = await failure(closed.prometheus.instant({ x: 'y' }, 1, soon()))
  expect(error).toBeInstanceOf(DeniedError)
  expect(error.next).toContain('bearerTokenFile')

  const bearer = await aPrometheus(() => vector(), { bearerTokenFile: secret('CANARY'), headers: { 'x-scope-orgid': 'team-a' } })
  await bearer.prometheus.instant({ x: 'y' }, 1, soon())
  expect(bearer.server.heard[0]!.headers).toMatchObject({ authorization: 'Bearer CANARY', 'x-scope-orgid': 'team-a' })

  const basic = await aPrometheus(() => 'cut', { username: 'jo', passwordFile: secret('CANARY') })
  const cut = await failure(basic.prometheus.instant({ x: 'y' }, 1, soon()))
  expect(basic.server.heard[0]!.headers.authorization).toBe(`Basic ${Buffer.from('jo:CANARY').toString('base64')}`)
  expect(`${cut.message} ${cut.next} ${cut.stack}`).not.toContain('CANARY')

  const server = await smallServer(() => vector())
  const withUser = openPrometheus(
    sourceHttp({ url: server.url.replace('://', '://jo:CANARY@'), settings: nowhere }, { fetch: makeFetch({}) }),
  )
  expect(withUser.where).toBe(server.url)
  await withUser.instant({ x: 'y' }, 1, soon())
  expect(server.heard[0]!.headers.authorization).toBe(`Basic ${Buffer.from('jo:CANARY').toString('base64')}`)

  const unreadable = await aPrometheus(() => vector(), { bearerTokenFile: '/not/there' })
  expect(await failure(unreadable.prometheus.instant({ x: 'y' }, 1, soon()))).toBeInstanceOf(UsageError)
})

test('a frozen Prometheus costs the deadline, and Ctrl-C ends the wait', async () => {
  const { prometheus } = await aPrometheus(() => 'never')
  expect(await failure(prometheus.instant({ x: 'y' }, 1, AbortSignal.timeout(50)))).toBeInstanceOf(UnreachableError)
  const stopped = new AbortController()
  const waiting = failure(prometheus.range('y', { start: 0, end: 1, step: 1 }, stopped.signal))
  stopped.abort()
  expect(await waiting).toBeInstanceOf(InterruptedError)
})

test('through the API server it is a POST to the Service, with the path prefix', async () => {
  const asked: ProxyRequest[] = []
  const cluster = {
    async proxy(request: ProxyRequest) {
      asked.push(request)
      return {
        status: 200,
        seconds: 0,
        contentType: 'application/json',
        body: '{"status":"success","data":{"resultType":"vector","result":[]}}',
      }
    },
  } as unknown as Cluster
  const prometheus = openPrometheus(
    sourceHttp({ namespace: 'watch', service: 'prom', port: 'web', prefix: '/prom/', settings: nowhere }, { cluster }),
  )
  expect(prometheus.where).toBe('watch/prom through the API server')
  await prometheus.instant({ x: 'up' }, 5, soon())
  expect(asked).toMatchObject([
    { namespace: 'watch', kind: 'services', name: 'prom', port: 'web', path: '/prom/api/v1/query', form: 'query=up&time=5' },
  ])
})

test('scrape targets are the active ones', async () => {
  const { server, prometheus } = await aPrometheus(() => ({
    body: {
      status: 'success',
      data: { activeTargets: [{ labels: { job: 'a' }, health: 'down', lastError: 'refused', lastScrape: '2026-01-01T00:00:00Z' }] },
    },
  }))
  expect(await prometheus.targets(soon())).toEqual([
    { labels: { job: 'a' }, health: 'down', lastError: 'refused', lastScrape: '2026-01-01T00:00:00Z' },
  ])
  expect(server.heard[0]!.query.get('state')).toBe('active')
})

test('alerts are read from the v2 API with their state', async () => {
  const { server, alertmanager } = await aPrometheus(() => ({
    body: [
      {
        labels: { alertname: 'Slow', pod: 'a' },
        annotations: { summary: 's' },
        startsAt: '2026-01-01T00:00:00Z',
        fingerprint: 'f',
        status: { state: 'suppressed' },
      },
    ],
  }))
  expect(await alertmanager.alerts(soon())).toEqual([
    {
      name: 'Slow',
      labels: { alertname: 'Slow', pod: 'a' },
      annotations: { summary: 's' },
      startsAt: '2026-01-01T00:00:00Z',
      state: 'suppressed',
      fingerprint: 'f',
    },
  ])
  expect(server.heard[0]!.path).toBe('/api/v2/alerts')
})

test('both forms of an Alertmanager error are quoted', async () => {
  for (const [code, body] of [
    [400, '"bad matcher format"'],
    [422, '{"code":602,"message":"bad matcher format"}'],
  ] as const) {
    const { alertmanager } = await aPrometheus(() => ({ status: code, type: 'application/json', body }))
    expect((await failure(alertmanager.alerts(soon()))).message).toContain(`HTTP ${code}: bad matcher format`)
  }
})
