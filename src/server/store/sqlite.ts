import { statSync } from 'node:fs'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { applyMigrations, repairTables } from './migrate.ts'
import { type Change, type ObserveQuery, type Row, type SqlValue, type Store, StoreError, type Transaction } from './port.ts'
import { demandTables } from './shape.ts'
import { sqliteError } from './sqlite-error.ts'

export interface SqliteOptions {
  /** The file; its directory must exist and be writable. */
  readonly path: string
  /** Largest size of the file in bytes, 0 for none. */
  readonly maxBytes: number
  readonly observe: ObserveQuery
  /** How long to wait for another process that holds the file, in milliseconds. */
  readonly busyMilliseconds?: number
}

const pageSize = 4096
const largestBatch = 128
/** SQLite itself waits this long for a lock, and everything waits with it. */
const blockedMilliseconds = 20
/** A write touches a handful of pages at most; the probe wants room for more: hex doubles this, and the primary key doubles it again. */
const probeBytes = 4 * pageSize

interface Waiting {
  readonly operation: string
  readonly work: (tx: Transaction) => Promise<unknown>
  readonly resolve: (value: unknown) => void
  readonly reject: (error: unknown) => void
  readonly since: number
}

/**
 * Opens the one-file store: WAL, every commit synced to disk. Writes that arrive together share one commit (group commit):
 * each runs in its own savepoint, and none is acknowledged before that commit is durable. Reads have a connection of their
 * own, so they never see what is not committed yet.
 * @throws StoreError when the file cannot be opened or is no database.
 */
