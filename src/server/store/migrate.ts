import { type Migration, migrations, newEpoch } from './migrations.ts'
import { StoreError, type Transaction } from './port.ts'
import { judgeLost, lostTables, tablesOf } from './shape.ts'

const table = `CREATE TABLE IF NOT EXISTS schema_migrations (
  version INTEGER PRIMARY KEY, compatible_from INTEGER NOT NULL, name TEXT NOT NULL)`

/**
 * Applies what is missing, inside the given transaction, and gives the versions it applied.
 * @throws StoreError `incompatible` when the data was written by a release that this one cannot work beside, `incomplete` when
 * some tables are lost and others are not: what is left is then not touched.
 */
export async function applyMigrations(tx: Transaction): Promise<number[]> {
  const lost = await lostTables(tx, tablesOf(tx.dialect))
  if (lost.includes('schema_migrations')) refuseIncomplete(lost, tx)
  await tx.run(table)
  const missing = await missingMigrations(tx)
  for (const migration of missing) await apply(tx, migration, (statement) => statement)
  refuseIncomplete(await lostTables(tx, tablesOf(tx.dialect)), tx)
  return missing.map(({ version }) => version)
}

/**
 * Makes lost tables and indexes again, empty, inside the given transaction, and gives the names of those tables. The history
 * gets a new epoch, so that a stream that is resumed hears all of it.
 * @throws StoreError `incompatible` as `applyMigrations` does.
 */
export async function repairTables(tx: Transaction): Promise<string[]> {
  const lost = await lostTables(tx, tablesOf(tx.dialect))
  await tx.run(table)
  const missing = await missingMigrations(tx)
  const before = migrations(tx.dialect).filter((migration) => !missing.includes(migration))
  const again = (statement: string): string => statement.replace(/^CREATE (TABLE|INDEX) /, 'CREATE $1 IF NOT EXISTS ')
  for (const migration of before) for (const statement of migration.statements) await tx.run(again(statement))
  for (const migration of missing) await apply(tx, migration, again)
  await tx.run(newEpoch(tx.dialect))
  return lost
}

async function apply(tx: Transaction, migration: Migration, worded: (statement: string) => string): Promise<void> {
  for (const statement of migration.statements) await tx.run(worded(statement))
  await tx.run(
    'INSERT INTO schema_migrations (version, compatible_from, name) VALUES (?, ?, ?)',
    migration.version,
    migration.compatibleFrom,
    migration.name,
  )
}

async function missingMigrations(tx: Transaction): Promise<Migration[]> {
  const known = migrations(tx.dialect)
  const present = await tx.all('SELECT version, compatible_from FROM schema_migrations ORDER BY version')
  const ours = known.at(-1)?.version ?? 0
  for (const row of present)
    if (Number(row.version) > ours && Number(row.compatible_from) > ours)
      throw new StoreError(
        'incompatible',
        `the data has schema version ${row.version}, which needs a release that knows version ${row.compatible_from}; this one knows ${ours}`,
      )
  return known.filter(({ version }) => !present.some((row) => Number(row.version) === version))
}

function refuseIncomplete(lost: readonly string[], { dialect }: Transaction): void {
  const failure = judgeLost(lost, tablesOf(dialect))
  if (failure?.problem === 'incomplete') throw failure
}
