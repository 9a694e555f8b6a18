/** How a server stops: not ready first, then streams and requests end, then what they used is closed. */
import type { Health } from './http/health.ts'
import type { Listener } from './http/listener.ts'
import type { McpRoute } from './http/mcp-route.ts'
import type { Streams } from './http/streams.ts'
import type { Sessions } from './mcp/legacy/sessions.ts'
import type { StreamLog } from './mcp/legacy/stream-log.ts'
import type { LongCalls } from './mcp/modern/long-calls.ts'
import type { Settings } from './settings.ts'
import { type Store, StoreError } from './store/port.ts'
import { type Log, reasonOf } from './telemetry/log.ts'
import type { Traces } from './telemetry/traces.ts'
import type { Webhook } from './webhook.ts'

/** What is running. */
interface Parts {
  readonly settings: Settings
  readonly listener: Listener
  readonly adminListener: Listener | undefined
  readonly health: Health
  readonly mcp: McpRoute
  readonly streams: Streams
  readonly sessions: Sessions
  readonly store: Store
  readonly streamLog: StreamLog | undefined
  readonly longCalls: LongCalls
  readonly webhook: Webhook | undefined
  readonly traces: Traces | undefined
  readonly log: Log
}

export async function drain({
  settings,
  listener,
  adminListener,
  health,
  mcp,
  streams,
  sessions,
  store,
  streamLog,
  longCalls,
  webhook,
  traces,
  log,
}: Parts): Promise<void> {
  log.info('stopping', { in_flight: mcp.inFlight(), streams: streams.size })
  health.drain()
  listener.retire()
  await new Promise((resolve) => setTimeout(resolve, settings.drainDelay * 1000))
  streams.drain()
  const stopped = listener.stop()
  let late: NodeJS.Timeout | undefined
  const deadline = new Promise<void>((resolve) => {
    late = setTimeout(() => {
      log.warn('requests are cut: they took longer than drain-timeout', { in_flight: mcp.inFlight() })
      listener.cut()
      resolve()
    }, settings.drainTimeout * 1000)
  })
  await Promise.race([stopped, deadline])
  clearTimeout(late)
  await sessions.close()
  await streamLog?.settled()
  await longCalls.close()
  await webhook?.close()
  await traces?.close()
  health.close()
  await store
    .close()
    .catch((error: unknown) =>
      log.error('the store did not close cleanly', { reason: error instanceof StoreError ? error.message : reasonOf(error) }),
    )
  if (adminListener !== undefined) {
    adminListener.cut()
    await adminListener.stop()
  }
  log.info('stopped')
}
