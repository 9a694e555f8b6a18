import pg from 'pg'
import { applyMigrations, repairTables } from './migrate.ts'
import { type Change, type ObserveQuery, type Store, StoreError, type Transaction } from './port.ts'
import { isConflict, postgresError } from './postgres-error.ts'
import { listenForChanges } from './postgres-feed.ts'
import { transactionOn } from './postgres-transaction.ts'
import { demandTables } from './shape.ts'

export interface PostgresOptions {
  /** postgres://user:password@host:5432/name */
  readonly url: string
  readonly poolSize: number
  /** Longest wait for a free connection, in seconds. */
  readonly connectTimeout: number
  /** Longest run of one statement, in seconds. */
  readonly statementTimeout: number
  /** Names this process in the probe's row. */
  readonly instance: string
  readonly observe: ObserveQuery
  /** Told when the feed of changes is lost or back, in words for a log. */
  readonly onFeed: (state: 'lost' | 'listening', reason: string) => void
}

const mostAttempts = 4
const migrationLock = 7_230_114_001

/** Opens the store for several replicas. Nothing is connected until first used, so this does not fail when the database is down. */
export function openPostgres(options: PostgresOptions): Store {
  const place = placeOf(options.url)
  const connection: pg.ClientConfig = {
    connectionString: options.url,
    application_name: 'task-mcp',
    connectionTimeoutMillis: options.connectTimeout * 1000,
    statement_timeout: options.statementTimeout * 1000,
    lock_timeout: options.statementTimeout * 1000,
    idle_in_transaction_session_timeout: options.statementTimeout * 2000,
    query_timeout: options.statementTimeout * 1000 + 500,
    keepAlive: true,
    types: {
      getTypeParser: (oid, format) => (oid === pg.types.builtins.INT8 ? Number : pg.types.getTypeParser(oid, format)),
    } as pg.CustomTypesConfig,
  }
  const pool = new pg.Pool({ ...connection, max: options.poolSize, idleTimeoutMillis: 30_000 })
  // An idle connection that breaks is not an error of anybody's request: the pool drops it and the next use opens another.
  pool.on('error', () => undefined)
  // Nor is one that breaks on its way out of the pool, when nobody listens to it any more: without a listener it would end the process.
  pool.on('connect', (client) => client.on('error', () => undefined))
  const listeners: Array<(change: Change) => void> = []
  const feed = listenForChanges(connection, {
    change: (change) => {
      for (const listener of listeners) listener(change)
    },
    state: options.onFeed,
  })

  const observed = async <T>(operation: string, work: () => Promise<T>): Promise<T> => {
    const since = performance.now()
    try {
      const value = await work()
      options.observe(operation, (performance.now() - since) / 1000, undefined)
      return value
    } catch (cause) {
      const error = explainWait(postgresError(cause, place), pool, options)
      options.observe(operation, (performance.now() - since) / 1000, error)
      throw error
    }
  }

  const once = async <T>(work: (tx: Transaction) => Promise<T>, withLock: boolean): Promise<T> => {
    const client = await pool.connect()
    let broken: Error | undefined
    const lost = (error: Error): void => {
      broken = error
    }
    client.on('error', lost)
    try {
      await client.query('BEGIN')
      if (withLock) await client.query('SELECT pg_advisory_xact_lock($1)', [migrationLock])
      const value = await work(transactionOn(client))
      await client.query('COMMIT')
      return value
    } catch (error) {
      await client.query('ROLLBACK').catch((failed: Error) => lost(failed))
      throw error
    } finally {
      client.off('error', lost)
      client.release(broken)
    }
  }

  return {
    kind: 'postgres',
    place,
    read: (operation, work) => observed(operation, () => work(transactionOn(pool))),
    write: (operation, work) =>
      observed(operation, async () => {
        for (let attempt = 1; ; attempt++) {
          try {
            return await once(work, false)
          } catch (error) {
            if (!isConflict(error) || attempt === mostAttempts) throw error
          }
        }
      }),
    migrate: async () => {
      await observed('migrate', () => once(applyMigrations, true))
      feed.start()
    },
    repair: () => observed('migrate', () => once(repairTables, true)),
    probe: () =>
      observed('probe', async () => {
        await demandTables(transactionOn(pool))
        await pool.query('INSERT INTO health_probes (instance, at) VALUES ($1, $2) ON CONFLICT (instance) DO UPDATE SET at = excluded.at', [
          options.instance,
          Date.now(),
        ])
      }),
    pool: () => ({ max: options.poolSize, in_use: pool.totalCount - pool.idleCount, idle: pool.idleCount, waiting: pool.waitingCount }),
    onChange: (listener) => listeners.push(listener),
    close: async () => {
      await feed.stop()
      await pool.end()
    },
  }
}

function explainWait(error: unknown, pool: pg.Pool, options: PostgresOptions): unknown {
  if (!(error instanceof StoreError) || !error.message.startsWith('no connection')) return error
  const state = `${pool.totalCount} of ${options.poolSize} connections in use, ${pool.waitingCount} more waiting after ${options.connectTimeout} s`
  return new StoreError('timeout', `${error.message}: ${state}`, { cause: error.cause })
}

/** Host, port and name of the database: what may be shown of its URL. */
function placeOf(url: string): string {
  const { hostname, port, pathname } = new URL(url)
  return `${hostname}:${port === '' ? '5432' : port}${pathname}`
}
