import { migrations } from './migrations.ts'
import { StoreError, type Transaction } from './port.ts'

const versions = 'schema_migrations'

/** Names of the tables that the schema has at a version, the newest when not said; `schema_migrations` is the first. */
export function tablesOf(dialect: Transaction['dialect'], version = Number.POSITIVE_INFINITY): readonly string[] {
  const statements = migrations(dialect).flatMap((migration) => (migration.version <= version ? migration.statements : []))
  return [versions, ...statements.flatMap((statement) => /^CREATE TABLE (\w+)/.exec(statement)?.[1] ?? [])]
}

/** Which of the named tables are not in the database. Takes names of ours only. */
export async function lostTables(tx: Transaction, tables: readonly string[]): Promise<string[]> {
  const names = tables.map((table) => `'${table}'`).join(', ')
  const rows = await tx.all(
    tx.dialect === 'sqlite'
      ? `SELECT name FROM sqlite_master WHERE type = 'table' AND name IN (${names})`
      : `SELECT relname AS name FROM pg_catalog.pg_class
         WHERE relkind IN ('r', 'p') AND relname IN (${names}) AND pg_catalog.pg_table_is_visible(oid)`,
  )
  const present = new Set(rows.map(({ name }) => name))
  return tables.filter((table) => !present.has(table))
}

/**
 * Says what a database with lost tables is: `no_schema` when nothing of ours is left, so that a new beginning harms nobody;
 * `incomplete` when there is something left that an empty table beside it would contradict. Undefined when nothing is lost.
 */
export function judgeLost(lost: readonly string[], tables: readonly string[]): StoreError | undefined {
  if (lost.length === 0) return undefined
  if (lost.length === tables.length) return new StoreError('no_schema', 'the database is empty: it has no table of ours')
  return new StoreError(
    'incomplete',
    `the database has lost ${lost.length === 1 ? 'the table' : 'the tables'} ${lost.join(', ')} and kept others: nothing is made anew by itself; restore a backup, or let task-mcp db migrate --repair make what is lost again, empty`,
  )
}

/** @throws StoreError `no_schema` or `incomplete` when a table of this release is not there. */
export async function demandTables(tx: Transaction): Promise<void> {
  const tables = tablesOf(tx.dialect)
  const failure = judgeLost(await lostTables(tx, tables), tables)
  if (failure !== undefined) throw failure
}
