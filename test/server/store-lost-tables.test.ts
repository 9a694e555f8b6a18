import { renameSync } from 'node:fs'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import pg from 'pg'
import { expect, onTestFinished, test } from 'vitest'
import { checkFile, restoreFile } from '../../src/server/store/maintenance.ts'
import { openPostgres } from '../../src/server/store/postgres.ts'
import { openSqlite } from '../../src/server/store/sqlite.ts'
import { createTaskList } from '../../src/server/tasks/task-list.ts'
import { aFolder, aServer, aSession } from './a-server.ts'
import { aDatabase, postgresThere } from './stores.ts'

const readiness = async (url: string) => (await (await fetch(`${url}/health/ready`)).json()) as { status: string; checks: object }

/** A server whose database loses tables by the hand of somebody else, and the same database opened for a repair. */
async function broken(kind: 'sqlite' | 'postgres', harm: string) {
  const url = kind === 'postgres' ? await aDatabase() : ''
  const server = await aServer({ 'database-url': url, 'health-interval': '100ms' })
  const session = await aSession(server)
  await session.tool('create_task', { title: 'kept', labels: ['old'] })
  if (kind === 'sqlite') {
    const other = new DatabaseSync(server.databasePath)
    other.exec(`PRAGMA foreign_keys = OFF; ${harm}`)
    other.close()
  } else {
    const other = new pg.Client(url)
    await other.connect()
    await other.query(harm.replaceAll(/DROP TABLE (\w+)/g, 'DROP TABLE $1 CASCADE'))
    await other.end()
  }
  const quiet = { observe: () => undefined }
  const store =
    kind === 'sqlite'
      ? openSqlite({ path: server.databasePath, maxBytes: 0, ...quiet })
      : openPostgres({ url, poolSize: 1, connectTimeout: 2, statementTimeout: 2, instance: 'r', onFeed: () => undefined, ...quiet })
  onTestFinished(() => store.close())
  return { server, session, store }
}

for (const kind of ['sqlite', 'postgres'] as const) {
  const run = test.skipIf(kind === 'postgres' && !postgresThere)

  run(
    `lost tables beside others are named, never made anew in silence, and come back by a repair (${kind})`,
    { timeout: 20_000 },
    async () => {
      const { server, session, store } = await broken(kind, 'DROP TABLE task_comments; DROP TABLE tasks')
      await expect
        .poll(() => readiness(server.adminUrl), { timeout: 8000 })
        .toMatchObject({
          status: 'not_ready',
          checks: { store: { reason: expect.stringMatching(/lost the tables tasks, task_comments .*--repair/) } },
        })
      expect(await session.tool('list_tasks')).toMatchObject({ status: 503, error: { message: expect.stringContaining('lost tables') } })
      await expect(store.migrate()).rejects.toMatchObject({ problem: 'incomplete' })
      expect(await store.repair()).toEqual(['tasks', 'task_comments'])
      await expect.poll(() => readiness(server.adminUrl), { timeout: 8000 }).toMatchObject({ status: 'ready' })
      expect((await session.tool('list_tasks')).data.tasks).toEqual([])
      expect(await session.tool('create_task', { title: 'new' })).toMatchObject({ status: 200, isError: false })
      expect(JSON.stringify(server.lines)).not.toContain('by a bug')
    },
  )

  run(`a lost list of versions is no empty database (${kind})`, { timeout: 20_000 }, async () => {
    const { server, session, store } = await broken(kind, 'DROP TABLE schema_migrations')
    await expect.poll(() => readiness(server.adminUrl), { timeout: 8000 }).toMatchObject({ status: 'not_ready' })
    await expect(store.migrate()).rejects.toMatchObject({ problem: 'incomplete', message: expect.stringContaining('schema_migrations') })
    expect(await store.repair()).toEqual(['schema_migrations'])
    await store.migrate()
    await expect.poll(() => readiness(server.adminUrl), { timeout: 8000 }).toMatchObject({ status: 'ready' })
    expect((await session.tool('list_tasks')).data.tasks).toMatchObject([{ title: 'kept' }])
  })

  run(`a history that began again and outgrew the old one is read from its start (${kind})`, { timeout: 20_000 }, async () => {
    const { server, session, store } = await broken(kind, 'DROP TABLE task_history')
    const list = createTaskList(store, Date.now)
    await store.repair()
    await expect.poll(() => readiness(server.adminUrl), { timeout: 8000 }).toMatchObject({ status: 'ready' })
    for (const title of ['one', 'two', 'three']) await list.create('ada', { title })
    const again = await fetch(server.url, {
      headers: { accept: 'text/event-stream', 'mcp-session-id': session.id, 'last-event-id': '2.0000aaaa' },
    })
    const missed = again.body!.pipeThrough(new TextDecoderStream()).getReader()
    onTestFinished(() => missed.cancel())
    let text = ''
    while (!text.includes('id: 3.')) text += (await missed.read()).value
    expect([...new Set(text.match(/id: \d/g))]).toEqual(['id: 1', 'id: 2', 'id: 3'])
  })
}

