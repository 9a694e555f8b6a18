/** The word somebody meant: the candidate with the fewest typing slips, when it is near enough to be worth saying; else undefined. */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined
  let least = Math.max(1, Math.floor(word.length * 0.4)) + 0.5
  for (const candidate of candidates) {
    const slips = Math.min(distance(word.toLowerCase(), candidate.toLowerCase()), starts(word, candidate))
    if (slips < least) [best, least] = [candidate, slips]
  }
  return best
}

/** A word cut short is a slip and a half, so that `diag` finds `diagnose`. */
const starts = (word: string, candidate: string): number =>
  word.length >= 3 && candidate.toLowerCase().startsWith(word.toLowerCase()) ? 1 : Number.POSITIVE_INFINITY

/** Optimal string alignment distance: letters added, dropped, changed, or two neighbours swapped. */
function distance(a: string, b: string): number {
  let before: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let row = 1; row <= a.length; row++) {
    const current = [row]
    for (let column = 1; column <= b.length; column++) {
      const cost = a[row - 1] === b[column - 1] ? 0 : 1
      let value = Math.min(last[column]! + 1, current[column - 1]! + 1, last[column - 1]! + cost)
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1])
        value = Math.min(value, before[column - 2]! + 1)
      current.push(value)
    }
    before = last
    last = current
  }
  return last[b.length]!
}
