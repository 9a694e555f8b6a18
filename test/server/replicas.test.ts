import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import pg from 'pg'
import { describe, expect, onTestFinished, test } from 'vitest'
import { aServer, aSession, type TestServer } from './a-server.ts'
import { aDatabase, postgresThere } from './stores.ts'

describe.skipIf(!postgresThere)('two replicas on one PostgreSQL (TEST_DATABASE_URL)', { timeout: 30_000 }, () => {
  const twoReplicas = async () => {
    const url = await aDatabase()
    return [await aServer({ 'database-url': url }), await aServer({ 'database-url': url })] as const
  }
  const listen = async (server: TestServer, session: string, last?: string) => {
    const response = await fetch(server.url, {
      headers: { accept: 'text/event-stream', 'mcp-session-id': session, ...(last === undefined ? {} : { 'last-event-id': last }) },
    })
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
    let text = ''
    return async (pattern: RegExp) => {
      while (!pattern.test(text)) {
        const { value, done } = await reader.read()
        if (done) throw new Error(`the stream ended with ${text}`)
        text += value
      }
      return text
    }
  }
  const at = (server: TestServer, session: string, method: string, params: object = {}) =>
    server.post({ jsonrpc: '2.0', id: 9, method, params }, { 'mcp-session-id': session })

  test('any replica answers for a session, and it ends everywhere', async () => {
    const [one, two] = await twoReplicas()
    const { id, tool } = await aSession(one)
    await tool('create_task', { title: 'made at one' })
    expect((await at(two, id, 'tools/call', { name: 'list_tasks', arguments: {} })).body.result.structuredContent.tasks).toHaveLength(1)
    await fetch(two.url, { method: 'DELETE', headers: { 'mcp-session-id': id } })
    await expect.poll(async () => (await at(one, id, 'ping')).status).toBe(404)
  })

  test('what other replicas cannot know of a session is not acknowledged: 503, and when to come back', async () => {
    const url = await aDatabase()
    const settings = { 'database-url': url, 'database-connect-timeout': 1 }
    const [one, two] = [await aServer(settings), await aServer(settings)]
    const before = await aSession(one)
    const name = new URL(url).pathname.slice(1)
    const admin = new pg.Client(process.env.TEST_DATABASE_URL)
    await admin.connect()
    onTestFinished(() => admin.end())
    await admin.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS false`)
    await admin.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [name])
    const { opened } = await aSession(one)
    const subscribed = await before.call('resources/subscribe', { uri: 'task://any' })
    const ended = await fetch(one.url, { method: 'DELETE', headers: { 'mcp-session-id': before.id } })
    for (const { status, headers } of [opened, subscribed, ended])
      expect([status, headers.get('retry-after'), headers.get('mcp-session-id')]).toEqual([503, '2', null])
    await admin.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS true`)
    const after = await aSession(one)
    for (const { id } of [before, after]) expect(await at(two, id, 'ping')).toMatchObject({ status: 200 })
    expect((await fetch(one.url, { method: 'DELETE', headers: { 'mcp-session-id': before.id } })).status).toBe(200)
    await expect.poll(async () => (await at(two, before.id, 'ping')).status).toBe(404)
    expect(JSON.stringify([...one.lines, ...two.lines])).not.toContain('by a bug')
  })

  test('a subscription made at one replica is heard on a stream of the other, whoever makes the change', async () => {
    const [one, two] = await twoReplicas()
    const { id, tool } = await aSession(one)
    const { data } = await tool('create_task', { title: 'watched' })
    const until = await listen(one, id)
    await at(two, id, 'resources/subscribe', { uri: `task://${data.task.id}` })
    const other = await aSession(two)
    await expect.poll(() => one.lines.some(({ msg }) => msg === 'listening for changes of other replicas')).toBe(true)
    await expect
      .poll(
        async () => {
          const { version } = (await other.tool('get_task', { id: data.task.id })).data.task
          await other.tool('update_task', { id: data.task.id, version, title: `watched ${version}` })
          return Promise.race([
            until(/resources\/updated/).then(() => true),
            new Promise((resolve) => setTimeout(() => resolve(false), 300)),
          ])
        },
        { timeout: 10_000 },
      )
      .toBe(true)
  })

  test('a stream that ended with its replica goes on at the other without a gap', async () => {
    const [one, two] = await twoReplicas()
    const { id } = await aSession(one)
    const writer = await aSession(two)
    const until = await listen(one, id)
    await expect.poll(() => one.lines.some(({ msg }) => msg === 'listening for changes of other replicas')).toBe(true)
    await writer.tool('create_task', { title: 'heard' })
    const last = /id: (\S+)/.exec(await until(/list_changed"}\n\n/))![1]!
    const next = (by: number) => last.replace(/^\d+/, (sequence) => String(Number(sequence) + by))
    await one.close()
    await writer.tool('create_task', { title: 'missed 1' })
    await writer.tool('create_task', { title: 'missed 2' })
    const goOn = await listen(two, id, last)
    expect(await goOn(new RegExp(`id: ${next(2)}\n`))).toContain(`id: ${next(1)}\n`)
  })

  test('the webhook is told once of a change, however many replicas hear of it', async () => {
    const told: Array<Record<string, unknown>> = []
    const hook = createServer((request, response) => {
      let text = ''
      request.setEncoding('utf8')
      request.on('data', (part: string) => {
        text += part
      })
      request.on('end', () => {
        told.push(JSON.parse(text))
        response.end()
      })
    })
    await new Promise<void>((resolve) => hook.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void hook.close())
    const settings = { 'database-url': await aDatabase(), 'webhook-url': `http://127.0.0.1:${(hook.address() as AddressInfo).port}` }
    const [one, two] = [await aServer(settings), await aServer(settings)]
    for (const server of [one, two])
      await expect.poll(() => server.lines.some(({ msg }) => msg === 'listening for changes of other replicas')).toBe(true)
    const [atOne, atTwo] = [await aSession(one), await aSession(two)]
    for (let number = 0; number < 3; number++) {
      await atOne.tool('create_task', { title: `one ${number}` })
      await atTwo.tool('create_task', { title: `two ${number}` })
    }
    await expect.poll(() => told.length).toBe(6)
    await Promise.all([one.close(), two.close()])
    expect(new Set(told.map(({ taskId }) => taskId)).size).toBe(6)
    expect(told).toHaveLength(6)
    expect(told[0]).not.toHaveProperty('origin')
  })

  test('no acknowledged write is lost or doubled when PostgreSQL cuts its connections again and again', async () => {
    const url = await aDatabase()
    const server = await aServer({ 'database-url': url, 'log-level': 'error', 'rate-limit': 0, 'address-rate-limit': 0 })
    const session = await aSession(server)
    const admin = new pg.Client(process.env.TEST_DATABASE_URL)
    await admin.connect()
    onTestFinished(() => admin.end())
    const acknowledged = new Map<string, string>()
    let cutting = true
    const writers = Array.from({ length: 6 }, async (_, writer) => {
      for (let number = 0; cutting; number++) {
        const key = `${writer}-${number}`
        // As the tools ask for: after a failure the same call again under the same key, until it is acknowledged.
        for (;;) {
          const { data } = await session.tool('create_task', { title: key, idempotencyKey: key })
          if (data === undefined) continue
          acknowledged.set(key, data.task.id)
          break
        }
      }
    })
    for (let cut = 0; cut < 6; cut++) {
      await new Promise((resolve) => setTimeout(resolve, 150))
      await admin.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [new URL(url).pathname.slice(1)])
    }
    cutting = false
    await Promise.all(writers)
    const client = new pg.Client(url)
    await client.connect()
    const { rows } = await client.query<{ id: string; title: string }>('SELECT id, title FROM tasks')
    await client.end()
    expect(acknowledged.size).toBeGreaterThan(0)
    expect(new Map(rows.map(({ id, title }) => [title, id]))).toEqual(acknowledged)
    expect(rows).toHaveLength(acknowledged.size)
  })
})
