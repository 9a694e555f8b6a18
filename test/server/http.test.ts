import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import path from 'node:path'
import { expect, test } from 'vitest'
import { aFolder, aServer, aSession, initialize } from './a-server.ts'

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds))
const ping = { jsonrpc: '2.0', id: 1, method: 'ping' }

test('bearer tokens from the environment and from a file of hashes', async () => {
  const file = path.join(aFolder(), 'tokens')
  const hash = createHash('sha256').update('canary-reader-token').digest('hex')
  writeFileSync(file, `# people\nreader ${hash} tasks:read\n`)
  const server = await aServer({ tokens: 'ada=canary-ada-token', 'token-file': file })
  const refused = await server.post(initialize())
  expect([refused.status, refused.headers.get('www-authenticate')]).toEqual([401, 'Bearer realm="task-mcp"'])
  expect((await server.post(initialize(), { authorization: 'Bearer canary-wrong-token' })).status).toBe(401)
  expect((await server.post(initialize(), { authorization: 'Basic abc' })).status).toBe(401)
  const ada = await aSession(server, { authorization: 'Bearer canary-ada-token' })
  expect((await ada.tool('create_task', { title: 'x' })).data.task.createdBy).toBe('ada')
  const reader = await aSession(server, { authorization: 'Bearer canary-reader-token' })
  expect((await reader.tool('list_tasks')).data.tasks).toHaveLength(1)
  expect(await reader.tool('create_task', { title: 'y' })).toMatchObject({
    status: 403,
    error: { message: expect.stringContaining('tasks:write') },
  })
  const stolen = await server.post(ping, { authorization: 'Bearer canary-reader-token', 'mcp-session-id': ada.id })
  expect(stolen.status).toBe(404)
  expect(await server.metric('auth_failures_total{reason="unknown_token"}')).toBe(1)
  expect(await server.metric('auth_failures_total{reason="missing"}')).toBe(1)
  expect(JSON.stringify(server.lines)).not.toContain('canary')
})

test('a token file that cannot be used is named, with the line, and without the token', async () => {
  const file = path.join(aFolder(), 'tokens')
  writeFileSync(file, 'ada canary-plain-token\n')
  await expect(aServer({ 'token-file': file })).rejects.toThrow(`${file}:1 is not "NAME SHA256 [scope,scope]"`)
  await expect(aServer({ 'token-file': file })).rejects.not.toThrow(/canary/)
  await expect(aServer({ 'token-file': `${file}.none` })).rejects.toThrow('cannot be read: ENOENT')
  await expect(aServer({ host: '0.0.0.0' })).rejects.toThrow(/without authentication/)
})

test('web pages of other hosts are refused', async () => {
  const server = await aServer({ 'allowed-origins': 'https://board.example' })
  expect((await server.post(initialize(), { origin: 'https://evil.example' })).status).toBe(403)
  expect((await server.post(initialize(), { origin: 'https://board.example' })).status).toBe(200)
  expect((await server.post(initialize(), { origin: 'http://localhost:5173' })).status).toBe(200)
  expect(await withHost(server.url, 'evil.example:3000')).toBe(403)
  expect(await withHost(server.url, 'localhost:3000')).toBe(200)
})

test.each([
  ['not JSON', '{"jsonrpc":', {}, 400, -32700],
  ['no JSON-RPC', '{"hello":1}', {}, 400, -32600],
  ['an empty batch', '[]', {}, 400, -32600],
  ['a fractional nothing', 'null', {}, 400, -32600],
  ['an id that is null', '{"jsonrpc":"2.0","id":null,"method":"ping"}', {}, 400, -32600],
  ['too deep', `${'['.repeat(40)}${']'.repeat(40)}`, {}, 400, -32600],
  ['too large', JSON.stringify({ ...ping, params: { x: 'y'.repeat(3000) } }), {}, 413, -32600],
  ['another content type', JSON.stringify(ping), { 'content-type': 'text/plain' }, 415, -32600],
  ['an Accept that we cannot meet', JSON.stringify(ping), { accept: 'text/html' }, 406, -32600],
])('%s is refused as the protocol says', async (_, body, headers, status, code) => {
  const server = await aServer({ 'max-body-bytes': '2KiB' })
  const answer = await server.post(body, headers)
  expect([answer.status, answer.body.error.code]).toEqual([status, code])
  expect((await server.post(initialize())).status).toBe(200)
})

test('an answer says how long its connection is kept when idle, but not where it ends it', async () => {
  const server = await aServer({ 'max-body-bytes': '2KiB' })
  expect((await server.post(initialize())).headers.get('keep-alive')).toBe('timeout=65')
  const { status, headers } = await server.post({ ...ping, params: { x: 'y'.repeat(3000) } })
  expect([status, headers.get('connection'), headers.get('keep-alive')]).toEqual([413, 'close', null])
})

