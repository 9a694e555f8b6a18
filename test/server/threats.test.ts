/** What docs/threats.md promises and no other test shows. */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { Tool } from '../../src/server/mcp/definition.ts'
import { aFolder, aServer, aSession, initialize } from './a-server.ts'

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds))
const tool = (name: string, call: (input: Record<string, string>) => Promise<object>): Tool => ({
  name,
  title: name,
  description: name,
  inputSchema: { type: 'object' },
  scope: 'tasks:read',
  call: call as unknown as Tool['call'],
})

test('two requests of one session with one id each get their own answer', async () => {
  const echo = tool('echo', async ({ text, wait }) => {
    await pause(Number(wait))
    return { content: [{ type: 'text', text }] }
  })
  const server = await aServer({}, { tools: [echo], resources: [], prompts: [] })
  const { id } = await aSession(server)
  const ask = (text: string, wait: number) =>
    server.post(
      { jsonrpc: '2.0', id: 7, method: 'tools/call', params: { name: 'echo', arguments: { text, wait } } },
      { 'mcp-session-id': id },
    )
  const answers = await Promise.all([ask('slow', 100), ask('fast', 1)])
  expect(answers.map(({ body }) => body.result.content[0].text)).toEqual(['slow', 'fast'])
})

test('a bug of ours says nothing of the inside to the caller, and all to the log', async () => {
  const broken = tool('broken', async () => {
    throw new Error('canary: /etc/inside')
  })
  const server = await aServer({}, { tools: [broken], resources: [], prompts: [] })
  const session = await aSession(server)
  const answer = await session.call('tools/call', { name: 'broken' })
  expect([answer.status, answer.body.error.code]).toEqual([500, -32603])
  expect(JSON.stringify(answer.body)).not.toContain('canary')
  const line = server.lines.find(({ reason }) => String(reason).includes('canary'))
  expect(line).toMatchObject({ level: 'error', request_id: answer.headers.get('x-request-id') })
})

test('who may not read hears of no change either, and is given no completions', async () => {
  const file = path.join(aFolder(), 'tokens')
  writeFileSync(file, `writer ${createHash('sha256').update('canary-writer').digest('hex')} tasks:write\n`)
  const server = await aServer({ 'token-file': file })
  const headers = { authorization: 'Bearer canary-writer' }
  const writer = await aSession(server, headers)
  expect((await writer.call('resources/subscribe', { uri: 'task://x' })).status).toBe(403)
  expect(
    (await writer.call('completion/complete', { ref: { type: 'ref/resource', uri: 'task://{id}' }, argument: { name: 'id', value: '' } }))
      .status,
  ).toBe(403)
  const listen = {
    jsonrpc: '2.0',
    id: 1,
    method: 'subscriptions/listen',
    params: {
      notifications: { resourcesListChanged: true },
      _meta: { 'io.modelcontextprotocol/protocolVersion': '2026-07-28', 'io.modelcontextprotocol/clientCapabilities': {} },
    },
  }
  expect(
    (await server.post(listen, { ...headers, 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'subscriptions/listen' })).status,
  ).toBe(403)
})

test('headers without end are cut off', async () => {
  const server = await aServer()
  expect((await server.post(initialize(), { 'x-long': 'a'.repeat(20_000) })).status).toBe(431)
})

test('a body that ends early or never comes keeps nobody else waiting', async () => {
  const server = await aServer({ 'max-in-flight': 1 })
  const { hostname, port } = new URL(server.url)
  const socket = connect(Number(port), hostname)
  socket.write(
    `POST /mcp HTTP/1.1\r\nHost: ${hostname}:${port}\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"jsonrpc"`,
  )
  await expect.poll(async () => (await server.post(initialize())).status).toBe(503)
  socket.destroy()
  await expect.poll(async () => (await server.post(initialize())).status, { timeout: 5000 }).toBe(200)
  expect(await server.metric('rate_limit_hits_total{limiter="in_flight",reason="capacity"}')).toBeGreaterThan(0)
})

