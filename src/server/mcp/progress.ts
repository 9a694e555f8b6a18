import type { Watch } from '../tasks/watch.ts'
import type { Exchange } from './exchange.ts'
import type { Params } from './rpc.ts'

/**
 * Lets the sender of a request follow the work on it: by its signal, and by progress notifications when it gave a token for them.
 * Progress only grows, as the protocol wants it; 2024-11-05 has no message in it.
 */
export function watchOf(exchange: Exchange, params: Params): Watch {
  const { signal, revision } = exchange
  const { progressToken } = (params._meta ?? {}) as { progressToken?: unknown }
  const wanted = typeof progressToken === 'string' || typeof progressToken === 'number'
  let before = 0
  return {
    signal,
    wanted,
    report: (done, total, message) => {
      if (!wanted || done <= before || signal.aborted) return
      before = done
      exchange.notify('notifications/progress', {
        progressToken,
        progress: done,
        ...(total === undefined ? {} : { total: Math.max(total, done) }),
        ...(revision < '2025-03-26' ? {} : { message }),
      })
    },
  }
}
