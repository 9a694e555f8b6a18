import { expect, test } from 'vitest'
import { resolveSettings } from '../../src/server/settings.ts'
import { modernRequest } from './a-modern-call.ts'
import { aClient, aServer, aSession } from './a-server.ts'

const limited = { 'tool-limits': ['get_task=0.1/2', 'list_tasks=0.001'] }
const getTask = { name: 'get_task', arguments: { id: 'task_x' } }

test('a tool that is called too often says when to come back, to this caller and of this tool alone', async () => {
  const server = await aServer({ ...limited, tokens: 'ada=canary-ada-token,bob=canary-bob-token' })
  const ada = await aSession(server, { authorization: 'Bearer canary-ada-token' })
  const bob = await aSession(server, { authorization: 'Bearer canary-bob-token' })
  expect((await ada.tool('get_task', { id: 'task_x' })).text).toContain('not_found')
  expect((await ada.tool('get_task', { id: 'task_x' })).text).toContain('not_found')
  const { status, headers, body } = await ada.call('tools/call', getTask)
  expect([status, headers.get('retry-after')]).toEqual([429, '10'])
  expect(body).toMatchObject({
    id: 4,
    error: { code: -32000, message: 'you call get_task too often: come back in 10 s', data: { retryAfterSeconds: 10 } },
  })
  expect((await bob.tool('get_task', { id: 'task_x' })).status).toBe(200)
  expect((await ada.tool('list_tasks')).status).toBe(200)
  expect((await ada.tool('search_tasks', { text: 'x' })).status).toBe(200)
  expect(await server.metric('rate_limit_hits_total{limiter="tool",reason="abuse"}')).toBe(1)
  expect(
    await server.metric(
      'mcp_server_operation_duration_seconds_count{mcp_method_name="tools/call",gen_ai_tool_name="get_task",error_type="rate_limited"}',
    ),
  ).toBe(1)
})

test('without a session it is the same', async () => {
  const server = await aServer(limited)
  const call = () => fetch(server.url, modernRequest('tools/call', { name: 'list_tasks', arguments: {} }))
  expect((await call()).status).toBe(200)
  const refused = await call()
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '1000'])
  expect(await refused.json()).toMatchObject({ id: 1, error: { code: -32000, data: { retryAfterSeconds: 1000 } } })
})

test('the official client is told in words', async () => {
  const server = await aServer({ 'tool-limits': 'get_task=0.01' })
  const client = await aClient(server)
  await client.callTool(getTask)
  await expect(client.callTool(getTask)).rejects.toThrow(/too often: come back in 100 s/)
})

test('tool limits change while the server runs, and a name that is none changes nothing', async () => {
  let now: Record<string, unknown> = { 'tool-limits': ['get_task=0.001'] }
  const server = await aServer({ ...now, 'reload-interval': '20ms' }, undefined, {
    reload: async () =>
      resolveSettings({ port: 0, 'log-level': 'debug', 'reload-interval': '20ms', 'database-path': server.databasePath, ...now }),
  })
  const session = await aSession(server)
  const status = async () => (await session.tool('get_task', { id: 'x' })).status
  expect([await status(), await status()]).toEqual([200, 429])
  now = {}
  await expect.poll(status).toBe(200)
  now = { 'tool-limits': ['get_tsk=1'] }
  await expect
    .poll(() => server.lines.find(({ level }) => level === 'error')?.reason)
    .toContain('tool-limits names the tool "get_tsk", which there is not')
  expect(await status()).toBe(200)
  now = { 'tool-limits': ['get_task=0.001'] }
  await expect.poll(status).toBe(429)
})

test.each(['get_task', 'get_task=0', 'get_task=-1', 'get_task=1/0', '=1', 'get_task=fast'])('"%s" is no tool limit', (entry) => {
  expect(() => resolveSettings({ 'tool-limits': [entry] })).toThrow(/which is not NAME=RATE or NAME=RATE\/BURST/)
})

test('a limit of a tool that there is not is said at the start', async () => {
  await expect(aServer({ 'tool-limits': 'delete_everything=1' })).rejects.toThrow(/names the tool "delete_everything"/)
})
