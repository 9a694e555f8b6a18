import { migrations } from './migrations.ts'
import { StoreError, type Transaction } from './port.ts'

const table = `CREATE TABLE IF NOT EXISTS schema_migrations (
  version INTEGER PRIMARY KEY, compatible_from INTEGER NOT NULL, name TEXT NOT NULL)`

/**
 * Applies what is missing, inside the given transaction, and gives the versions it applied.
 * @throws StoreError `incompatible` when the data was written by a release that this one cannot work beside.
 */
export async function applyMigrations(tx: Transaction): Promise<number[]> {
  await tx.run(table)
  const known = migrations(tx.dialect)
  const present = await tx.all('SELECT version, compatible_from FROM schema_migrations ORDER BY version')
  const ours = known.at(-1)?.version ?? 0
  for (const row of present)
    if (Number(row.version) > ours && Number(row.compatible_from) > ours)
      throw new StoreError(
        'incompatible',
        `the data has schema version ${row.version}, which needs a release that knows version ${row.compatible_from}; this one knows ${ours}`,
      )
  const missing = known.filter(({ version }) => !present.some((row) => Number(row.version) === version))
  for (const migration of missing) {
    for (const statement of migration.statements) await tx.run(statement)
    await tx.run(
      'INSERT INTO schema_migrations (version, compatible_from, name) VALUES (?, ?, ?)',
      migration.version,
      migration.compatibleFrom,
      migration.name,
    )
  }
  return missing.map(({ version }) => version)
}
