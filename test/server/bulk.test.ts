import { DatabaseSync } from 'node:sqlite'
import { expect, onTestFinished, test, vi } from 'vitest'
import { createHeldAnswers } from '../../src/server/mcp/legacy/held-answers.ts'
import { modernRequest } from './a-modern-call.ts'
import { aClient, aServer, aSession, initialize, type TestServer } from './a-server.ts'
import { messagesOf } from './a-stream.ts'
import { aDatabase, postgresThere } from './stores.ts'

const manyTasks = async (session: Awaited<ReturnType<typeof aSession>>, count: number): Promise<string[]> => {
  const ids: string[] = []
  for (let from = 0; from < count; from += 100) {
    const tasks = Array.from({ length: Math.min(100, count - from) }, (_, index) => ({ title: `task ${from + index}` }))
    const { data } = await session.tool('create_tasks', { tasks })
    ids.push(...data.tasks.map(({ id }: { id: string }) => id))
  }
  return ids
}

/** Puts tasks into the file without the server, because the server would sync each. */
const fill = (server: TestServer, count: number, title: (index: number) => string): void => {
  const database = new DatabaseSync(server.databasePath)
  const insert = database.prepare(
    `INSERT INTO tasks (id, title, description, status, priority, labels, depends_on, search_text, version, created_at, created_by, updated_at, updated_by)
     VALUES (?, ?, '', 'open', 1, '[]', '[]', ?, 1, ?, 'ada', ?, 'ada')`,
  )
  database.exec('BEGIN')
  for (let index = 0; index < count; index++)
    insert.run(`task_${String(index).padStart(26, '0')}`, title(index), title(index), index, index)
  database.exec('COMMIT')
  database.close()
}

/** Holds the file, as another process that writes would; the server waits. */
const lock = (server: TestServer): (() => void) => {
  const database = new DatabaseSync(server.databasePath)
  database.exec('BEGIN IMMEDIATE')
  const release = (): void => {
    if (database.isOpen) database.close()
  }
  onTestFinished(release)
  return release
}

const onEachDatabase = test.each([['SQLite', false] as const, ...(postgresThere ? [['PostgreSQL', true] as const] : [])])

onEachDatabase('on %s many tasks are changed in one call, each with its own result', async (_, postgres) => {
  const session = await aSession(await aServer(postgres ? { 'database-url': await aDatabase() } : {}))
  const [one, two, three, four, five] = await manyTasks(session, 5)
  await session.tool('update_task', { id: four, version: 1, dependsOn: [five] })
  const changes = [
    { id: one, action: 'complete' },
    { id: two, action: 'update', version: 1, title: 'another', labels: ['x'] },
    { id: 'task_none', action: 'complete' },
    { id: three, action: 'update', version: 7, title: 'seen too long ago' },
    { id: three, action: 'update', title: 'not seen at all' },
    { id: five, action: 'update', version: 1, labels: ['gone'], dependsOn: [four] },
    { id: two, action: 'label', addLabels: ['y', 'x'], removeLabels: ['z'] },
    { id: one, action: 'reopen' },
    { id: three, action: 'label' },
  ]
  const { data } = await session.tool('change_tasks', { changes })
  expect(data).toMatchObject({ done: 4, refused: 5 })
  expect(data.results.map(({ ok, version, error }: Record<string, unknown>) => (ok ? version : error))).toEqual([
    2,
    2,
    'not_found',
    'version_conflict',
    'invalid',
    'cycle',
    3,
    3,
    'invalid',
  ])
  expect((await session.tool('get_task', { id: two })).data.task).toMatchObject({ title: 'another', labels: ['x', 'y'] })
  // What was refused in its middle left nothing behind.
  expect((await session.tool('get_task', { id: five })).data.task).toMatchObject({ labels: [], dependsOn: [], version: 1 })
  expect((await session.tool('list_tasks', { labels: ['gone'] })).data.tasks).toEqual([])
  const removed = await session.tool('delete_tasks', { tasks: [{ id: one }, { id: two, version: 1 }, { id: three }] })
  expect(removed.data).toMatchObject({ done: 2, refused: 1, results: [{ ok: true }, { error: 'version_conflict' }, { ok: true }] })
})

