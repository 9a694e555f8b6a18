/** Choices that a seed repeats. */
export interface Random {
  /** A whole number, low and high included. */
  int(low: number, high: number): number
  pick<T>(choices: readonly T[]): T
  chance(share: number): boolean
  /** Lowercase letters and digits. */
  text(length: number): string
}

/** Takes a seed and gives the same choices for it every time (mulberry32). */
export function seeded(seed: number): Random {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const int = (low: number, high: number): number => low + Math.floor(next() * (high - low + 1))
  return {
    int,
    pick: (choices) => choices[int(0, choices.length - 1)]!,
    chance: (share) => next() < share,
    text: (length) => Array.from({ length }, () => 'abcdefghijklmnopqrstuvwxyz0123456789'[int(0, 35)]).join(''),
  }
}
