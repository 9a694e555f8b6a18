import { copyFileSync, existsSync, renameSync, rmSync } from 'node:fs'
import { backup, DatabaseSync } from 'node:sqlite'
import { UsageError } from '../../errors.ts'
import { newEpoch } from './migrations.ts'
import { StoreError } from './port.ts'
import { judgeLost, tablesOf } from './shape.ts'
import { sqliteError } from './sqlite-error.ts'

/** What a look at a SQLite file found. `problems` is empty when all is well. */
export interface FileCheck {
  readonly path: string
  readonly schemaVersion: number
  readonly tasks: number
  readonly bytes: number
  readonly problems: readonly string[]
}

/**
 * Reads the whole file and its indexes, and checks what refers to what.
 * @throws StoreError when it cannot be opened, UsageError when it is not there.
 */
export function checkFile(path: string): FileCheck {
  return opened(path, (database) => {
    const problems = database
      .prepare('PRAGMA integrity_check')
      .all()
      .map((row) => String(row.integrity_check))
      .filter((text) => text !== 'ok')
    const broken = database.prepare('PRAGMA foreign_key_check').all()
    if (broken.length > 0) problems.push(`${broken.length} rows refer to rows that are not there`)
    const first = (sql: string): number => Number(Object.values(database.prepare(sql).get() ?? {})[0] ?? 0)
    const present = new Set(
      database
        .prepare("SELECT name FROM sqlite_master WHERE type = 'table'")
        .all()
        .map(({ name }) => name),
    )
    const schemaVersion = present.has('schema_migrations') ? first('SELECT max(version) FROM schema_migrations') : 0
    const tables = tablesOf('sqlite', schemaVersion || undefined)
    const lost = tables.filter((table) => !present.has(table))
    const failure = judgeLost(lost, tables)
    if (failure?.problem === 'no_schema') problems.push('it is a database, but not one of task-mcp')
    else if (failure !== undefined) problems.push(failure.message)
    return {
      path,
      schemaVersion,
      tasks: present.has('tasks') && failure?.problem !== 'no_schema' ? first('SELECT count(*) FROM tasks WHERE deleted_at IS NULL') : 0,
      bytes: first('PRAGMA page_count') * first('PRAGMA page_size'),
      problems,
    }
  })
}

/**
 * Copies a file that may be in use into a whole and consistent one, and checks the copy before it gets its name.
 * @throws UsageError when the target is there already, StoreError when the copy cannot be made.
 */
export async function backupFile(from: string, to: string): Promise<FileCheck> {
  refuseExisting(to)
  const partial = `${to}.partial`
  const source = openExisting(from)
  try {
    await backup(source, partial, { rate: 1000 })
  } catch (error) {
    rmSync(partial, { force: true })
    throw sqliteError(error, to)
  } finally {
    source.close()
  }
  return settle(partial, to)
}

/**
 * Puts a backup in place. The database that is there is kept beside it, as `NAME.before-restore`. The history that goes on from
 * the backup is another one, so that streams which heard more of the old one are not told too little.
 * @throws UsageError when the backup is damaged or a server has the database open, StoreError when files cannot be written.
 */
export function restoreFile(from: string, to: string): FileCheck {
  const found = checkFile(from)
  if (found.problems.length > 0)
    throw new UsageError(
      `${from} is not fit to be restored: ${found.problems[0]}`,
      'task-mcp db check FILE tells more; take another backup',
    )
  const kept = `${to}.before-restore`
  if (existsSync(to)) {
    refuseExisting(kept)
    refuseInUse(to)
    renameSync(to, kept)
  }
  for (const side of ['-wal', '-shm']) rmSync(`${to}${side}`, { force: true })
  const partial = `${to}.partial`
  copyFileSync(from, partial)
  opened(partial, (database) => {
    if (found.schemaVersion >= epochSince) database.exec(newEpoch('sqlite'))
  })
  return settle(partial, to)
}

const epochSince = 3

function settle(partial: string, to: string): FileCheck {
  const found = checkFile(partial)
  if (found.problems.length > 0) {
    rmSync(partial, { force: true })
    throw new StoreError('damaged', `the copy is not whole: ${found.problems[0]}`)
  }
  for (const side of ['-wal', '-shm']) rmSync(`${partial}${side}`, { force: true })
  renameSync(partial, to)
  return { ...found, path: to }
}

/** A server keeps its file open in WAL mode; only without any can the journal be folded into the file and the mode be changed. */
function refuseInUse(path: string): void {
  opened(path, (database) => {
    try {
      database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE; COMMIT')
    } catch (error) {
      throw new UsageError(`${path} is in use: ${(error as Error).message}`, 'stop the server first, then restore')
    }
  })
}

function refuseExisting(path: string): void {
  if (existsSync(path)) throw new UsageError(`${path} is there already`, 'give another name, or move it away')
}

function openExisting(path: string): DatabaseSync {
  if (!existsSync(path)) throw new UsageError(`there is no file ${path}`, 'give the SQLite file of the server: --database-path')
  try {
    return new DatabaseSync(path, { timeout: 2000 })
  } catch (error) {
    throw sqliteError(error, path)
  }
}

function opened<T>(path: string, work: (database: DatabaseSync) => T): T {
  const database = openExisting(path)
  try {
    return work(database)
  } catch (error) {
    throw sqliteError(error, path)
  } finally {
    database.close()
  }
}