test('a bulk call is bounded', async () => {
  const session = await aSession(await aServer())
  const changes = Array.from({ length: 501 }, () => ({ id: 'task_x', action: 'complete' }))
  expect((await session.tool('change_tasks', { changes })).error.message).toContain('must NOT have more than 500 items')
  expect((await session.tool('delete_tasks', { tasks: [] })).error.message).toContain('must NOT have fewer than 1 items')
})

test('the official client hears how far a bulk call is', async () => {
  const server = await aServer()
  const ids = await manyTasks(await aSession(server), 120)
  const client = await aClient(server)
  const heard: unknown[] = []
  const { structuredContent } = await client.callTool(
    { name: 'change_tasks', arguments: { changes: ids.map((id) => ({ id, action: 'complete' })) } },
    undefined,
    { onprogress: (progress) => void heard.push(progress) },
  )
  expect(structuredContent).toMatchObject({ done: 120, refused: 0 })
  expect(heard).toEqual([50, 100, 120].map((progress) => ({ progress, total: 120, message: `${progress} of 120 tasks` })))
})

test('2024-11-05 has no message in its progress', async () => {
  const server = await aServer()
  const opened = await server.post(initialize('2024-11-05'))
  const { body } = await server.post(
    {
      jsonrpc: '2.0',
      id: 2,
      method: 'tools/call',
      params: { name: 'change_tasks', arguments: { changes: [{ id: 'x', action: 'complete' }] }, _meta: { progressToken: 0 } },
    },
    { 'mcp-session-id': opened.headers.get('mcp-session-id')! },
  )
  expect(body).toContain('"params":{"progressToken":0,"progress":1,"total":1}}')
})

test('cancelled in a session: what was begun is whole, the rest is not done, and the same key does it later', async () => {
  const server = await aServer()
  const session = await aSession(server)
  const ids = await manyTasks(session, 200)
  const input = { changes: ids.map((id) => ({ id, action: 'label', addLabels: ['seen'] })), idempotencyKey: 'once' }
  const release = lock(server)
  const answered = server.post(
    { jsonrpc: '2.0', id: 'long', method: 'tools/call', params: { name: 'change_tasks', arguments: input } },
    { 'mcp-session-id': session.id },
  )
  await expect.poll(() => server.metric('http_server_active_requests')).toBe(2)
  await server.post(
    { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 'long', reason: 'changed my mind' } },
    { 'mcp-session-id': session.id },
  )
  expect((await answered).body.error.message).toBe('The request was cancelled')
  release()
  const labelled = async () => (await session.tool('list_tasks', { labels: ['seen'], limit: 200 })).data.tasks.length
  await expect.poll(labelled).toBe(50)
  const { data } = await session.tool('change_tasks', input)
  expect(data).toMatchObject({ done: 200, refused: 0 })
  expect(await labelled()).toBe(200)
  expect(new Set(data.results.map(({ version }: { version: number }) => version))).toEqual(new Set([2]))
  expect((await session.tool('change_tasks', { ...input, changes: input.changes.slice(1) })).text).toContain('key_reused')
  expect(
    await server.metric(
      'mcp_server_operation_duration_seconds_count{mcp_method_name="tools/call",gen_ai_tool_name="change_tasks",error_type="cancelled"}',
    ),
  ).toBe(1)
})

test('cancelled without a session: leaving the connection is enough', async () => {
  const server = await aServer()
  const session = await aSession(server)
  const ids = await manyTasks(session, 200)
  const release = lock(server)
  const leave = new AbortController()
  const params = { name: 'delete_tasks', arguments: { tasks: ids.map((id) => ({ id })) } }
  const answered = fetch(server.url, { ...modernRequest('tools/call', params), signal: leave.signal })
  await expect.poll(() => server.metric('http_server_active_requests')).toBe(2)
  leave.abort()
  await expect(answered).rejects.toThrow()
  await expect
    .poll(() =>
      server.metric(
        'mcp_server_operation_duration_seconds_count{mcp_method_name="tools/call",gen_ai_tool_name="delete_tasks",error_type="cancelled"}',
      ),
    )
    .toBe(1)
  release()
  await expect.poll(async () => (await session.tool('list_tasks', { limit: 200 })).data.tasks.length).toBe(150)
})

