/** How much of a window was counted at all. */
export interface Coverage {
  /** Minutes that were counted. */
  recorded: number
  /** Minutes that the window has. */
  expected: number
  /** 0..1. */
  fraction: number
  /** Below 95% what is said about the window is about a part of it. */
  enough: boolean
}

export function coverage(recordedMinutes: number, windowSeconds: number): Coverage {
  const expected = windowSeconds / 60
  // A closed range holds one more point than it has minutes.
  const recorded = Math.min(Math.max(0, recordedMinutes), expected)
  const fraction = expected > 0 ? recorded / expected : 0
  return { recorded, expected, fraction, enough: fraction >= 0.95 }
}
