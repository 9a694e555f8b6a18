import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { startServer } from '../../src/server/server.ts'
import { resolveSettings } from '../../src/server/settings.ts'
import { aFolder, initialize, post } from './a-server.ts'

test('a server whose clock is set back two hours goes on: sessions, limits, leases and the order of changes', {
  timeout: 20_000,
}, async () => {
  let step = 0
  const token = 'canary-token-of-ada'
  const server = await startServer(
    resolveSettings({
      port: 0,
      'database-path': path.join(aFolder(), 'tasks.db'),
      tokens: `ada=${token}`,
      'rate-limit': 1,
      'rate-burst': 12,
      'session-idle': '1m',
    }),
    { log: () => undefined, clock: { now: () => Date.now() + step }, signal: new AbortController().signal, version: '1.2.3' },
  )
  onTestFinished(() => server.close())
  const authorization = `Bearer ${token}`
  const { headers } = await post(server.url, initialize(), { authorization })
  const session = headers.get('mcp-session-id')!
  const tool = (name: string, input: object) =>
    post(
      server.url,
      { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: input } },
      { authorization, 'mcp-session-id': session },
    )
  const { task } = (await tool('create_task', { title: 'before' })).body.result.structuredContent
  const { claim } = (await tool('claim_task', { leaseSeconds: 60 })).body.result.structuredContent
  step = -7_200_000
  const again = (await tool('create_task', { title: 'after' })).body.result.structuredContent.task
  expect(again.createdAt >= task.createdAt).toBe(true)
  expect((await tool('claim_task', { leaseSeconds: 60 })).body.result.structuredContent.task.id).toBe(again.id)
  const renewed = (await tool('heartbeat_task', { id: task.id, claimId: claim.id, leaseSeconds: 60 })).body.result
  expect(renewed.isError).not.toBe(true)
  // The limit still refuses after the burst, and says how long for: seconds, not hours.
  let answer = await tool('list_tasks', {})
  for (let count = 0; count < 20 && answer.status === 200; count++) answer = await tool('list_tasks', {})
  expect(answer.status).toBe(429)
  expect(Number(answer.headers.get('retry-after'))).toBeLessThanOrEqual(2)
  expect((await fetch(`${server.adminUrl}/health/ready`)).status).toBe(200)
})
