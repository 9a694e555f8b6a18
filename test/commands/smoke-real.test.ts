/** `task-mcp smoke --url` against a real server on this machine. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { McpSession, mcpByUrl } from '../../src/facts/mcp-session.ts'
import { startServer } from '../../src/server/server.ts'
import { resolveSettings } from '../../src/server/settings.ts'
import { makeTargets } from '../../src/targets/index.ts'
import { makeFetch } from '../../src/targets/service.ts'
import { aWorld, cli } from '../support/world.ts'

const leave: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const one of leave.splice(0).reverse()) await one()
})

async function aServer(settings: Record<string, string> = {}) {
  const folder = await mkdtemp(path.join(tmpdir(), 'task-mcp-smoke-'))
  leave.push(() => rm(folder, { recursive: true }))
  const server = await startServer(resolveSettings({ port: '0', 'database-path': path.join(folder, 'tasks.db'), ...settings }), {
    log: () => {},
    clock: Date,
    signal: new AbortController().signal,
    version: '0.0.0',
  })
  leave.push(() => server.close())
  const env: Record<string, string> = {}
  const world = aWorld({
    env,
    files: { '/project/token': 'right-token\n' },
    targets: (given) => makeTargets(given, { env: {}, home: folder, clock: { now: Date.now } } as never),
  })
  return { ...server, env, smoke: cli(world) }
}

test('every step of the walk is answered by the real thing, and nothing stays behind', async () => {
  const { url, smoke } = await aServer()
  const { code, out } = await smoke('smoke', '--url', url, '--for', '0', '--json')
  const report = JSON.parse(out)
  expect(report.checks.map((check: { name: string; state: string }) => [check.name, check.state])).toEqual([
    ['rollout', 'skipped'],
    ['walk: initialize', 'ok'],
    ['walk: create', 'ok'],
    ['walk: read', 'ok'],
    ['walk: complete', 'ok'],
    ['walk: delete', 'ok'],
    ['comparison', 'skipped'],
  ])
  expect(code).toBe(0)
})

test('a token is needed, and taken from its file', async () => {
  const { url, env, smoke } = await aServer({ tokens: 'ci=right-token' })
  const without = await smoke('smoke', '--url', url, '--for', '0')
  expect(without).toMatchObject({ code: 3, out: expect.stringContaining('wants a token (HTTP 401)') })
  env.TASK_MCP_MCP_TOKEN_FILE = '/project/token'
  const given = await smoke('smoke', '--url', url, '--for', '0')
  expect(given.code).toBe(0)
  expect(given.out + given.err).not.toContain('right-token')
})

test('a database that is full fails at the first write, with what the server said', async () => {
  const { url, smoke } = await aServer({ 'database-max-bytes': '512KiB', 'rate-limit': '0', 'address-rate-limit': '0' })
  const session = new McpSession(mcpByUrl(url, undefined, makeFetch({})))
  const { signal } = new AbortController()
  await session.initialize({ name: 'test', version: '0' }, signal)
  const fill = async (description: string): Promise<never> => {
    for (;;) await session.call('create_task', { title: 'one more', description }, signal)
  }
  // Large tasks first; what room they leave is taken by small ones.
  for (const size of [8000, 1]) await expect(fill('x'.repeat(size))).rejects.toThrow('HTTP 503: Not available now: the database is full')
  const { code, out } = await smoke('smoke', '--url', url, '--for', '0')
  expect(code).toBe(3)
  expect(out).toContain('database is full')
})

test('nobody there', async () => {
  const { smoke, url, close } = await aServer()
  await close()
  const { code, out } = await smoke('smoke', '--url', url, '--for', '0')
  expect(code).toBe(3)
  expect(out).toMatch(/^FAIL: walk: initialize: /)
})
