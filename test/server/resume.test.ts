/** Two server processes on one PostgreSQL: an answer that is begun at one of them and fetched at the other. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { createInterface } from 'node:readline'
import pg from 'pg'
import { describe, expect, onTestFinished, test } from 'vitest'
import { initialize, post } from './a-server.ts'
import { messagesOf } from './a-stream.ts'
import { aDatabase, postgresThere } from './stores.ts'

interface Replica {
  readonly url: string
  readonly process: ChildProcess
}

async function aReplica(databaseUrl: string, more: object = {}): Promise<Replica> {
  const settings = { port: 0, 'database-url': databaseUrl, ...more }
  const child = fork(path.join(import.meta.dirname, 'serve-process.ts'), [JSON.stringify(settings)], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const [url] = (await once(createInterface({ input: child.stdout! }), 'line')) as [string]
  return { url, process: child }
}

describe.skipIf(!postgresThere)('an answer in parts, at two processes on one PostgreSQL (TEST_DATABASE_URL)', { timeout: 60_000 }, () => {
  /** A call of 200 tasks at the first replica that stands still after 100, because somebody holds the next; and its session. */
  const begun = async (moreForTheOther: object = {}) => {
    const databaseUrl = await aDatabase()
    const [one, two] = [await aReplica(databaseUrl), await aReplica(databaseUrl, moreForTheOther)]
    const session = { 'mcp-session-id': (await post(one.url, initialize())).headers.get('mcp-session-id')! }
    const call = (name: string, input: object, id: string) => ({
      jsonrpc: '2.0',
      id,
      method: 'tools/call',
      params: { name, arguments: input, _meta: { progressToken: 'p' } },
    })
    const ids: string[] = []
    for (let part = 0; part < 2; part++) {
      const { body } = await post(
        one.url,
        {
          ...call('create_tasks', { tasks: Array(100).fill({ title: 'one' }) }, 'c'),
          params: { name: 'create_tasks', arguments: { tasks: Array(100).fill({ title: 'one' }) } },
        },
        session,
      )
      ids.push(...body.result.structuredContent.tasks.map(({ id }: { id: string }) => id))
    }
    const holder = new pg.Client(databaseUrl)
    await holder.connect()
    onTestFinished(() => holder.end())
    await holder.query('BEGIN')
    await holder.query('SELECT 1 FROM tasks WHERE id = $1 FOR UPDATE', [ids[120]])
    const leave = new AbortController()
    const answered = await fetch(one.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream', ...session },
      body: JSON.stringify(call('change_tasks', { changes: ids.map((id) => ({ id, action: 'complete' })) }, 'long')),
      signal: leave.signal,
    })
    const stream = messagesOf(answered)
    await stream.until(({ params }) => params?.progress === 100)
    return { one, two, session, holder, stream, leave: () => leave.abort() }
  }
  const resume = async (replica: Replica, session: Record<string, string>, last: string) =>
    messagesOf(await fetch(replica.url, { headers: { accept: 'text/event-stream', 'last-event-id': last, ...session } }))
  const progressOf = (stream: ReturnType<typeof messagesOf>) =>
    stream.seen.filter(({ method }) => method === 'notifications/progress').map(({ params }) => params.progress)

  test('cut at one, it goes on at the other after the last event that was read, to its end', async () => {
    const { two, session, holder, stream, leave } = await begun()
    const [prime, first] = stream.ids
    leave()
    const rest = await resume(two, session, first!)
    await rest.until(({ params }) => params?.progress === 100)
    const whole = await resume(two, session, prime!)
    await whole.until(({ params }) => params?.progress === 50)
    await holder.query('ROLLBACK')
    const { id, result } = await rest.until((message) => message.result !== undefined)
    expect([id, result.structuredContent.done]).toEqual(['long', 200])
    expect(progressOf(rest)).toEqual([100, 150, 200])
    await whole.until((message) => message.result !== undefined)
    expect(progressOf(whole)).toEqual([50, 100, 150, 200])
    expect(new Set(whole.ids).size).toBe(5)
    // Also when all of it is over.
    const late = await resume(two, session, rest.ids.at(-2)!)
    expect((await late.until(() => true)).id).toBe('long')
  })

  test('it is nobody else’s, and an event that there is not is no reason to wait', async () => {
    const { two, stream, holder } = await begun()
    const other = { 'mcp-session-id': (await post(two.url, initialize())).headers.get('mcp-session-id')! }
    const theirs = await resume(two, other, stream.ids[0]!)
    await post(
      two.url,
      { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'create_task', arguments: { title: 'heard' } } },
      other,
    )
    // What they hear is their own stream.
    expect((await theirs.until(() => true)).method).toBe('notifications/resources/list_changed')
    await holder.query('ROLLBACK')
    await stream.until((message) => message.result !== undefined)
    expect(JSON.stringify(theirs.seen)).not.toContain('progress')
  })

  test('when the replica that works on it is killed, the other says so in the end', async () => {
    const { one, two, session, stream } = await begun({ 'request-timeout': '1s' })
    one.process.kill('SIGKILL')
    const rest = await resume(two, session, stream.ids.at(-1)!)
    const { id, error } = await rest.until(() => true)
    expect([id, error.code, error.message]).toEqual(['long', -32000, expect.stringContaining('Repeat it under the same idempotencyKey')])
  })

  test('cancelled at the other, it stops at the one', async () => {
    const { one, two, session, holder, stream } = await begun()
    await post(two.url, { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 'long' } }, session)
    expect((await stream.until(({ error }) => error !== undefined)).error.message).toBe('The request was cancelled')
    await holder.query('ROLLBACK')
    const done = async () => (await holder.query(`SELECT count(*)::int AS done FROM tasks WHERE status = 'completed'`)).rows[0].done
    await expect.poll(done).toBe(150)
    expect((await post(one.url, { jsonrpc: '2.0', id: 2, method: 'ping' }, session)).status).toBe(200)
    expect(await done()).toBe(150)
  })
})