test('a restored backup goes on with another history', async () => {
  const server = await aServer()
  await (await aSession(server)).tool('create_task', { title: 'kept' })
  await server.close()
  const epoch = (file: string) => {
    const database = new DatabaseSync(file)
    const row = database.prepare('SELECT id FROM history_epoch').get()
    database.close()
    return row?.id
  }
  const to = path.join(aFolder(), 'restored.db')
  restoreFile(server.databasePath, to)
  expect(epoch(to)).toMatch(/^[0-9a-f]{8}$/)
  expect(epoch(to)).not.toBe(epoch(server.databasePath))
})

test('a check of the file names lost tables', async () => {
  const { server } = await broken('sqlite', 'DROP TABLE task_labels')
  await server.close()
  expect(checkFile(server.databasePath).problems).toEqual([expect.stringContaining('lost the table task_labels')])
})

test('a file that is taken away under the server is written to no more, and used again when it is back', async () => {
  const server = await aServer({ 'health-interval': '100ms' })
  const session = await aSession(server)
  await session.tool('create_task', { title: 'kept' })
  renameSync(server.databasePath, `${server.databasePath}.away`)
  const refused = await session.call('tools/call', { name: 'create_task', arguments: { title: 'nowhere' } })
  expect(refused).toMatchObject({ status: 503, body: { error: { message: expect.stringContaining('moved, removed or replaced') } } })
  expect(refused.headers.get('retry-after')).toMatch(/^[1-9]\d*$/)
  await expect.poll(() => readiness(server.adminUrl), { timeout: 8000 }).toMatchObject({ status: 'not_ready' })
  renameSync(`${server.databasePath}.away`, server.databasePath)
  await expect.poll(() => readiness(server.adminUrl), { timeout: 8000 }).toMatchObject({ status: 'ready' })
  expect((await session.tool('list_tasks')).data.tasks).toHaveLength(1)
})

test.skipIf(!postgresThere)('a change that is committed after a later one is read on from that one too', { timeout: 20_000 }, async () => {
  const url = await aDatabase()
  const store = openPostgres({
    url,
    poolSize: 3,
    connectTimeout: 2,
    statementTimeout: 5,
    instance: 'r',
    observe: () => undefined,
    onFeed: () => undefined,
  })
  onTestFinished(() => store.close())
  await store.migrate()
  const list = createTaskList(store, Date.now)
  await list.create('ada', { title: 'long before' })
  const slow = new pg.Client(url)
  await slow.connect()
  onTestFinished(() => slow.end())
  // Transactions of other databases of this server count as under way too: those that are older than the first task have to be over.
  const past = 'SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint > max(transaction_id) AS past FROM task_history'
  await expect.poll(async () => (await slow.query<{ past: boolean }>(past)).rows[0]?.past, { timeout: 15_000 }).toBe(true)
  await slow.query('BEGIN')
  await slow.query("INSERT INTO task_history (task_id, version, at, actor, action, changes) VALUES ('slow', 1, 0, 'ada', 'created', '{}')")
  await list.create('ada', { title: 'overtakes' })
  const [last] = (await list.changesAfter({ sequence: 0 }, 10, false)).slice(-1)
  expect(last).toMatchObject({ sequence: 3 })
  await slow.query('COMMIT')
  expect((await list.changesAfter(last!, 10, true)).map(({ taskId }) => taskId)).toContain('slow')
  expect((await list.changesAfter(last!, 10, true)).map(({ sequence }) => sequence)).not.toContain(1)
})
