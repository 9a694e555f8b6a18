import { ResourceListChangedNotificationSchema, ResourceUpdatedNotificationSchema } from '@modelcontextprotocol/sdk/types.js'
import { expect, test } from 'vitest'
import { aClient, aServer, aSession, initialize } from './a-server.ts'

test('an agent takes a task from beginning to end with the official client', async () => {
  const server = await aServer()
  const client = await aClient(server)
  const call = async (name: string, input: object) =>
    (await client.callTool({ name, arguments: { ...input } })).structuredContent as Record<string, { id: string }>
  const { task } = await call('create_task', { title: 'Write the report', labels: ['office'] })
  expect(await call('search_tasks', { text: 'REPORT' })).toMatchObject({ tasks: [{ id: task?.id }] })
  const claimed = await call('claim_task', { label: 'office' })
  expect(await call('complete_task', { id: task?.id, claimId: claimed.claim?.id })).toMatchObject({ task: { status: 'completed' } })
  expect(await call('list_tasks', {})).toEqual({ tasks: [] })
})

test('a refusal is for the model to read, wrong arguments are an error that names them', async () => {
  const session = await aSession(await aServer())
  expect(await session.tool('get_task', { id: 'task_none' })).toMatchObject({
    isError: true,
    text: expect.stringContaining('not_found: there is no task task_none'),
  })
  expect((await session.tool('create_task', { titel: 'x' })).error).toMatchObject({
    code: -32602,
    message: expect.stringContaining("must have required property 'title'"),
  })
  expect((await session.tool('create_task', { title: 'x', lables: [] })).error.message).toContain('"lables" is not an argument')
  expect((await session.tool('no_such_tool')).error.message).toContain('Unknown tool: no_such_tool')
  expect((await session.call('no/such/method')).body.error.code).toBe(-32601)
})

test('resources are listed, read and completed, and a subscriber hears of changes', async () => {
  const server = await aServer()
  const client = await aClient(server)
  const heard: string[] = []
  client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => void heard.push(params.uri))
  client.setNotificationHandler(ResourceListChangedNotificationSchema, () => void heard.push('list'))
  const session = await aSession(server)
  const { data } = await session.tool('create_task', { title: 'Watched' })
  const uri = `task://${data.task.id}`
  await expect.poll(() => heard).toEqual(['list'])
  await client.subscribeResource({ uri })
  await session.tool('update_task', { id: data.task.id, version: 1, title: 'Watched closely' })
  await expect.poll(() => heard).toEqual(['list', uri])
  await client.unsubscribeResource({ uri })
  await session.tool('complete_task', { id: data.task.id })
  await expect.poll(() => heard).toEqual(['list', uri, 'list'])
  expect((await client.listResources()).resources).toEqual([])
  const [contents] = (await client.readResource({ uri })).contents
  expect(JSON.parse((contents as { text: string }).text)).toMatchObject({ title: 'Watched closely', status: 'completed' })
  await expect(client.readResource({ uri: 'task://task_none' })).rejects.toMatchObject({ code: -32002 })
  expect((await client.listResourceTemplates()).resourceTemplates[0]?.uriTemplate).toBe('task://{id}')
})

test('prompts are listed, given, and their arguments completed', async () => {
  const server = await aServer()
  const client = await aClient(server)
  await client.callTool({ name: 'create_task', arguments: { title: 'x', labels: ['garden', 'house'] } })
  expect((await client.listPrompts()).prompts.map(({ name }) => name)).toContain('work_on_next_task')
  const { messages } = await client.getPrompt({ name: 'plan_tasks', arguments: { goal: 'a party' } })
  expect(JSON.stringify(messages)).toContain('a party')
  await expect(client.getPrompt({ name: 'plan_tasks' })).rejects.toThrow(/needs the argument "goal"/)
  const { completion } = await client.complete({
    ref: { type: 'ref/prompt', name: 'work_on_next_task' },
    argument: { name: 'label', value: 'g' },
  })
  expect(completion.values).toEqual(['garden'])
})

