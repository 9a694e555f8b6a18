import { DatabaseSync, type StatementSync } from 'node:sqlite'
import type { Change, Row, SqlValue, Transaction } from './port.ts'
import { sqliteError } from './sqlite-error.ts'

export const pageSize = 4096
/** SQLite itself waits this long for a lock, and everything waits with it. */
const blockedMilliseconds = 20
const mostStatements = 500

/** One connection to a file, with its prepared statements. */
export interface Connection {
  readonly database: DatabaseSync
  /** What is done on it goes through this; changes that are announced are added to the list. */
  transaction(changes: Change[]): Transaction
}

/** @throws StoreError when the file cannot be opened or is no database. */
export function connect(path: string): Connection {
  const database = open(path)
  const statements = new Map<string, StatementSync>()
  const prepared = (sql: string): StatementSync => {
    let statement = statements.get(sql)
    if (statement === undefined) {
      statement = database.prepare(sql)
      if (statements.size < mostStatements) statements.set(sql, statement)
    }
    return statement
  }
  return {
    database,
    transaction: (changes) => ({
      dialect: 'sqlite',
      all: async (sql: string, ...values: SqlValue[]) => prepared(sql).all(...values) as Row[],
      get: async (sql: string, ...values: SqlValue[]) => prepared(sql).get(...values) as Row | undefined,
      run: async (sql: string, ...values: SqlValue[]) => Number(prepared(sql).run(...values).changes),
      announce: async (change) => {
        changes.push(change)
      },
    }),
  }
}

/** Lets the file grow to so many bytes. Gives the limit in force: more, when it has more already. */
export function limitSize({ database }: Connection, bytes: number): number {
  const pages = Math.floor(bytes / pageSize)
  const { max_page_count: granted } = database.prepare(`PRAGMA max_page_count = ${pages}`).get() as { max_page_count: number }
  return granted * pageSize
}

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