export function openSqlite({ path, maxBytes, observe, busyMilliseconds = 2000 }: SqliteOptions): Store {
  const writer = open(path)
  const own = identityOf(path)
  const reader = open(path)
  const statements = { writer: new Map<string, StatementSync>(), reader: new Map<string, StatementSync>() }
  const listeners: Array<(change: Change) => void> = []
  const queue: Waiting[] = []
  let busy = false
  let closed = false

  if (maxBytes > 0) {
    const pages = Math.floor(maxBytes / pageSize)
    const { max_page_count: granted } = writer.prepare(`PRAGMA max_page_count = ${pages}`).get() as { max_page_count: number }
    if (granted > pages) observe('limit', 0, new StoreError('full', `the file already has more than ${maxBytes} bytes; it will not grow`))
  }

  const transaction = (database: DatabaseSync, cache: Map<string, StatementSync>, changes: Change[]): Transaction => {
    const prepared = (sql: string): StatementSync => {
      let statement = cache.get(sql)
      if (statement === undefined) {
        statement = database.prepare(sql)
        if (cache.size < 500) cache.set(sql, statement)
      }
      return statement
    }
    return {
      dialect: 'sqlite',
      all: async (sql: string, ...values: SqlValue[]) => prepared(sql).all(...values) as Row[],
      get: async (sql: string, ...values: SqlValue[]) => prepared(sql).get(...values) as Row | undefined,
      run: async (sql: string, ...values: SqlValue[]) => Number(prepared(sql).run(...values).changes),
      announce: async (change) => {
        changes.push(change)
      },
    }
  }

  const finish = (item: Waiting, error: unknown, settle: () => void): void => {
    observe(item.operation, (performance.now() - item.since) / 1000, error)
    settle()
  }

  /** Waits for another process without holding up this one. */
  const begin = async (): Promise<void> => {
    for (const since = performance.now(); ; ) {
      try {
        return writer.exec('BEGIN IMMEDIATE')
      } catch (cause) {
        const error = sqliteError(cause, path)
        if (!(error instanceof StoreError) || error.problem !== 'busy' || performance.now() - since > busyMilliseconds) throw cause
        await new Promise((resolve) => setTimeout(resolve, 10))
      }
    }
  }

  const runBatch = async (batch: readonly Waiting[]): Promise<void> => {
    const changes: Change[] = []
    const done: Array<{ item: Waiting; value: unknown }> = []
    let open = [...batch]
    try {
      if (identityOf(path) !== own) throw replaced(path)
      await begin()
      for (const item of batch) {
        const mine: Change[] = []
        writer.exec('SAVEPOINT one')
        try {
          const value = await item.work(transaction(writer, statements.writer, mine))
          writer.exec('RELEASE one')
          done.push({ item, value })
          changes.push(...mine)
        } catch (cause) {
          const error = sqliteError(cause, path)
          if (!writer.isTransaction) throw cause
          writer.exec('ROLLBACK TO one')
          writer.exec('RELEASE one')
          open = open.filter((other) => other !== item)
          finish(item, error, () => item.reject(error))
        }
      }
      writer.exec('COMMIT')
    } catch (cause) {
      if (writer.isTransaction) writer.exec('ROLLBACK')
      const error = sqliteError(cause, path)
      for (const item of open) finish(item, error, () => item.reject(error))
      return
    }
    for (const { item, value } of done) finish(item, undefined, () => item.resolve(value))
    for (const change of changes) for (const listener of listeners) listener(change)
  }

  const drain = async (): Promise<void> => {
    while (queue.length > 0) await runBatch(queue.splice(0, largestBatch))
    busy = false
  }

  const write = <T>(operation: string, work: (tx: Transaction) => Promise<T>): Promise<T> =>
    new Promise<T>((resolve, reject) => {
      if (closed) return reject(new StoreError('unavailable', 'the store is closed: the server is stopping'))
      queue.push({ operation, work, resolve: resolve as (value: unknown) => void, reject, since: performance.now() })
      if (busy) return
      busy = true
      setImmediate(drain)
    })

  return {
    kind: 'sqlite',
    place: path,
    write,
    read: async (operation, work) => {
      const since = performance.now()
      try {
        const value = await work(transaction(reader, statements.reader, []))
        observe(operation, (performance.now() - since) / 1000, undefined)
        return value
      } catch (cause) {
        const error = sqliteError(cause, path)
        observe(operation, (performance.now() - since) / 1000, error)
        throw error
      }
    },
    migrate: async () => {
      await write('migrate', applyMigrations)
    },
    repair: () => write('migrate', repairTables),
    probe: async () => {
      await write('probe', async (tx) => {
        await demandTables(tx)
        await tx.run(
          "INSERT INTO health_probes (instance, at) VALUES ('sqlite', ?) ON CONFLICT (instance) DO UPDATE SET at = excluded.at",
          Date.now(),
        )
      })
      await write('probe', async (tx) => {
        await tx.run(`INSERT INTO health_probes (instance, at) VALUES (hex(zeroblob(${probeBytes})), 0)`)
        throw new RoomEnough()
      }).catch((error: unknown) => {
        if (!(error instanceof RoomEnough)) throw error
      })
    },
    pool: () => ({ max: 1, in_use: busy ? 1 : 0, idle: busy ? 0 : 1, waiting: queue.length }),
    onChange: (listener) => listeners.push(listener),
    close: async () => {
      if (closed) return
      await write('close', async () => undefined)
      closed = true
      reader.close()
      writer.close()
    },
  }
}

/** Which file has the name now, or undefined when none has. */
function identityOf(path: string): string | undefined {
  const found = statSync(path, { throwIfNoEntry: false, bigint: true })
  return found === undefined ? undefined : `${found.dev}:${found.ino}`
}

/** What would be written then would be in a file without a name, and gone with this process. */
const replaced = (path: string): StoreError =>
  new StoreError(
    'unavailable',
    `the database file was moved, removed or replaced while in use (${path}): put it back, or restart the server to use what is there now`,
  )

/** Thrown by the probe to take back the row by which it found that there is room. */
class RoomEnough extends Error {}

function open(path: string): DatabaseSync {
  try {
    const database = new DatabaseSync(path, { timeout: blockedMilliseconds, enableForeignKeyConstraints: true })
    database.exec(
      `PRAGMA page_size = ${pageSize}; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 67108864`,
    )
    return database
  } catch (error) {
    throw sqliteError(error, path)
  }
}
