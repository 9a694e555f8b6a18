import fc from 'fast-check'
import { expect, test } from 'vitest'
import { aServer, aSession } from './a-server.ts'
import { aDatabase, postgresThere } from './stores.ts'

const meta = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientCapabilities': { extensions: { 'io.modelcontextprotocol/tasks': {} } },
}
const methods = [
  'tools/call',
  'tools/list',
  'resources/read',
  'resources/list',
  'resources/subscribe',
  'prompts/get',
  'completion/complete',
  'ping',
  'logging/setLevel',
  'server/discover',
  'tasks/get',
  'tasks/update',
  'tasks/cancel',
  'initialize',
  'no/such',
  '__proto__',
  'constructor',
  '',
]
const names = [
  'create_task',
  'create_tasks',
  'get_task',
  'list_tasks',
  'search_tasks',
  'update_task',
  'change_tasks',
  'delete_tasks',
  'export_tasks',
  'claim_task',
  'complete_task',
  'task_history',
  'toString',
  'no_such',
]
const fields = [
  'id',
  'title',
  'tasks',
  'changes',
  'action',
  'addLabels',
  'format',
  'labels',
  'dueAt',
  'dependsOn',
  'version',
  'cursor',
  'text',
  'sort',
  'limit',
  'claimId',
  'idempotencyKey',
  '__proto__',
  'leaseSeconds',
]

const loose = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.constantFrom('', '\u0000', "'; DROP TABLE tasks; --", '%', '🦊', 'task_', '#1', -1, 0, 1e308, null, [], {}),
)
const input = fc.oneof(fc.dictionary(fc.constantFrom(...fields), loose, { maxKeys: 5 }), loose)
const change = fc.record(
  {
    id: loose,
    action: fc.constantFrom('update', 'complete', 'reopen', 'label'),
    version: loose,
    addLabels: loose,
    dependsOn: loose,
    title: loose,
  },
  { requiredKeys: ['id', 'action'] },
)
const params = fc.oneof(
  fc.record({ name: fc.constant('change_tasks'), arguments: fc.record({ changes: fc.array(change, { minLength: 1, maxLength: 4 }) }) }),
  fc.record({ name: fc.constantFrom(...names), arguments: input }),
  fc.dictionary(
    fc.constantFrom('name', 'uri', 'cursor', 'ref', 'argument', 'level', 'arguments', '_meta', 'notifications', 'taskId'),
    loose,
    {
      maxKeys: 4,
    },
  ),
)
const id = fc.oneof(fc.integer(), fc.string({ maxLength: 20 }), fc.constantFrom(null, 1.5, true))
const message = fc.oneof(
  { weight: 8, arbitrary: fc.record({ jsonrpc: fc.constant('2.0'), id, method: fc.constantFrom(...methods), params }) },
  { weight: 2, arbitrary: fc.jsonValue({ maxDepth: 4 }) },
)

test.for(postgresThere ? ['SQLite', 'PostgreSQL'] : ['SQLite'])(
  'whatever is sent in either era, the answer is one that the protocol has, to the one who asked: %s',
  { timeout: 120_000 },
  async (store) => {
    const server = await aServer({
      ...(store === 'SQLite' ? {} : { 'database-url': await aDatabase() }),
      'rate-limit': 0,
      'address-rate-limit': 0,
      'initialize-limit': 0,
      'log-level': 'error',
    })
    const session = await aSession(server)
    await fc.assert(
      fc.asyncProperty(message, fc.boolean(), async (body, modern) => {
        const sent = modern ? withMeta(body) : body
        const headers: Record<string, string> = modern
          ? { 'mcp-protocol-version': '2026-07-28', ...mirrored(sent) }
          : { 'mcp-session-id': session.id }
        const answer = await server.post(JSON.stringify(sent), headers)
        expect(answer.status, JSON.stringify([sent, answer.body])).toBeLessThan(500)
        const asked = (sent as { id?: unknown } | null)?.id
        if (answer.body?.id !== undefined && answer.body.id !== null) expect(answer.body.id).toEqual(asked)
        if (answer.body?.error !== undefined) expect(answer.body.error.code).not.toBe(-32603)
      }),
      { numRuns: 600 },
    )
    expect(server.lines.filter(({ msg }) => String(msg).includes('bug'))).toEqual([])
    expect((await session.tool('create_task', { title: 'still here' })).status).toBe(200)
  },
)

function withMeta(body: unknown): unknown {
  if (typeof body !== 'object' || body === null || Array.isArray(body) || !('params' in body)) return body
  return { ...body, params: { ...(body.params as object), _meta: meta } }
}

function mirrored(body: unknown): Record<string, string> {
  const { method, params: given } = (body ?? {}) as { method?: unknown; params?: { name?: unknown; uri?: unknown } }
  const name = given?.name ?? given?.uri
  const plain = (value: unknown): value is string => typeof value === 'string' && /^[\x21-\x7e]+$/.test(value)
  return { ...(plain(method) ? { 'mcp-method': method } : {}), ...(plain(name) ? { 'mcp-name': name } : {}) }
}
