import { chmodSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import pg from 'pg'
import { expect, onTestFinished, test, vi } from 'vitest'
import { aFolder, aServer, aSession } from './a-server.ts'
import { aDatabase, postgresThere } from './stores.ts'

const readiness = async (url: string) => {
  const response = await fetch(`${url}/health/ready`)
  return {
    http: response.status,
    ...((await response.json()) as { status: string; checks: Record<string, { status: string; reason?: string }> }),
  }
}

test('a full database: writes are 503 with the reason, reads go on, readiness turns and comes back', { timeout: 20_000 }, async () => {
  const server = await aServer({ 'database-max-bytes': '256KiB', 'health-interval': '200ms' })
  const session = await aSession(server)
  const ids: string[] = []
  let last = await session.tool('create_task', { title: 'big', description: 'x'.repeat(15000) })
  while (last.status === 200) {
    ids.push(last.data.task.id)
    last = await session.tool('create_task', { title: 'big', description: 'x'.repeat(15000) })
  }
  expect(last).toMatchObject({ status: 503, error: { message: expect.stringContaining('the database is full') } })
  expect((await session.tool('get_task', { id: ids[0] })).data.task.title).toBe('big')
  await expect
    .poll(() => readiness(server.adminUrl))
    .toMatchObject({
      status: 'not_ready',
      checks: { store: { status: 'failed', reason: expect.stringContaining('the database is full') } },
    })
  expect(await server.metric('health_check_status{check="ready"}')).toBe(0)
  expect(await server.metric('http_server_requests_total{method="POST",route="/mcp",status_code="503"}')).toBe(1)
  expect(
    await server.metric(
      'mcp_server_operation_duration_seconds_count{mcp_method_name="tools/call",gen_ai_tool_name="create_task",error_type="503"}',
    ),
  ).toBe(1)
  const room = new DatabaseSync(server.databasePath)
  room.exec('PRAGMA foreign_keys = OFF; DELETE FROM tasks')
  room.close()
  await expect.poll(() => readiness(server.adminUrl), { timeout: 5000 }).toMatchObject({ status: 'ready' })
})

test('a database that another process holds is busy, not broken', { timeout: 20_000 }, async () => {
  const server = await aServer({ 'health-interval': '200ms' })
  const other = new DatabaseSync(server.databasePath)
  other.exec('BEGIN IMMEDIATE')
  const session = aSession(server)
  await expect
    .poll(() => readiness(server.adminUrl), { timeout: 8000 })
    .toMatchObject({ status: 'not_ready', checks: { store: { status: 'failed' } } })
  other.exec('ROLLBACK')
  other.close()
  await session
  await expect.poll(() => readiness(server.adminUrl), { timeout: 8000 }).toMatchObject({ status: 'ready' })
})

test('a session that is opened while nothing can be written works, and outlives a restart once it could be kept', {
  timeout: 20_000,
}, async () => {
  vi.useFakeTimers({ toFake: ['setInterval'] })
  onTestFinished(() => void vi.useRealTimers())
  const server = await aServer()
  const other = new DatabaseSync(server.databasePath)
  other.exec('BEGIN IMMEDIATE')
  const session = await aSession(server)
  expect((await session.tool('list_tasks')).data.tasks).toEqual([])
  other.exec('ROLLBACK')
  vi.advanceTimersByTime(15_000)
  const kept = () => other.prepare('SELECT principal FROM sessions WHERE id = ?').get(session.id)
  await expect.poll(kept).toEqual({ principal: 'anonymous' })
  other.close()
  await server.close()
  const again = await aServer({ 'database-path': server.databasePath })
  expect(await again.post({ jsonrpc: '2.0', id: 2, method: 'ping' }, { 'mcp-session-id': session.id })).toMatchObject({ status: 200 })
})

test('a file that is no database, and a folder that is not there, are said at the start', async () => {
  const folder = aFolder()
  await expect(aServer({ 'database-path': path.join(folder, 'none', 'tasks.db') })).rejects.toMatchObject({
    name: 'StoreError',
    message: expect.stringContaining('cannot be opened'),
  })
  await expect(aServer({ 'database-path': '/proc/self/status' })).rejects.toMatchObject({ name: 'StoreError' })
  chmodSync(folder, 0o700)
})

test.skipIf(!postgresThere)('PostgreSQL that goes away and comes back (TEST_DATABASE_URL)', { timeout: 20_000 }, async () => {
  const { url, name, admin } = await aDatabaseToBreak()
  const server = await aServer({ 'database-url': url, 'health-interval': '200ms', 'database-connect-timeout': 1 })
  const session = await aSession(server)
  await session.tool('create_task', { title: 'before' })
  await admin.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS false`)
  await admin.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [name])
  await expect
    .poll(() => readiness(server.adminUrl), { timeout: 8000 })
    .toMatchObject({ status: 'not_ready', checks: { store: { reason: expect.stringContaining(name) } } })
  expect(await session.tool('list_tasks')).toMatchObject({ status: 503 })
  await admin.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS true`)
  await expect.poll(() => readiness(server.adminUrl), { timeout: 8000 }).toMatchObject({ status: 'ready' })
  expect((await session.tool('list_tasks')).data.tasks).toHaveLength(1)
})

