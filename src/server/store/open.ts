import type { Settings } from '../settings.ts'
import type { Log } from '../telemetry/log.ts'
import { reasonOf } from '../telemetry/log.ts'
import type { Metrics } from '../telemetry/metrics.ts'
import { type ObserveQuery, type Store, StoreError } from './port.ts'

/** Opens the store that the settings name, with its operations measured and the slow ones logged. Only its own driver is loaded. */
export async function openStore(
  current: () => Settings,
  { instance, metrics, log }: { instance: string; metrics: Metrics; log: Log },
): Promise<Store> {
  const settings = current()
  const observe: ObserveQuery = (operation, seconds, error) => {
    metrics.queryDuration.observe({ operation }, seconds)
    if (error instanceof StoreError) log.error('the store failed', { operation, problem: error.problem, reason: error.message, seconds })
    if (seconds < current().slowQuery) return
    metrics.slowQueries.inc()
    log.warn('slow query', { operation, seconds, failed: error !== undefined })
  }
  const store =
    settings.databaseUrl === ''
      ? (await import('./sqlite.ts')).openSqlite({ path: settings.databasePath, maxBytes: settings.databaseMaxBytes, observe })
      : (await import('./postgres.ts')).openPostgres({
          url: settings.databaseUrl,
          poolSize: settings.databasePoolSize,
          connectTimeout: settings.databaseConnectTimeout,
          statementTimeout: settings.databaseStatementTimeout,
          instance,
          observe,
          onFeed: (state, reason) =>
            state === 'lost'
              ? log.warn('changes of other replicas are not heard', { reason: reasonOf(reason) })
              : log.info('listening for changes of other replicas'),
        })
  metrics.beforeScrape(() => {
    const pool = store.pool()
    for (const state of ['max', 'in_use', 'idle', 'waiting'] as const) metrics.poolConnections.set({ state }, pool[state])
  })
  return store
}
