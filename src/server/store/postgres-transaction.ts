import type pg from 'pg'
import type { Row, SqlValue, Transaction } from './port.ts'

/** Where every replica listens for changes. */
export const changeChannel = 'task_mcp_changes'

const numbered = new Map<string, string>()

/** `?` to `$1`, `$2`, ...; our SQL has no question mark inside a literal. */
function withNumbers(sql: string): string {
  let text = numbered.get(sql)
  if (text === undefined) {
    let count = 0
    text = sql.replace(/\?/g, () => `$${++count}`)
    if (numbered.size < 500) numbered.set(sql, text)
  }
  return text
}

/** Speaks to one connection, or to whichever is free, as the rest of the server speaks to a store. Begins and ends nothing. */
export function transactionOn(client: pg.Pool | pg.ClientBase): Transaction {
  const query = (sql: string, values: SqlValue[]) => client.query<Record<string, SqlValue>>(withNumbers(sql), values)
  return {
    dialect: 'postgres',
    all: async (sql, ...values) => (await query(sql, values)).rows,
    get: async (sql, ...values) => (await query(sql, values)).rows[0] as Row | undefined,
    run: async (sql, ...values) => (await query(sql, values)).rowCount ?? 0,
    announce: async (change) => {
      await client.query('SELECT pg_notify($1, $2)', [changeChannel, JSON.stringify(change)])
    },
  }
}