test('each limit says when to come back', async () => {
  const server = await aServer({ 'rate-limit': 2, 'rate-burst': 2, 'max-streams': 0 })
  const { id } = await aSession(server)
  await server.post(ping, { 'mcp-session-id': id })
  const limited = await server.post(ping, { 'mcp-session-id': id })
  expect([limited.status, limited.headers.get('retry-after')]).toEqual([429, '1'])
  expect(await server.metric('rate_limit_hits_total{limiter="principal",reason="abuse"}')).toBe(1)
  await expect
    .poll(async () => (await fetch(server.url, { headers: { accept: 'text/event-stream', 'mcp-session-id': id } })).status, {
      interval: 600,
      timeout: 5000,
    })
    .toBe(503)
  expect(await server.metric('streaming_connections_rejected_total{reason="limit"}')).toBe(1)
  expect(await server.metric('rate_limit_hits_total{limiter="streams",reason="capacity"}')).toBe(1)
})

test('an address that keeps guessing tokens is refused before its guess is looked at', async () => {
  const server = await aServer({ tokens: 'ada=canary-ada-token', 'auth-failure-limit': 3 })
  const guess = async (token: string) => (await server.post(ping, { authorization: `Bearer ${token}` })).status
  expect([await guess('a'), await guess('b'), await guess('c'), await guess('canary-ada-token')]).toEqual([401, 401, 401, 429])
})

test('the admin listener has the pages for operators, and /mcp is not on it', async () => {
  const server = await aServer({ 'admin-port': 0 })
  expect(new URL(server.adminUrl).port).not.toBe(new URL(server.url).port)
  expect((await fetch(`${server.adminUrl}/health/live`)).status).toBe(200)
  expect((await fetch(`${server.adminUrl}/mcp`, { method: 'POST' })).status).toBe(404)
  expect((await fetch(new URL('/metrics', server.url))).status).toBe(404)
})

test('on a stop it turns not ready, finishes what it does, and tells streams to come back', async () => {
  const server = await aServer({ 'admin-port': 0, 'drain-delay': '300ms' })
  const { id } = await aSession(server)
  const stream = await fetch(server.url, { headers: { accept: 'text/event-stream', 'mcp-session-id': id } })
  const closed = server.close()
  const ready = await fetch(`${server.adminUrl}/health/ready`)
  expect([ready.status, await ready.json()]).toMatchObject([
    503,
    { status: 'not_ready', checks: { lifecycle: { reason: 'the server is stopping' }, store: { status: 'ok' } } },
  ])
  expect((await server.post(ping, { 'mcp-session-id': id })).status).toBe(200)
  expect(await stream.text()).toContain('retry: 1000')
  await closed
  await expect(server.post(ping)).rejects.toThrow()
})

test('clients that call all the while lose no request to a stop', { timeout: 20_000 }, async () => {
  const server = await aServer({ 'admin-port': 0, 'drain-delay': '500ms', 'rate-limit': 0, 'address-rate-limit': 0 })
  const { id } = await aSession(server)
  const agent = new Agent({ keepAlive: true })
  const outcomes: string[] = []
  const call = () =>
    new Promise<string>((resolve) => {
      const body = JSON.stringify(ping)
      const headers = { 'content-type': 'application/json', 'mcp-session-id': id, 'content-length': body.length }
      const sent = request(server.url, { agent, method: 'POST', headers }, (response) => {
        response.resume()
        response.on('end', () => resolve(String(response.statusCode)))
        response.on('error', (error) => resolve(error.message))
      })
      sent.on('error', (error: NodeJS.ErrnoException) => resolve(String(error.code)))
      sent.end(body)
    })
  // As a Service does it: nobody is sent to a replica that says it is not ready.
  let ready = true
  const callers = Array.from({ length: 10 }, async () => {
    while (ready) outcomes.push(await call())
  })
  await expect.poll(() => outcomes.length).toBeGreaterThan(50)
  const closed = server.close()
  await expect.poll(async () => (await fetch(`${server.adminUrl}/health/ready`)).status, { interval: 20 }).toBe(503)
  await pause(200)
  ready = false
  await Promise.all([closed, ...callers])
  agent.destroy()
  expect([...new Set(outcomes)]).toEqual(['200'])
  expect(await fetch(server.url).catch(({ cause }) => cause.code)).toBe('ECONNREFUSED')
})

test('request ids are taken over, or made, and are in answer and log', async () => {
  const server = await aServer()
  const own = await server.post(initialize(), { 'x-request-id': 'abc-123' })
  expect(own.headers.get('x-request-id')).toBe('abc-123')
  await expect
    .poll(() => server.lines.find(({ request_id }) => request_id === 'abc-123'))
    .toMatchObject({ msg: 'request', status: 200, route: '/mcp', mcp_method: 'initialize' })
  expect((await server.post(initialize(), { 'x-request-id': 'a b"c' })).headers.get('x-request-id')).toMatch(/^[0-9a-f]{16}-\d+$/)
})

function withHost(url: string, host: string): Promise<number | undefined> {
  const body = JSON.stringify(initialize())
  return new Promise((resolve, reject) => {
    const sent = request(
      url,
      { method: 'POST', headers: { host, 'content-type': 'application/json', 'content-length': body.length } },
      (response) => {
        response.resume()
        resolve(response.statusCode)
      },
    )
    sent.on('error', reject)
    sent.end(body)
  })
}
