/** What the care of a database needs of the server: looking, copying, and a store without a server around it. */
import type { Settings } from './settings.ts'
import { migrations } from './store/migrations.ts'
import type { Store } from './store/port.ts'

export { backupFile, checkFile, type FileCheck, restoreFile } from './store/maintenance.ts'
export { type Store, StoreError } from './store/port.ts'

/** The schema version that this release has. */
export const newestSchema = migrations('sqlite').at(-1)?.version ?? 0

/** Opens the store of the settings, with nobody watching it. @throws StoreError when a file cannot be opened. */
export async function openQuietly({
  databaseUrl: url,
  databasePath: path,
  databaseConnectTimeout: connectTimeout,
  databaseStatementTimeout: statementTimeout,
}: Settings): Promise<Store> {
  const observe = (): void => undefined
  if (url === '') return (await import('./store/sqlite.ts')).openSqlite({ path, maxBytes: 0, observe })
  const { openPostgres } = await import('./store/postgres.ts')
  return openPostgres({ url, poolSize: 2, connectTimeout, statementTimeout, instance: 'db', observe, onFeed: () => undefined })
}
