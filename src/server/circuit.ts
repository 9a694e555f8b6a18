/** A circuit breaker: after `failures` in a row it refuses at once; after `resetSeconds` it lets one call through to see. */
export interface Circuit {
  state(): 'closed' | 'half_open' | 'open'
  /** True when a call may be made now. When half open, true for one caller. */
  admit(): boolean
  succeeded(): void
  failed(): void
}

/** The limits are asked for each time, because they may change. `now` in milliseconds, on a clock that does not step back. */
export function createCircuit(limits: () => { failures: number; resetSeconds: number }, now: () => number): Circuit {
  let inARow = 0
  let openedAt: number | undefined
  let trying = false
  const waited = (): boolean => openedAt !== undefined && now() - openedAt >= limits().resetSeconds * 1000
  return {
    state: () => (openedAt === undefined ? 'closed' : trying || waited() ? 'half_open' : 'open'),
    admit: () => {
      if (openedAt === undefined) return true
      if (!waited() || trying) return false
      trying = true
      return true
    },
    succeeded: () => {
      inARow = 0
      openedAt = undefined
      trying = false
    },
    failed: () => {
      inARow += 1
      if (trying || inARow >= limits().failures) openedAt = now()
      trying = false
    },
  }
}