test.skipIf(!postgresThere)(
  'without PostgreSQL a session that is not cached is a 503 that says why and when to come back (TEST_DATABASE_URL)',
  { timeout: 20_000 },
  async () => {
    const { url, name, admin } = await aDatabaseToBreak()
    const opened = await aSession(await aServer({ 'database-url': url }))
    const server = await aServer({ 'database-url': url, 'database-connect-timeout': 1 })
    await admin.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS false`)
    await admin.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [name])
    const session = { 'mcp-session-id': opened.id }
    const answer = await server.post({ jsonrpc: '2.0', id: 2, method: 'ping' }, session)
    expect(answer).toMatchObject({
      status: 503,
      body: { error: { code: -32000, message: expect.stringMatching(new RegExp(`Not available now: .*${name}`)) } },
    })
    const stream = await fetch(server.url, { headers: { accept: 'text/event-stream', ...session } })
    expect(stream.status).toBe(503)
    for (const headers of [answer.headers, stream.headers]) expect(headers.get('retry-after')).toMatch(/^[1-9]\d*$/)
    const told = server.lines.find(({ request_id }) => request_id === answer.headers.get('x-request-id'))
    expect(told).toMatchObject({ level: 'error', problem: 'unavailable', reason: expect.stringContaining(name) })
    expect(JSON.stringify(server.lines)).not.toMatch(/bug"|by a bug|\\n {4}at /)
    await admin.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS true`)
    expect(await server.post({ jsonrpc: '2.0', id: 3, method: 'ping' }, session)).toMatchObject({ status: 200 })
  },
)

test.skipIf(!postgresThere)(
  'a PostgreSQL that comes back empty is filled with tables again, and changes are heard again (TEST_DATABASE_URL)',
  { timeout: 30_000 },
  async () => {
    const { url, name, admin } = await aDatabaseToBreak()
    const server = await aServer({ 'database-url': url, 'health-interval': '200ms', 'database-connect-timeout': 1 })
    const listening = () => server.lines.filter(({ msg }) => msg === 'listening for changes of other replicas').length
    await expect.poll(listening).toBe(1)
    const session = await aSession(server)
    for (const title of ['one', 'two', 'three']) await session.tool('create_task', { title })
    await admin.query(`DROP DATABASE ${name} WITH (FORCE)`)
    await expect.poll(() => readiness(server.adminUrl), { timeout: 8000 }).toMatchObject({ status: 'not_ready' })
    await admin.query(`CREATE DATABASE ${name}`)
    await expect.poll(() => readiness(server.adminUrl), { timeout: 8000 }).toMatchObject({ status: 'ready' })
    expect(server.lines.find(({ msg }) => String(msg).startsWith('the tables are made anew'))).toMatchObject({
      level: 'warn',
      reason: expect.stringContaining('it has no table of ours'),
    })
    const again = await aSession(server)
    const heard = await fetch(server.url, { headers: { accept: 'text/event-stream', 'mcp-session-id': again.id } })
    const reader = heard.body!.pipeThrough(new TextDecoderStream()).getReader()
    onTestFinished(() => reader.cancel())
    expect((await again.tool('list_tasks')).data.tasks).toEqual([])
    expect(await again.tool('create_task', { title: 'first of the new ones' })).toMatchObject({ status: 200, isError: false })
    let text = ''
    while (!text.includes('notifications/resources/list_changed')) {
      const { value, done } = await reader.read()
      expect(done).toBe(false)
      text += value
    }
    expect(JSON.stringify(server.lines)).not.toContain('by a bug')
  },
)

test.skipIf(!postgresThere)('a request that meets lost tables is a 503, not a bug (TEST_DATABASE_URL)', { timeout: 20_000 }, async () => {
  const { url } = await aDatabaseToBreak()
  const server = await aServer({ 'database-url': url, 'health-interval': '60s' })
  const session = await aSession(server)
  const owner = new pg.Client(url)
  await owner.connect()
  await owner.query('DROP SCHEMA public CASCADE; CREATE SCHEMA public')
  await owner.end()
  expect(await session.tool('list_tasks')).toMatchObject({ status: 503, error: { message: expect.stringContaining('lost tables') } })
  const lookThenList = async () => {
    await readiness(server.adminUrl)
    return (await session.tool('list_tasks')).data?.tasks
  }
  await expect.poll(lookThenList, { timeout: 8000 }).toEqual([])
  expect(JSON.stringify(server.lines)).not.toContain('by a bug')
})

