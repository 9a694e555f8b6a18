/**
 * A real `create` on SQLite with every commit synced, through the whole task list, against the same statements by the driver alone,
 * one synced commit each. Turns alternate in one run and the best of each counts.
 *   node bench/server/create.ts [creates] [at-once]
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
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

let ours = 0
let alone = 0
for (let turn = 0; turn < turns; turn++) {
  alone = Math.max(alone, await driverAlone())
  ours = Math.max(ours, await whole())
}
rmSync(folder, { recursive: true, force: true })
process.stdout.write(`${cpus()[0]?.model}, ${cpus().length} cores, node ${process.version}, ${creates} creates, best of ${turns}\n`)
process.stdout.write(
  `driver alone ${alone.toFixed(0)}/s, task list with ${atOnce} at once ${ours.toFixed(0)}/s: ${((100 * ours) / alone).toFixed(0)}%\n`,
)