test('words that look like SQL or a path stay words', async () => {
  const session = await aSession(await aServer())
  const title = `'); DELETE FROM tasks; -- ../../etc/passwd`
  const { data } = await session.tool('create_task', { title, labels: [title.slice(0, 50)] })
  expect((await session.tool('search_tasks', { text: 'DELETE FROM' })).data.tasks).toHaveLength(1)
  expect((await session.tool('list_tasks', { labels: [title.slice(0, 50)] })).data.tasks[0].id).toBe(data.task.id)
  expect((await session.call('resources/read', { uri: 'task://../../etc/passwd' })).body.error.code).toBe(-32002)
})

test('nobody is led to another address by a webhook that redirects', async () => {
  const asked: string[] = []
  const hook = createServer((request, response) => {
    asked.push(String(request.url))
    response.writeHead(307, { location: '/inside' }).end()
  })
  await new Promise<void>((resolve) => hook.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void hook.close())
  const { port } = hook.address() as AddressInfo
  const server = await aServer({ 'webhook-url': `http://127.0.0.1:${port}/changes`, 'webhook-mode': 'before' })
  const session = await aSession(server, { authorization: 'Bearer canary-of-the-caller' })
  expect((await session.tool('create_task', { title: 'asked' })).status).toBe(503)
  expect(asked).toEqual(['/changes'])
})

test('the webhook is not given the token of the caller', async () => {
  const heard: string[] = []
  const hook = createServer((request, response) => {
    heard.push(JSON.stringify(request.headers))
    request.on('data', (part: Buffer) => heard.push(part.toString()))
    request.on('end', () => response.writeHead(204).end())
  })
  await new Promise<void>((resolve) => hook.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void hook.close())
  const { port } = hook.address() as AddressInfo
  const token = 'canary-token-of-ada'
  const settings = { 'webhook-url': `http://127.0.0.1:${port}/`, 'webhook-mode': 'before', tokens: `ada=${token}` }
  const session = await aSession(await aServer(settings), { authorization: `Bearer ${token}` })
  expect(await session.tool('create_task', { title: 'told' })).toMatchObject({ status: 200, isError: false })
  expect(heard.length).toBeGreaterThan(1)
  expect(heard.join()).not.toContain('canary')
})

test('who did what can be told afterwards, by the log and by the history', async () => {
  const token = 'canary-token-of-ada'
  const server = await aServer({ tokens: `ada=${token}` })
  const session = await aSession(server, { authorization: `Bearer ${token}` })
  const { data } = await session.tool('create_task', { title: 'mine' })
  await session.tool('complete_task', { id: data.task.id })
  const { history } = (await session.tool('task_history', { id: data.task.id })).data
  expect(history.map(({ actor, action }: Record<string, string>) => [actor, action])).toEqual([
    ['ada', 'completed'],
    ['ada', 'created'],
  ])
  const lines = server.lines.filter(({ msg, mcp_method }) => msg === 'request' && mcp_method === 'tools/call')
  expect(lines).toHaveLength(3)
  for (const line of lines) expect(line).toMatchObject({ status: 200, principal: expect.stringMatching(/^[0-9a-f]{8}$/) })
  expect(JSON.stringify(server.lines)).not.toContain(token)
})

test('a server that was put up without authentication says so, and which it is', async () => {
  const server = await aServer()
  expect(server.lines.find(({ msg }) => String(msg).startsWith('there is no authentication'))).toMatchObject({
    level: 'warn',
    url: server.url,
  })
  expect(await server.metric('task_mcp_build_info{version="1.2.3",revision=""}')).toBe(1)
})

test('no text of a caller can become a command: the server starts no process and evaluates nothing', () => {
  const room = path.join(import.meta.dirname, '../../src/server')
  for (const file of readdirSync(room, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts')))
    expect(readFileSync(path.join(room, file), 'utf8'), file).not.toMatch(/node:(child_process|vm|worker_threads)|\beval\(|new Function/)
})

test('every test that the table of threats names is there', () => {
  const table = readFileSync(path.join(import.meta.dirname, '../../docs/threats.md'), 'utf8')
  const named = [...table.matchAll(/`(test\/[\w./-]+)`: ([^|]+?)\s*\|$/gm)]
  expect(named.length).toBeGreaterThan(20)
  for (const [, file = '', names = ''] of named) {
    const source = readFileSync(path.join(import.meta.dirname, '../..', file), 'utf8')
    for (const name of names.split(' · ')) expect(source, `${file} has no test "${name}"`).toContain(name)
  }
})
