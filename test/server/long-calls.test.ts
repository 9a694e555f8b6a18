import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import type { Tool } from '../../src/server/mcp/definition.ts'
import { modernRequest } from './a-modern-call.ts'
import { aServer, aSession, type TestServer } from './a-server.ts'
import { aDatabase, postgresThere } from './stores.ts'

const capable = { 'io.modelcontextprotocol/clientCapabilities': { extensions: { 'io.modelcontextprotocol/tasks': {} } } }
const ask = async (
  server: TestServer,
  method: string,
  params: Record<string, unknown> = {},
  meta: object = capable,
  headers: object = {},
) => {
  const request = modernRequest(method, params, meta)
  const response = await fetch(server.url, { ...request, headers: { ...(request.headers as object), ...headers } })
  // biome-ignore lint/suspicious/noExplicitAny: answers have every shape
  return { status: response.status, body: (await response.json()) as any }
}

/** A webhook that is asked before each change, and agrees when it is told to. */
async function aSlowWebhook() {
  const waiting: ServerResponse[] = []
  const hook = createServer((request, response) => {
    request.resume()
    waiting.push(response)
  })
  await new Promise<void>((resolve) => hook.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    hook.closeAllConnections()
    hook.close()
  })
  return {
    settings: {
      'webhook-url': `http://127.0.0.1:${(hook.address() as AddressInfo).port}`,
      'webhook-mode': 'before',
      'webhook-timeout': '60s',
    },
    agree: () => {
      for (const response of waiting.splice(0)) response.end()
    },
    asked: () => waiting.length,
  }
}

const deleteNothing = { name: 'delete_tasks', arguments: { tasks: [{ id: 'task_none' }], idempotencyKey: 'once' } }
const onEachDatabase = test.each([['SQLite', false] as const, ...(postgresThere ? [['PostgreSQL', true] as const] : [])])

onEachDatabase('on %s the answer of a call that takes long is asked for later, at any replica', async (_, postgres) => {
  const hook = await aSlowWebhook()
  const more = postgres ? { 'database-url': await aDatabase() } : {}
  const server = await aServer({ ...hook.settings, ...more })
  const other = postgres ? await aServer({ ...hook.settings, ...more }) : server
  const { body } = await ask(server, 'server/discover')
  expect(body.result.capabilities.extensions).toEqual({ 'io.modelcontextprotocol/tasks': {} })
  const { result } = (await ask(server, 'tools/call', deleteNothing)).body
  expect(result).toMatchObject({ resultType: 'task', status: 'working', ttlMs: 3_600_000, pollIntervalMs: 1000 })
  const get = async () => (await ask(other, 'tasks/get', { taskId: result.taskId })).body.result
  expect(await get()).toMatchObject({ resultType: 'complete', taskId: result.taskId, status: 'working' })
  hook.agree()
  await expect.poll(async () => (await get()).status).toBe('completed')
  expect((await get()).result).toMatchObject({ resultType: 'complete', structuredContent: { done: 0, refused: 1 } })
  expect((await ask(other, 'tasks/cancel', { taskId: result.taskId })).body.result).toMatchObject({ resultType: 'complete' })
  expect((await ask(other, 'tasks/update', { taskId: result.taskId, inputResponses: {} })).body.result).toMatchObject({
    resultType: 'complete',
  })
  expect((await get()).status).toBe('completed')
})

onEachDatabase('on %s an id that none can be is no id', async (_, postgres) => {
  const server = await aServer(postgres ? { 'database-url': await aDatabase() } : {})
  for (const [taskId, header] of [
    ['\u0000', '=?base64?AA==?='],
    ["' OR 1=1 --", "' OR 1=1 --"],
  ] as const)
    for (const method of ['tasks/get', 'tasks/update', 'tasks/cancel'])
      expect((await ask(server, method, { taskId }, capable, { 'mcp-name': header })).body.error.code, method).toBe(-32602)
  expect((await ask(server, 'tasks/get', { taskId: 7 })).body.error.code).toBe(-32602)
})

onEachDatabase('on %s such a call is cancelled, from any replica, before it did anything', async (_, postgres) => {
  const hook = await aSlowWebhook()
  const more = postgres ? { 'database-url': await aDatabase() } : {}
  const server = await aServer({ ...hook.settings, ...more })
  const other = postgres ? await aServer(more) : await aServer({ 'database-path': server.databasePath })
  const session = await aSession(other)
  const { data } = await session.tool('create_task', { title: 'stays' })
  const call = { name: 'delete_tasks', arguments: { tasks: [{ id: data.task.id }] } }
  const { taskId } = (await ask(server, 'tools/call', call)).body.result
  expect((await ask(other, 'tasks/cancel', { taskId })).body.result.resultType).toBe('complete')
  const status = async () => (await ask(other, 'tasks/get', { taskId })).body.result.status
  await expect.poll(status).toBe('cancelled')
  hook.agree()
  // The next call of this server comes after what was agreed to.
  expect(
    (await ask(server, 'tools/call', { name: 'get_task', arguments: { id: data.task.id } })).body.result.structuredContent.task.title,
  ).toBe('stays')
  expect(await status()).toBe('cancelled')
})