test('a search over many tells how far it looked, and finds the same as in one go', async () => {
  const server = await aServer()
  fill(server, 12_000, (index) => (index % 1000 === 7 ? `needle ${index}` : `hay ${index}`))
  const session = await aSession(server)
  const first = await session.tool('search_tasks', { text: 'NEEDLE', limit: 5 })
  expect(first.data.tasks.map(({ title }: { title: string }) => title)).toEqual(
    [11, 10, 9, 8, 7].map((thousand) => `needle ${thousand}007`),
  )
  const second = await session.tool('search_tasks', { text: 'NEEDLE', limit: 5, cursor: first.data.nextCursor })
  expect(second.data.tasks.at(-1).title).toBe('needle 2007')
  const params = { name: 'search_tasks', arguments: { text: 'needle', sort: 'created' } }
  const stream = messagesOf(await fetch(server.url, modernRequest('tools/call', params, { progressToken: 'p' })))
  const { result } = await stream.until((message) => message.result !== undefined)
  expect(result.structuredContent.tasks).toHaveLength(12)
  expect(stream.seen.filter(({ method }) => method === 'notifications/progress').map((message) => message.params)).toEqual([
    { progressToken: 'p', progress: 5000, total: 12_000, message: '5000 tasks looked at, 5 found' },
    { progressToken: 'p', progress: 10_000, total: 12_000, message: '10000 tasks looked at, 10 found' },
  ])
})

test('a search stops when the one who searched leaves', async () => {
  const server = await aServer()
  fill(server, 60_000, (index) => `hay ${index}`)
  const leave = new AbortController()
  const request = modernRequest('tools/call', { name: 'search_tasks', arguments: { text: 'needle' } }, { progressToken: 1 })
  const stream = messagesOf(await fetch(server.url, { ...request, signal: leave.signal }))
  await stream.until(({ method }) => method === 'notifications/progress')
  leave.abort()
  await expect
    .poll(() =>
      server.metric(
        'mcp_server_operation_duration_seconds_count{mcp_method_name="tools/call",gen_ai_tool_name="search_tasks",error_type="cancelled"}',
      ),
    )
    .toBe(1)
  expect(await server.metric('db_query_duration_seconds_count{operation="search"}')).toBeLessThan(25)
})

test('an export is a file of whole tasks, page by page, and stops when its reader leaves', async () => {
  const server = await aServer()
  fill(server, 5600, (index) => (index === 5599 ? '=HYPERLINK("http://x"), "quoted"' : `task ${index}`))
  const session = await aSession(server)
  const csv = await session.call('tools/call', { name: 'export_tasks', arguments: { format: 'csv' } })
  const { content, structuredContent } = csv.body.result
  expect(structuredContent).toMatchObject({ format: 'csv', tasks: 5000 })
  const lines = content[1].resource.text.split('\r\n')
  expect(lines[0]).toMatch(/^id,title,status,/)
  expect(lines[1]).toContain(`,"'=HYPERLINK(""http://x""), ""quoted""",open,`)
  const rest = await session.call('tools/call', { name: 'export_tasks', arguments: { cursor: structuredContent.nextCursor } })
  const tasks = rest.body.result.content[1].resource.text
    .trimEnd()
    .split('\n')
    .map((line: string) => JSON.parse(line))
  expect([tasks.length, tasks[0].title, tasks.at(-1).title]).toEqual([600, 'task 599', 'task 0'])

  const leave = new AbortController()
  const request = modernRequest('tools/call', { name: 'export_tasks', arguments: {} }, { progressToken: 1 })
  const stream = messagesOf(await fetch(server.url, { ...request, signal: leave.signal }))
  expect((await stream.until(({ method }) => method === 'notifications/progress')).params).toMatchObject({ progress: 500, total: 5600 })
  leave.abort()
  await expect
    .poll(() =>
      server.metric(
        'mcp_server_operation_duration_seconds_count{mcp_method_name="tools/call",gen_ai_tool_name="export_tasks",error_type="cancelled"}',
      ),
    )
    .toBe(1)
})

