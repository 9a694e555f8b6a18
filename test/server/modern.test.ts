import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { expect, onTestFinished, test } from 'vitest'
import { aServer, aSession, type TestServer } from './a-server.ts'

const meta = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'a test', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': {},
}

const call = (server: TestServer, method: string, params: Record<string, unknown> = {}, headers: Record<string, string> = {}) =>
  server.post(
    { jsonrpc: '2.0', id: 1, method, params: { ...params, _meta: meta } },
    {
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': method,
      ...(typeof params.name === 'string' ? { 'mcp-name': params.name } : {}),
      ...headers,
    },
  )

test('the official client of this era finds the tools and calls one', async () => {
  const server = await aServer()
  const client = new Client({ name: 'a test', version: '1' }, { versionNegotiation: { mode: { pin: '2026-07-28' } } })
  await client.connect(new StreamableHTTPClientTransport(new URL(server.url)))
  onTestFinished(() => client.close())
  expect((await client.listTools()).tools.map(({ name }) => name)).toContain('claim_task')
  const { structuredContent } = await client.callTool({ name: 'create_task', arguments: { title: 'Modern' } })
  expect(structuredContent).toMatchObject({ task: { title: 'Modern' } })
  expect(server.lines.some(({ mcp_method }) => mcp_method === 'initialize')).toBe(false)
})

test('no session is given or needed, results say their type, who answered, and how long they may be kept', async () => {
  const server = await aServer()
  const { headers, body } = await call(server, 'tools/list')
  expect(headers.get('mcp-session-id')).toBeNull()
  expect(body.result).toMatchObject({
    resultType: 'complete',
    ttlMs: 300_000,
    cacheScope: 'public',
    _meta: { 'io.modelcontextprotocol/serverInfo': { name: 'task-mcp', version: '1.2.3' } },
  })
  expect((await call(server, 'resources/list')).body.result).toMatchObject({ ttlMs: 0, cacheScope: 'private' })
  expect((await call(server, 'server/discover')).body.result.supportedVersions).toEqual(['2026-07-28'])
})

test.each([
  ['a method of the other era', 'ping', {}, {}, 404, -32601],
  ['a header that names another method', 'tools/list', {}, { 'mcp-method': 'tools/call' }, 400, -32020],
  ['a header that names another tool', 'tools/call', { name: 'get_task' }, { 'mcp-name': 'delete_task' }, 400, -32020],
  ['a revision in the header that is not the one in the body', 'tools/list', {}, { 'mcp-protocol-version': '2025-11-25' }, 400, -32020],
])('%s is refused as the protocol says', async (_, method, params, headers, status, code) => {
  const answer = await call(await aServer(), method, params, headers)
  expect([answer.status, answer.body.error.code, answer.body.id]).toEqual([status, code, 1])
})

test('GET and DELETE have no use in this era', async () => {
  const server = await aServer()
  for (const method of ['GET', 'DELETE'])
    expect((await fetch(server.url, { method, headers: { 'mcp-protocol-version': '2026-07-28' } })).status).toBe(405)
})

test('both eras see one list, and a listener hears what a session did', async () => {
  const server = await aServer()
  const session = await aSession(server)
  const { data } = await session.tool('create_task', { title: 'Shared' })
  const uri = `task://${data.task.id}`
  const answered = await fetch(server.url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': 'subscriptions/listen',
    },
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: 'sub-1',
      method: 'subscriptions/listen',
      params: { notifications: { resourceSubscriptions: [uri] }, _meta: meta },
    }),
  })
  const reader = answered.body!.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  const until = async (part: string) => {
    while (!text.includes(part)) {
      const { value, done } = await reader.read()
      if (done) throw new Error(`the stream ended without ${part}: ${text}`)
      text += value
    }
  }
  await until('notifications/subscriptions/acknowledged')
  await session.tool('create_task', { title: 'not subscribed' })
  await session.tool('complete_task', { id: data.task.id })
  await until('notifications/resources/updated')
  expect(text).toContain('"io.modelcontextprotocol/subscriptionId":"sub-1"')
  expect(text).not.toContain('list_changed')
  const closed = server.close()
  await until('"result":{"resultType":"complete"')
  await closed
})
