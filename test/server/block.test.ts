import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { createBlocked } from '../../src/server/http/block-list.ts'
import { resolveSettings, type Settings } from '../../src/server/settings.ts'
import { aServer, aSession, initialize } from './a-server.ts'

const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

/** A server whose settings file can be changed while it runs. */
async function changeable(first: Record<string, unknown>, more: { clock?: { now(): number } } = {}) {
  let now = first
  const server = await aServer({ ...now, 'reload-interval': '20ms' }, undefined, {
    ...more,
    reload: async () =>
      resolveSettings({ port: 0, 'log-level': 'debug', 'reload-interval': '20ms', 'database-path': server.databasePath, ...now }),
  })
  return {
    server,
    change: (next: Record<string, unknown>) => {
      now = { ...first, ...next }
    },
  }
}

test('a principal that is blocked while the server runs is refused, its streams end, and others stay', async () => {
  const { server, change } = await changeable({ tokens: 'ada=canary-ada-token,bob=canary-bob-token' })
  const ada = await aSession(server, bearer('canary-ada-token'))
  const stream = await fetch(server.url, {
    headers: { ...bearer('canary-ada-token'), accept: 'text/event-stream', 'mcp-session-id': ada.id, 'mcp-protocol-version': '2025-11-25' },
  })
  expect(stream.status).toBe(200)
  expect(await server.metric('task_mcp_setting{setting="blocked-principals"}')).toBe(0)
  change({ 'blocked-principals': ['ada until 2999-01-01T00:00:00Z'] })
  await expect.poll(() => server.metric('task_mcp_setting{setting="blocked-principals"}'), { timeout: 5000 }).toBe(1)
  await stream.text()
  const refused = await server.post(initialize(), bearer('canary-ada-token'))
  expect([refused.status, refused.body.error.message]).toEqual([403, expect.stringContaining('blocked until 2999-01-01T00:00:00.000Z')])
  expect((await server.post(initialize(), bearer('canary-bob-token'))).status).toBe(200)
  expect(await server.metric('rate_limit_hits_total{limiter="blocked",reason="blocked"}')).toBe(1)
  expect(await server.metric('streaming_connections_closed_total{reason="blocked"}')).toBe(1)
  change({})
  await expect.poll(async () => (await server.post(initialize(), bearer('canary-ada-token'))).status, { timeout: 5000 }).toBe(200)
})

test('a blocked address does not even get its token looked at, and health answers it', async () => {
  const { server, change } = await changeable({ tokens: 'ada=canary-ada-token' })
  change({ 'blocked-addresses': '127.0.0.0/8' })
  await expect.poll(async () => (await server.post(initialize(), bearer('canary-ada-token'))).status, { timeout: 5000 }).toBe(403)
  const before = await server.metric('auth_attempts_total')
  await server.post(initialize(), bearer('canary-ada-token'))
  expect(await server.metric('auth_attempts_total')).toBe(before)
  expect((await fetch(`${server.adminUrl}/health/ready`)).status).toBe(200)
})

test('an entry ends at its time, by the clock of the server', async () => {
  let now = Date.parse('2026-03-01T12:00:00Z')
  const settings = { blockedAddresses: ['203.0.113.0/24 until 2026-03-01T13:00:00Z', '2001:db8::7'], blockedPrincipals: ['tag7'] }
  const blocked = createBlocked(
    () => settings as unknown as Settings,
    () => now,
  )
  expect(blocked.address('203.0.113.9')?.who).toBe('203.0.113.0/24')
  expect(blocked.address('::ffff:203.0.113.9')?.who).toBe('203.0.113.0/24')
  expect(blocked.address('203.0.114.9')).toBeUndefined()
  expect(blocked.address('2001:db8::7')?.until).toBeUndefined()
  expect(blocked.principal({ name: 'ada', tag: 'tag7' })?.who).toBe('tag7')
  expect(blocked.count()).toEqual({ addresses: 2, principals: 1 })
  now += 3_600_000
  expect(blocked.address('203.0.113.9')).toBeUndefined()
  expect(blocked.count()).toEqual({ addresses: 1, principals: 1 })
})

test.each([
  ['blocked-addresses', '203.0.113.300', 'no address and no network'],
  ['blocked-addresses', '203.0.113.0/40', 'no address and no network'],
  ['blocked-addresses', 'example.com', 'no address and no network'],
  ['blocked-principals', 'ada until tomorrow', 'not WHO or WHO until TIME'],
])('%s: %s is refused, and what was in force stays', async (setting, text, said) => {
  expect(() => resolveSettings({ [setting]: [text] })).toThrow(said)
  const { server, change } = await changeable({ 'rate-limit': 7 })
  change({ 'rate-limit': 8, [setting]: [text] })
  await expect.poll(() => server.lines.filter(({ level }) => level === 'error').length, { timeout: 5000 }).toBeGreaterThan(0)
  expect(await server.metric('task_mcp_setting{setting="rate-limit"}')).toBe(7)
})

test('the circuit breaker takes other limits while it runs', async () => {
  const broken = createServer((_, response) => response.writeHead(500).end())
  await new Promise<void>((resolve) => broken.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void broken.close())
  const { server, change } = await changeable({
    'webhook-url': `http://127.0.0.1:${(broken.address() as AddressInfo).port}/`,
    'webhook-mode': 'before',
    'webhook-breaker-failures': 50,
  })
  const session = await aSession(server)
  const open = () => server.metric('circuit_breaker_state{dependency="webhook"}')
  await session.tool('create_task', { title: 'one' })
  expect(await open()).toBe(0)
  change({ 'webhook-breaker-failures': 2, 'webhook-breaker-reset': '1h' })
  await expect.poll(() => server.metric('task_mcp_setting{setting="webhook-breaker-failures"}'), { timeout: 5000 }).toBe(2)
  await session.tool('create_task', { title: 'two' })
  expect(await open()).toBe(2)
})