test.skipIf(!postgresThere)(
  'a server whose PostgreSQL is not there yet waits for it, and says what it waits for (TEST_DATABASE_URL)',
  async () => {
    const server = await aServer({
      'database-url': 'postgres://canary-user:canary-password@127.0.0.1:1/none',
      'database-connect-timeout': 1,
    })
    const answer = await readiness(server.adminUrl)
    expect(answer).toMatchObject({ http: 503, status: 'not_ready' })
    expect(answer.checks.store?.reason).toContain('127.0.0.1:1/none')
    expect(JSON.stringify([answer, server.lines])).not.toContain('canary-password')
  },
)

test.skipIf(!postgresThere)('a pool without a free connection says how many wait (TEST_DATABASE_URL)', async () => {
  const url = await aDatabase()
  const server = await aServer({ 'database-url': url, 'database-pool-size': 1, 'database-connect-timeout': '300ms' })
  const session = await aSession(server)
  const holder = new pg.Client(url)
  await holder.connect()
  onTestFinished(() => holder.end())
  await holder.query('BEGIN; LOCK TABLE tasks')
  const first = session.tool('create_task', { title: 'held' })
  await expect.poll(() => server.metric('db_pool_connections{state="in_use"}')).toBe(1)
  expect(await session.tool('list_tasks')).toMatchObject({
    status: 503,
    error: { message: expect.stringContaining('1 of 1 connections in use') },
  })
  await holder.query('ROLLBACK')
  expect(await first).toMatchObject({ status: 200 })
})

test('a webhook that is asked first can refuse; when it fails the circuit opens, and closes again', async () => {
  let status = 204
  const hook = createServer((request, response) => {
    request.resume()
    response.writeHead(status).end()
  })
  await listening(hook)
  const url = `http://127.0.0.1:${(hook.address() as AddressInfo).port}/changes`
  const server = await aServer({
    'webhook-url': url,
    'webhook-mode': 'before',
    'webhook-breaker-failures': 2,
    'webhook-breaker-reset': '2s',
  })
  const session = await aSession(server)
  const create = () => session.tool('create_task', { title: 'asked' })
  expect(await create()).toMatchObject({ status: 200, isError: false })
  status = 422
  expect(await create()).toMatchObject({ isError: true, text: expect.stringContaining('did not agree') })
  status = 500
  expect([(await create()).status, (await create()).status]).toEqual([503, 503])
  expect((await create()).error.message).toContain('failed repeatedly')
  expect((await session.tool('list_tasks')).data.tasks).toHaveLength(1)
  expect(await server.metric('circuit_breaker_state{dependency="webhook"}')).toBe(2)
  expect(await server.metric('dependency_requests_total{dependency="webhook",outcome="circuit_open"}')).toBe(1)
  expect(await readiness(server.adminUrl)).toMatchObject({ status: 'ready', checks: { webhook: { status: 'failed' } } })
  status = 204
  await expect.poll(async () => (await create()).status, { timeout: 5000, interval: 100 }).toBe(200)
  expect(await server.metric('circuit_breaker_state{dependency="webhook"}')).toBe(0)
})

test('a webhook that is told afterwards gets every change', async () => {
  const got: string[] = []
  const hook = createServer((request, response) => {
    request.on('data', (chunk: Buffer) => got.push(JSON.parse(chunk.toString()).action))
    request.on('end', () => response.writeHead(got.length === 1 ? 500 : 204).end())
  })
  await listening(hook)
  const server = await aServer({ 'webhook-url': `http://127.0.0.1:${(hook.address() as AddressInfo).port}/` })
  const session = await aSession(server)
  const { data } = await session.tool('create_task', { title: 'told' })
  await session.tool('complete_task', { id: data.task.id })
  await expect.poll(() => got).toEqual(['created', 'created', 'completed'])
})

async function aDatabaseToBreak(): Promise<{ url: string; name: string; admin: pg.Client }> {
  const url = await aDatabase()
  const admin = new pg.Client(process.env.TEST_DATABASE_URL)
  await admin.connect()
  onTestFinished(() => admin.end())
  return { url, name: new URL(url).pathname.slice(1), admin }
}

async function listening(server: Server): Promise<void> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
}
