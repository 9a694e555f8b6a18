import { applyMigrations, repairTables } from './migrate.ts'
import { type Change, type ObserveQuery, type Store, StoreError, type Transaction } from './port.ts'
import { demandTables } from './shape.ts'
import { type Connection, pageSize } from './sqlite-connection.ts'
import { cannotWrite, sqliteError } from './sqlite-error.ts'
import { openFile } from './sqlite-file.ts'

export interface SqliteOptions {
  /** The file; its directory must exist and be writable. */
  readonly path: string
  /** Largest size of the file in bytes, 0 for none. */
  readonly maxBytes: number
  readonly observe: ObserveQuery
  /** How long to wait for another process that holds the file, in milliseconds. */
  readonly busyMilliseconds?: number
}

const largestBatch = 128
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
  const file = openFile(path, maxBytes, (error) => observe('limit', 0, error))
  const listeners: Array<(change: Change) => void> = []
  const queue: Waiting[] = []
  let busy = false
  let closed = false
  let reading = 0

  const rest = (): void => {
    if (!busy && reading === 0) file.rest()
  }

  const finish = (item: Waiting, error: unknown, settle: () => void): void => {
    observe(item.operation, (performance.now() - item.since) / 1000, error)
    settle()
  }

  /** Waits for another process without holding up this one. */
  const begin = async ({ database }: Connection): Promise<void> => {
    for (const since = performance.now(); ; ) {
      try {
        return database.exec('BEGIN IMMEDIATE')
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
    let writer: Connection | undefined
    try {
      writer = file.writer()
      await begin(writer)
      for (const item of batch) {
        const mine: Change[] = []
        writer.database.exec('SAVEPOINT one')
        try {
          const value = await item.work(writer.transaction(mine))
          writer.database.exec('RELEASE one')
          done.push({ item, value })
          changes.push(...mine)
        } catch (cause) {
          const error = sqliteError(cause, path)
          if (cannotWrite(error) || !writer.database.isTransaction) throw cause
          writer.database.exec('ROLLBACK TO one')
          writer.database.exec('RELEASE one')
          open = open.filter((other) => other !== item)
          finish(item, error, () => item.reject(error))
        }
      }
      writer.database.exec('COMMIT')
      file.wrote(true)
    } catch (cause) {
      if (writer?.database.isTransaction) rollBack(writer)
      const error = sqliteError(cause, path)
      if (cannotWrite(error)) file.wrote(false)
      for (const item of open) finish(item, error, () => item.reject(error))
      return
    }
    for (const { item, value } of done) finish(item, undefined, () => item.resolve(value))
    for (const change of changes) for (const listener of listeners) listener(change)
  }

  const drain = async (): Promise<void> => {
    while (queue.length > 0) await runBatch(queue.splice(0, largestBatch))
    busy = false
    rest()
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
      reading += 1
      try {
        const value = await work(file.reader().transaction([]))
        observe(operation, (performance.now() - since) / 1000, undefined)
        return value
      } catch (cause) {
        const error = sqliteError(cause, path)
        observe(operation, (performance.now() - since) / 1000, error)
        throw error
      } finally {
        reading -= 1
        rest()
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
      closed = true
      while (busy) await new Promise((resolve) => setImmediate(resolve))
      file.close()
    },
  }
}

function rollBack({ database }: Connection): void {
  try {
    database.exec('ROLLBACK')
  } catch {
    // What cannot be taken back is not committed either.
  }
}

/** Thrown by the probe to take back the row by which it found that there is room. */
class RoomEnough extends Error {}
