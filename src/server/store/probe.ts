/** Whether the store can be used, asked by the health check. */
import type { Log } from '../telemetry/log.ts'
import { type Store, StoreError } from './port.ts'

/** Migrates when that has not been done yet or the database was emptied since, then asks for a durable write. */
export function probeOf(store: Store, log: Log): () => Promise<void> {
  let migrated = false
  const migrate = async (): Promise<void> => {
    await store.migrate()
    migrated = true
    log.info('the store is up to date', { store: store.kind, place: store.place })
  }
  return async () => {
    if (!migrated) await migrate()
    try {
      await store.probe()
    } catch (error) {
      if (!(error instanceof StoreError) || error.problem !== 'no_schema') throw error
      log.warn('the tables are made anew, and those that were lost are empty', { place: store.place, reason: error.message })
      migrated = false
      await migrate()
      await store.probe()
    }
  }
}
