/**
 * A real `create` through the whole task list, against the same statements by the driver alone: on SQLite with every commit synced, one
 * commit each; with TEST_DATABASE_URL on PostgreSQL too, in a database of its own, with as many connections and as many at once on both
 * sides. Turns alternate in one run and the best of each counts.
 *   node bench/server/create.ts [creates] [at-once]
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { cpus, loadavg, tmpdir } from 'node:os'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import pg from 'pg'
import { openPostgres } from '../../src/server/store/postgres.ts'
import { openSqlite } from '../../src/server/store/sqlite.ts'
import { newId } from '../../src/server/tasks/identifier.ts'
import { createTaskList } from '../../src/server/tasks/task-list.ts'

const creates = Number(process.argv[2] ?? 1000)
const atOnce = Number(process.argv[3] ?? 32)
const turns = 4
const folder = mkdtempSync(path.join(tmpdir(), 'task-mcp-bench-'))

async function whole(): Promise<number> {
  const store = openSqlite({ path: path.join(folder, `${newId('whole', Date.now())}.db`), maxBytes: 0, observe: () => undefined })
  await store.migrate()
  const list = createTaskList(store, Date.now)
  let left = creates
  const since = performance.now()
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      while (left-- > 0) await list.create('bench', { title: 'a task of the bench' })
    }),
  )
  const seconds = (performance.now() - since) / 1000
  await store.close()
  return creates / seconds
}

async function driverAlone(): Promise<number> {
  const file = path.join(folder, `${newId('alone', Date.now())}.db`)
  const store = openSqlite({ path: file, maxBytes: 0, observe: () => undefined })
  await store.migrate()
  await store.close()
  const database = new DatabaseSync(file)
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
  const task = database.prepare(
    `INSERT INTO tasks (id, title, description, status, priority, labels, depends_on, search_text, version, created_at, created_by, updated_at, updated_by)
     VALUES (?, ?, '', 'open', 1, '[]', '[]', ?, 1, ?, 'bench', ?, 'bench')`,
  )
  const history = database.prepare(
    "INSERT INTO task_history (task_id, version, at, actor, action, changes) VALUES (?, 1, ?, 'bench', 'created', ?) RETURNING sequence",
  )
  const read = database.prepare('SELECT * FROM tasks WHERE id = ?')
  const since = performance.now()
  for (let count = 0; count < creates; count++) {
    const now = Date.now()
    const id = newId('task', now)
    database.exec('BEGIN IMMEDIATE')
    task.run(id, 'a task of the bench', 'a task of the bench', now, now)
    history.get(id, now, '{"title":"a task of the bench"}')
    read.get(id)
    database.exec('COMMIT')
  }
  const seconds = (performance.now() - since) / 1000
  database.close()
  return creates / seconds
}

/** PostgreSQL: a pool of connections on both sides, and the statements that the task list sends, notification included. */
const poolSize = 10
const title = 'a task of the bench'

async function wholePostgres(url: string): Promise<number> {
  const store = openPostgres({
    url,
    poolSize,
    connectTimeout: 10,
    statementTimeout: 10,
    instance: 'bench',
    observe: () => undefined,
    onFeed: () => undefined,
  })
  await store.migrate()
  const list = createTaskList(store, Date.now)
  await manyAtOnce(atOnce, () => list.create('bench', { title }))
  const seconds = await manyAtOnce(creates, () => list.create('bench', { title }))
  await store.close()
  return creates / seconds
}

async function alonePostgres(url: string): Promise<number> {
  const pool = new pg.Pool({ connectionString: url, max: poolSize })
  // The database is dropped while the last connections are on their way out.
  pool.on('error', () => undefined)
  const one = async (): Promise<void> => {
    const client = await pool.connect()
    const now = Date.now()
    const id = newId('task', now)
    await client.query('BEGIN')
    await client.query(
      `INSERT INTO tasks (id, title, description, status, priority, labels, depends_on, search_text, version, created_at, created_by, updated_at, updated_by)
       VALUES ($1, $2, '', 'open', 1, '[]', '[]', $2, 1, $3, 'bench', $3, 'bench')`,
      [id, title, now],
    )
    const { rows } = await client.query<{ sequence: string; epoch: string }>(
      `INSERT INTO task_history (task_id, version, at, actor, action, changes) VALUES ($1, 1, $2, 'bench', 'created', $3)
       RETURNING sequence, (SELECT id FROM history_epoch) AS epoch`,
      [id, now, JSON.stringify({ title })],
    )
    await client.query('SELECT pg_notify($1, $2)', ['task_mcp_changes', JSON.stringify({ ...rows[0], taskId: id, action: 'created' })])
    await client.query(
      `SELECT t.*, EXISTS (SELECT 1 FROM task_dependencies d JOIN tasks b ON b.id = d.depends_on
         WHERE d.task_id = t.id AND b.deleted_at IS NULL AND b.status = 'open') AS blocked
       FROM tasks t WHERE t.id = $1 AND t.deleted_at IS NULL`,
      [id],
    )
    await client.query('COMMIT')
    client.release()
  }
  await manyAtOnce(atOnce, one)
  const seconds = await manyAtOnce(creates, one)
  await pool.end()
  return creates / seconds
}

async function manyAtOnce(count: number, work: () => Promise<unknown>): Promise<number> {
  let left = count
  const since = performance.now()
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      while (left-- > 0) await work()
    }),
  )
  return (performance.now() - since) / 1000
}

async function inADatabase(server: string, work: (url: string) => Promise<void>): Promise<void> {
  const admin = new pg.Client(server)
  await admin.connect()
  const name = `task_mcp_bench_${process.pid}`
  await admin.query(`CREATE DATABASE ${name}`)
  const url = new URL(server)
  url.pathname = `/${name}`
  try {
    await work(url.href)
  } finally {
    await admin.query(`DROP DATABASE ${name} WITH (FORCE)`)
    await admin.end()
  }
}

async function compare(what: string, alone: () => Promise<number>, whole: () => Promise<number>): Promise<void> {
  const best = { alone: 0, whole: 0 }
  for (let turn = 0; turn < turns; turn++) {
    best.whole = Math.max(best.whole, await whole())
    best.alone = Math.max(best.alone, await alone())
  }
  process.stdout.write(
    `${what}: driver alone ${best.alone.toFixed(0)}/s, task list with ${atOnce} at once ${best.whole.toFixed(0)}/s: ${((100 * best.whole) / best.alone).toFixed(0)}%\n`,
  )
}

const [load = 0] = loadavg()
process.stdout.write(
  `${cpus()[0]?.model}, ${cpus().length} cores, node ${process.version}, load ${load.toFixed(1)}, ${creates} creates, best of ${turns}\n`,
)
await compare('SQLite', driverAlone, whole)
const server = process.env.TEST_DATABASE_URL
if (server !== undefined)
  await inADatabase(server, (url) =>
    compare(
      'PostgreSQL',
      () => alonePostgres(url),
      () => wholePostgres(url),
    ),
  )
rmSync(folder, { recursive: true, force: true })