test.each(['2024-11-05', '2025-03-26', '2025-06-18', '2025-11-25'])('revision %s is spoken as asked', async (revision) => {
  const server = await aServer()
  expect((await server.post(initialize(revision))).body.result.protocolVersion).toBe(revision)
})

test('an unknown revision is answered with the newest', async () => {
  expect((await (await aServer()).post(initialize('1999-01-01'))).body.result.protocolVersion).toBe('2025-11-25')
})

test('a session is needed, must exist, and ends when it is deleted', async () => {
  const server = await aServer()
  const { id, call } = await aSession(server)
  expect((await call('ping')).body).toEqual({ jsonrpc: '2.0', id: 2, result: {} })
  expect((await server.post({ jsonrpc: '2.0', id: 1, method: 'ping' })).status).toBe(400)
  expect((await server.post({ jsonrpc: '2.0', id: 1, method: 'ping' }, { 'mcp-session-id': crypto.randomUUID() })).status).toBe(404)
  expect(
    (await server.post({ jsonrpc: '2.0', id: 1, method: 'ping' }, { 'mcp-session-id': id, 'mcp-protocol-version': '1999-01-01' })).status,
  ).toBe(400)
  expect((await server.post({ jsonrpc: '2.0', method: 'notifications/initialized' }, { 'mcp-session-id': id })).status).toBe(202)
  expect((await fetch(server.url, { method: 'DELETE', headers: { 'mcp-session-id': id } })).status).toBe(200)
  expect((await call('ping')).status).toBe(404)
})

test('a session outlives the process', async () => {
  const before = await aServer()
  const { id } = await aSession(before)
  await before.close()
  const after = await aServer({ 'database-path': before.databasePath })
  const { status, body } = await after.post({ jsonrpc: '2.0', id: 7, method: 'ping' }, { 'mcp-session-id': id })
  expect([status, body.result]).toEqual([200, {}])
})

test('batches are for 2025-03-26 only, and bounded', async () => {
  const server = await aServer({ 'max-batch': 3 })
  const open = async (revision: string) => ({ 'mcp-session-id': (await server.post(initialize(revision))).headers.get('mcp-session-id')! })
  const ping = (id: number) => ({ jsonrpc: '2.0', id, method: 'ping' })
  const old = await open('2025-03-26')
  expect((await server.post([ping(1), { jsonrpc: '2.0', method: 'notifications/initialized' }, ping(2)], old)).body).toEqual([
    { jsonrpc: '2.0', id: 1, result: {} },
    { jsonrpc: '2.0', id: 2, result: {} },
  ])
  expect((await server.post([ping(1), ping(2), ping(3), ping(4)], old)).status).toBe(400)
  expect((await server.post([ping(1)], await open('2025-06-18'))).status).toBe(400)
})

test('a stream that was cut is told what it missed', async () => {
  const server = await aServer()
  const { id, tool } = await aSession(server)
  const listen = async (last?: string) => {
    const response = await fetch(server.url, {
      headers: { accept: 'text/event-stream', 'mcp-session-id': id, ...(last === undefined ? {} : { 'last-event-id': last }) },
    })
    return response.body!.pipeThrough(new TextDecoderStream()).getReader()
  }
  const until = async (reader: ReadableStreamDefaultReader<string>, pattern: RegExp) => {
    let text = ''
    while (!pattern.test(text)) {
      const { value, done } = await reader.read()
      if (done) throw new Error(`the stream ended with ${text}`)
      text += value
    }
    return text
  }
  const first = await listen()
  await tool('create_task', { title: 'one' })
  const eventId = /id: (\S+)/.exec(await until(first, /list_changed"}\n\n/))![1]!
  await first.cancel()
  await tool('create_task', { title: 'two' })
  const second = await listen(eventId)
  expect(await until(second, /list_changed"}\n\n/)).toContain(
    `id: ${eventId.replace(/^\d+/, (sequence) => String(Number(sequence) + 1))}\n`,
  )
  await second.cancel()
})
