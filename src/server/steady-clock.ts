/**
 * Time for leases, sessions and the order of things: the wall clock where that goes on, and never back. When the wall clock is set
 * back, this one goes on at half the speed until it is overtaken: nothing expires early, no lease lasts longer than twice its
 * time, and what comes later has a later time.
 * @param wall milliseconds since 1970, as the machine believes
 * @param monotonic milliseconds since whenever, on a clock that nobody sets
 */
export function steadyClock(wall: () => number, monotonic: () => number): () => number {
  let time = wall()
  let at = monotonic()
  return () => {
    const now = monotonic()
    time = Math.max(wall(), time + (now - at) / 2)
    at = now
    return Math.floor(time)
  }
}
