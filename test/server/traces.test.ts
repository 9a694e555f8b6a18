import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { resolveSettings, settingsFromEnv } from '../../src/server/settings.ts'
import { createOtlp, tracesUrl } from '../../src/server/telemetry/otlp.ts'
import { contextOf, createTracing, traceparentOf } from '../../src/server/telemetry/trace.ts'
import { modernRequest } from './a-modern-call.ts'
import { aServer, aSession, initialize } from './a-server.ts'

interface Shown {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly name: string
  readonly kind: number
  readonly startTimeUnixNano: string
  readonly endTimeUnixNano: string
  readonly attributes: ReadonlyArray<{ readonly key: string; readonly value: Record<string, unknown> }>
  readonly links?: ReadonlyArray<{ readonly traceId: string }>
  readonly status?: { readonly code: number; readonly message: string }
}

/** Takes OTLP as a collector does, and webhooks; answers as it is told to. */
async function aReceiver(answer: { status: number; body: object } = { status: 200, body: {} }) {
  const got: Array<{ path: string; headers: Record<string, unknown>; body: Record<string, never> }> = []
  const receiver = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      got.push({ path: request.url ?? '', headers: request.headers, body: JSON.parse(Buffer.concat(chunks).toString()) })
      response.writeHead(answer.status, { 'content-type': 'application/json' }).end(JSON.stringify(answer.body))
    })
  })
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    receiver.closeAllConnections()
    receiver.close()
  })
  return {
    url: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`,
    answer,
    got,
    spans: (): Shown[] =>
      got
        .filter(({ path }) => path === '/v1/traces')
        // biome-ignore lint/suspicious/noExplicitAny: what the protocol nests
        .flatMap(({ body }) => (body as any).resourceSpans[0].scopeSpans[0].spans as Shown[]),
  }
}

const value = (span: Shown | undefined, key: string): unknown => {
  const found = span?.attributes.find((attribute) => attribute.key === key)?.value
  return found === undefined ? undefined : Object.values(found)[0]
}

/** Nobody listens there. */
const nobody = 'http://127.0.0.1:64999'
const trace = '4bf92f3577b34da6a3ce929d0e0e4736'
const caller = '00f067aa0ba902b7'
const traceparent = `00-${trace}-${caller}-01`

test('a request of a trace is seen from the HTTP request through the tool to the store, with who sends it', async () => {
  const receiver = await aReceiver()
  const server = await aServer({
    'otlp-endpoint': receiver.url,
    'otlp-headers': 'x-key=canary%20key',
    'otlp-resource': 'k8s.pod.name=pod-1,service.name=not-this-one',
    tokens: 'ada=canary-ada-token',
  })
  const session = await aSession(server, { authorization: 'Bearer canary-ada-token' })
  await server.post(
    { jsonrpc: '2.0', id: 9, method: 'tools/call', params: { name: 'create_task', arguments: { title: 'traced' } } },
    { authorization: 'Bearer canary-ada-token', 'mcp-session-id': session.id, traceparent },
  )
  await server.close()
  const spans = receiver.spans().filter(({ traceId }) => traceId === trace)
  const [store, tool, http] = ['create sqlite', 'tools/call create_task', 'POST /mcp'].map((name) =>
    spans.find((span) => span.name === name),
  )
  expect([http?.parentSpanId, tool?.parentSpanId, store?.parentSpanId]).toEqual([caller, http?.spanId, tool?.spanId])
  expect([http?.kind, tool?.kind, store?.kind]).toEqual([2, 2, 3])
  expect([value(http, 'http.response.status_code'), value(tool, 'mcp.protocol.version'), value(store, 'db.system.name')]).toEqual([
    '200',
    '2025-11-25',
    'sqlite',
  ])
  for (const span of spans) expect(BigInt(span.endTimeUnixNano)).toBeGreaterThanOrEqual(BigInt(span.startTimeUnixNano))
  expect(Number(BigInt(http!.startTimeUnixNano) / 1_000_000n)).toBeCloseTo(Date.now(), -5)
  const [sent] = receiver.got
  expect([sent?.path, sent?.headers['x-key'], sent?.headers['content-type']]).toEqual(['/v1/traces', 'canary key', 'application/json'])
  // biome-ignore lint/suspicious/noExplicitAny: what the protocol nests
  const { attributes } = (sent!.body as any).resourceSpans[0].resource
  expect(
    Object.fromEntries(attributes.map(({ key, value }: { key: string; value: object }) => [key, Object.values(value)[0]])),
  ).toMatchObject({
    'service.name': 'task-mcp',
    'service.version': '1.2.3',
    'k8s.pod.name': 'pod-1',
  })
  expect(JSON.stringify([server.lines, receiver.got.map(({ body }) => body)])).not.toContain('canary')
  expect(server.lines.find((line) => line.mcp_method === 'tools/call')?.trace_id).toBe(trace)
})

test('without a session the trace comes with the message, and what fails is seen as failed', async () => {
  const receiver = await aReceiver()
  const server = await aServer({ 'otlp-endpoint': `${receiver.url}/v1/traces` })
  await fetch(server.url, modernRequest('tools/call', { name: 'get_task', arguments: { id: 'task_none' } }, { traceparent }))
  await fetch(server.url, modernRequest('tools/call', { name: 'get_task', arguments: {} }, { traceparent }))
  await server.close()
  const tools = receiver.spans().filter(({ name }) => name === 'tools/call get_task')
  expect(tools.map(({ traceId }) => traceId)).toEqual([trace, trace])
  expect(value(tools[0], 'error.type')).toBe('tool_error')
  expect(tools[1]?.status).toMatchObject({ code: 2, message: expect.stringContaining("must have required property 'id'") })
})

test('what there is not gives no name to a span', async () => {
  const receiver = await aReceiver()
  const server = await aServer({ 'otlp-endpoint': receiver.url })
  await fetch(server.url, modernRequest('tools/call', { name: 'canary_tool', arguments: {} }))
  await fetch(server.url, modernRequest('canary/method'))
  await server.close()
  const names = receiver.spans().map(({ name }) => name)
  expect(names).toEqual(expect.arrayContaining(['tools/call _other', '_other', 'POST /mcp']))
  expect(JSON.stringify(names)).not.toContain('canary')
})

test('a message of another trace than its HTTP request is of that trace, with a link', async () => {
  const receiver = await aReceiver()
  const server = await aServer({ 'otlp-endpoint': receiver.url })
  const request = modernRequest('tools/list', {}, { traceparent })
  const other = 'a'.repeat(32)
  await fetch(server.url, { ...request, headers: { ...request.headers, traceparent: `00-${other}-${'b'.repeat(16)}-01` } })
  await server.close()
  const find = (name: string) => receiver.spans().find((span) => span.name === name)
  expect(find('POST /mcp')?.traceId).toBe(other)
  expect(find('tools/list')).toMatchObject({ traceId: trace, parentSpanId: caller, links: [{ traceId: other }] })
})

test('a trace that its caller does not record is passed on and not sent; a refused request is a span too', async () => {
  const receiver = await aReceiver()
  const server = await aServer({ 'otlp-endpoint': receiver.url, tokens: 'ada=canary-ada-token', 'trace-percent': 0 })
  await server.post(initialize(), { authorization: 'Bearer canary-ada-token', traceparent: `00-${trace}-${caller}-00` })
  await server.post(initialize(), { authorization: 'Bearer canary-ada-token' })
  await server.post(initialize(), { traceparent })
  await server.close()
  expect(receiver.spans().map((span) => [span.name, value(span, 'http.response.status_code')])).toEqual([['POST /mcp', '401']])
})

test.each(['before', 'after'])('the webhook takes part in the trace, asked %s the change', async (mode) => {
  const receiver = await aReceiver()
  const server = await aServer({ 'otlp-endpoint': receiver.url, 'webhook-url': `${receiver.url}/hook`, 'webhook-mode': mode })
  const session = await aSession(server)
  await server.post(
    { jsonrpc: '2.0', id: 9, method: 'tools/call', params: { name: 'create_task', arguments: { title: 'told' } } },
    { 'mcp-session-id': session.id, traceparent },
  )
  await expect.poll(() => receiver.got.some(({ path }) => path === '/hook')).toBe(true)
  await server.close()
  const hook = receiver.got.find(({ path }) => path === '/hook')
  const span = receiver.spans().find(({ name }) => name === 'POST webhook')
  expect(hook?.headers.traceparent).toBe(`00-${trace}-${span?.spanId}-01`)
  expect(hook?.body).not.toHaveProperty('traceparent')
  const parent = receiver.spans().find(({ spanId }) => spanId === span?.parentSpanId)
  expect(parent?.name).toBe(mode === 'before' ? 'tools/call create_task' : 'create sqlite')
})

test('without an endpoint the webhook gets no trace, and nothing is counted', async () => {
  const receiver = await aReceiver()
  const server = await aServer({ 'webhook-url': `${receiver.url}/hook` })
  await (await aSession(server)).tool('create_task', { title: 'told' })
  await expect.poll(() => receiver.got.length).toBe(1)
  expect(receiver.got[0]?.headers).not.toHaveProperty('traceparent')
  expect(await server.metric('trace_spans_exported_total')).toBe(0)
})

test('what the collector takes, refuses or never gets is counted', async () => {
  const receiver = await aReceiver({ status: 200, body: { partialSuccess: { rejectedSpans: '1' } } })
  const counted = { sent: 0, queue_full: 0, unreachable: 0, rejected: 0 }
  const complaints: unknown[] = []
  const log = { warn: (_: string, fields: object) => complaints.push(fields) } as never
  const open = (endpoint: string) =>
    createOtlp({
      endpoint,
      headers: '',
      resource: {},
      log,
      sent: (spans) => {
        counted.sent += spans
      },
      dropped: (spans, reason) => {
        counted[reason] += spans
      },
    })
  const add = (otlp: ReturnType<typeof open>, count: number) => {
    const tracing = createTracing(1, otlp.add)
    for (let index = 0; index < count; index++) tracing.start('x', { kind: 'internal', parent: undefined }).end()
  }
  const well = open(receiver.url)
  add(well, 5)
  await well.close()
  expect(counted).toEqual({ sent: 4, queue_full: 0, unreachable: 0, rejected: 1 })
  add(well, 2)
  expect(counted.queue_full).toBe(2)
  receiver.answer.status = 400
  const refused = open(receiver.url)
  add(refused, 3)
  await refused.close()
  const away = open(nobody)
  // A batch is on its way at once; the queue holds its most and not one more.
  add(away, 512 + 2048 + 7)
  expect(counted.queue_full).toBe(9)
  await away.close()
  expect(counted.unreachable).toBeGreaterThanOrEqual(2048)
  expect(complaints).toMatchObject([{ reason: 'it answered 400' }, { reason: expect.stringContaining('ECONNREFUSED') }])
})

test('a collector that is away holds up nobody', async () => {
  const server = await aServer({ 'otlp-endpoint': nobody })
  const session = await aSession(server)
  expect((await session.tool('create_task', { title: 'x' })).status).toBe(200)
  await server.close()
  expect(server.lines.some(({ msg }) => msg === 'traces do not reach the collector')).toBe(true)
})

test('the usual variables are understood, ours go before them, and a secret stays one', async () => {
  const usual = {
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318',
    OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20canary',
    OTEL_SERVICE_NAME: 'lists',
    OTEL_RESOURCE_ATTRIBUTES: 'a=b',
  }
  expect(resolveSettings(settingsFromEnv(usual))).toMatchObject({
    otlpEndpoint: 'http://collector:4318',
    otlpHeaders: 'authorization=Bearer%20canary',
    serviceName: 'lists',
    otlpResource: 'a=b',
  })
  expect(resolveSettings(settingsFromEnv({ ...usual, TASK_MCP_SERVICE_NAME: 'ours' })).serviceName).toBe('ours')
  expect(() => tracesUrl('collector:4317')).toThrow(/is not an address over HTTP/)
  expect(tracesUrl('http://collector:4318/base/').href).toBe('http://collector:4318/base/v1/traces')
  await expect(aServer({ 'otlp-endpoint': nobody, 'otlp-headers': 'canary' })).rejects.toThrow(/entry 1 of otlp-headers is not NAME=VALUE/)
  await expect(aServer({ 'otlp-endpoint': nobody, 'otlp-headers': 'a=%canary' })).rejects.not.toThrow(/canary/)
})

test.each([
  ['', undefined],
  ['00-short', undefined],
  [`00-${'0'.repeat(32)}-${caller}-01`, undefined],
  [`00-${trace}-${'0'.repeat(16)}-01`, undefined],
  [`ff-${trace}-${caller}-01`, undefined],
  [`${traceparent}-more`, undefined],
  [`01-${trace}-${caller}-03-more`, traceparent],
  [`00-${trace}-${caller}-00`, `00-${trace}-${caller}-00`],
])('traceparent "%s"', (given, understood) => {
  const context = contextOf(given)
  expect(context && traceparentOf(context)).toBe(understood)
})

test('exemplars are for those who ask for OpenMetrics, and everybody else gets what they got before', async () => {
  const server = await aServer()
  await server.post(initialize(), { traceparent })
  const scrape = async (accept: string) => {
    const response = await fetch(`${server.adminUrl}/metrics`, { headers: { accept } })
    return { type: response.headers.get('content-type'), text: await response.text() }
  }
  const prometheus = 'application/openmetrics-text;version=1.0.0;q=0.6,text/plain;version=0.0.4;q=0.5,*/*;q=0.1'
  await scrape(prometheus)
  const open = await scrape(prometheus)
  expect(open.type).toBe('application/openmetrics-text; version=1.0.0; charset=utf-8')
  expect(open.text).toMatch(
    new RegExp(
      `^http_server_request_duration_seconds_bucket\\{le="[\\d.]+",method="POST",route="/mcp",status_class="2xx"\\} 1 # \\{trace_id="${trace}",span_id="${caller}"\\} [\\d.e-]+ [\\d.]+$`,
      'm',
    ),
  )
  expect(open.text).toContain('# TYPE http_server_requests counter\n')
  expect(open.text).toContain('http_server_requests_total{method="POST",route="/mcp",status_code="200"} 1\n')
  expect(open.text).toContain('le="1.0"')
  expect(open.text).not.toMatch(/le="\d+"/)
  expect(open.text).not.toContain('\n\n')
  expect(open.text.endsWith('\n# EOF\n')).toBe(true)
  const names = [...open.text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name)
  expect(new Set(names).size).toBe(names.length)
  for (const accept of [
    '*/*',
    'text/plain',
    'text/plain;version=0.0.4,application/openmetrics-text;q=0.5',
    'application/openmetrics-text;version=0.0.1',
  ]) {
    const plain = await scrape(accept)
    expect(plain.type, accept).toBe('text/plain; version=0.0.4; charset=utf-8')
    expect(plain.text).toContain('# TYPE http_server_requests_total counter\n')
    expect(plain.text).not.toContain('trace_id')
  }
})