test.each(['2025-11-25', '2026-07-28'])('%s: a large answer comes whole after its progress', async (revision) => {
  const server = await aServer({ 'stream-buffer-bytes': '1KiB' })
  const title = 'x'.repeat(300)
  fill(server, 4000, () => title)
  const session = await aSession(server)
  const modern = modernRequest('tools/call', { name: 'export_tasks', arguments: {} }, { progressToken: 1 })
  const legacy = {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream', 'mcp-session-id': session.id },
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: { name: 'export_tasks', arguments: {}, _meta: { progressToken: 1 } },
    }),
  }
  const stream = messagesOf(await fetch(server.url, revision < '2026' ? legacy : modern))
  const { result } = await stream.until((message) => message.result !== undefined)
  expect(result.content[1].resource.text.length).toBeGreaterThan(1_500_000)
  expect(stream.seen.length).toBeGreaterThan(5)
})

test('answers that nobody fetches are dropped, the oldest first, and all in time', () => {
  vi.useFakeTimers()
  onTestFinished(() => void vi.useRealTimers())
  const held = createHeldAnswers({ mostCharacters: 100, milliseconds: 1000 })
  const dropped: string[] = []
  const hold = (key: string, size: number) => held.hold(key, size, () => dropped.push(key))
  hold('a', 60)
  hold('b', 40)
  held.release('b')
  hold('c', 40)
  expect(dropped).toEqual([])
  hold('d', 10)
  expect(dropped).toEqual(['a'])
  hold('larger than all', 101)
  expect(dropped).toEqual(['a', 'c', 'd', 'larger than all'])
  hold('e', 100)
  vi.advanceTimersByTime(1000)
  expect(dropped.at(-1)).toBe('e')
})

test('a very long text ends an export early, and it goes on from there', async () => {
  const session = await aSession(await aServer({ 'max-body-bytes': '8MiB' }))
  const description = 'x'.repeat(20_000)
  for (let call = 0; call < 3; call++)
    await session.tool('create_tasks', { tasks: Array.from({ length: 100 }, () => ({ title: 'long', description })) })
  const first = (await session.call('tools/call', { name: 'export_tasks', arguments: {} })).body.result.structuredContent
  expect(first.tasks).toBeLessThan(300)
  const second = await session.call('tools/call', { name: 'export_tasks', arguments: { cursor: first.nextCursor } })
  expect(first.tasks + second.body.result.structuredContent.tasks).toBe(300)
})

test('icons are shown from the revision on that has them', async () => {
  const server = await aServer()
  const list = async (revision: string) => {
    const opened = await server.post(initialize(revision))
    const headers = { 'mcp-session-id': opened.headers.get('mcp-session-id')! }
    const ask = async (method: string) => (await server.post({ jsonrpc: '2.0', id: 2, method }, headers)).body.result
    const { tools } = await ask('tools/list')
    const { prompts } = await ask('prompts/list')
    const { resourceTemplates } = await ask('resources/templates/list')
    const { resources } = await ask('resources/list')
    return [opened.body.result.serverInfo, ...tools, ...prompts, ...resourceTemplates, ...resources]
  }
  await (await aSession(server)).tool('create_task', { title: 'shown' })
  for (const { name, icons } of await list('2025-11-25')) {
    expect(icons, name).toMatchObject([{ mimeType: 'image/svg+xml', sizes: ['any'] }])
    const svg = Buffer.from(icons[0].src.replace('data:image/svg+xml;base64,', ''), 'base64').toString()
    expect(svg, name).toMatch(/^<svg xmlns="http:\/\/www.w3.org\/2000\/svg" .*<\/svg>$/)
  }
  for (const shown of await list('2025-06-18')) expect(shown, shown.name).not.toHaveProperty('icons')
  const discovered = (await (await fetch(server.url, modernRequest('server/discover'))).json()) as {
    result: { _meta: Record<string, { icons: object[] }> }
  }
  expect(discovered.result._meta['io.modelcontextprotocol/serverInfo']?.icons).toHaveLength(1)
})