test('a quick call is answered at once, and a client that cannot ask later waits', async () => {
  const hook = await aSlowWebhook()
  const server = await aServer(hook.settings)
  const exported = await ask(server, 'tools/call', { name: 'export_tasks', arguments: {} })
  expect(exported.body.result).toMatchObject({ resultType: 'complete', structuredContent: { tasks: 0 } })
  const waited = ask(server, 'tools/call', deleteNothing, {})
  await expect.poll(hook.asked).toBe(1)
  await new Promise((resolve) => setTimeout(resolve, 600))
  hook.agree()
  expect((await waited).body.result).toMatchObject({ resultType: 'complete', structuredContent: { refused: 1 } })
})

test('it belongs to its principal, and to clients that know the extension', async () => {
  const hook = await aSlowWebhook()
  const server = await aServer({ ...hook.settings, tokens: 'ada=canary-ada-token,bob=canary-bob-token' })
  const [ada, bob] = ['ada', 'bob'].map((name) => ({ authorization: `Bearer canary-${name}-token` }))
  const { taskId } = (await ask(server, 'tools/call', deleteNothing, capable, ada)).body.result
  for (const method of ['tasks/get', 'tasks/update', 'tasks/cancel']) {
    expect((await ask(server, method, { taskId }, capable, bob)).body.error.code, method).toBe(-32602)
    expect((await ask(server, method, { taskId: 'none' }, capable, ada)).body.error.code, method).toBe(-32602)
    expect((await ask(server, method, { taskId }, {}, ada)).body.error, method).toMatchObject({
      code: -32021,
      data: { requiredCapabilities: { extensions: { 'io.modelcontextprotocol/tasks': {} } } },
    })
  }
  const listen = { notifications: { taskIds: [taskId] } }
  expect((await ask(server, 'subscriptions/listen', listen, {}, ada)).body.error.code).toBe(-32021)
  expect((await ask(server, 'tasks/list', {}, capable, ada)).body.error.code).toBe(-32601)
  expect((await ask(server, 'tasks/get', { taskId }, capable, ada)).body.result.status).toBe('working')
  hook.agree()
})

test('what fails later is counted all the same, and a bug says nothing of the inside', async () => {
  const failing: Tool = {
    name: 'failing',
    title: 'failing',
    description: 'fails',
    inputSchema: { type: 'object' },
    scope: 'tasks:read',
    longAfter: 0,
    call: async () => {
      throw new Error('canary of the inside')
    },
  }
  const server = await aServer({}, { tools: [failing], resources: [], prompts: [] })
  const { taskId } = (await ask(server, 'tools/call', { name: 'failing', arguments: {} })).body.result
  const get = async () => (await ask(server, 'tasks/get', { taskId })).body.result
  await expect.poll(async () => (await get()).status).toBe('failed')
  expect((await get()).error).toMatchObject({ code: -32603 })
  expect(JSON.stringify(await get())).not.toContain('canary')
  expect(
    await server.metric(
      'mcp_server_operation_duration_seconds_count{mcp_method_name="tools/call",gen_ai_tool_name="_other",error_type="internal"}',
    ),
  ).toBe(1)
  expect(server.lines.find(({ msg }) => msg === 'a long call failed by a bug')?.reason).toContain('canary of the inside')
})

test('what ends with its process says so, is not done twice, and is forgotten in time', async () => {
  const hook = await aSlowWebhook()
  const server = await aServer(hook.settings)
  const beside = (ahead: number) =>
    aServer({ 'database-path': server.databasePath }, undefined, { clock: { now: () => Date.now() + ahead } })
  const { taskId } = (await ask(server, 'tools/call', deleteNothing)).body.result
  const seen = async (by: TestServer) => (await ask(by, 'tasks/get', { taskId })).body
  // Nobody has said for a while that it is alive.
  expect((await seen(await beside(20_000))).result).toMatchObject({
    status: 'failed',
    error: { code: -32000, message: expect.stringContaining('is gone') },
  })
  await server.close()
  const after = await beside(0)
  expect((await seen(after)).result).toMatchObject({
    status: 'failed',
    error: { code: -32000, message: expect.stringContaining('repeat the call under the same idempotencyKey') },
  })
  expect((await seen(await beside(2 * 3_600_000))).error.code).toBe(-32602)
})
