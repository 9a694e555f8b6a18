/** How somebody follows work that takes time: it stops when they leave, and tells how far it is. */
export interface Watch {
  /** Looked at between steps: what was done before stays done. */
  readonly signal: AbortSignal
  /** False when nobody wants to hear: then a total need not be counted. */
  readonly wanted: boolean
  /** Says how far it is, in the units of the work. */
  report(done: number, total: number | undefined, message: string): void
}

/** Lets everything else have its turn, then ends the work if nobody waits for it any more. @throws what the signal was aborted with. */
export async function pause({ signal }: Watch): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve))
  signal.throwIfAborted()
}
