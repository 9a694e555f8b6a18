/** Answers that nobody has fetched yet, of all sessions: they are dropped when they are old or too many, the oldest first. */
export interface HeldAnswers {
  /** `size` in characters; `drop` forgets it. */
  hold(key: string, size: number, drop: () => void): void
  /** It was fetched. */
  release(key: string): void
}

export interface HeldBounds {
  readonly mostCharacters: number
  readonly milliseconds: number
}

/** What one process keeps in memory for clients whose connection was cut, and for how long. */
export const heldBounds: HeldBounds = { mostCharacters: 32 * 1024 * 1024, milliseconds: 120_000 }

export function createHeldAnswers({ mostCharacters, milliseconds }: HeldBounds): HeldAnswers {
  const held = new Map<string, { size: number; drop: () => void; timer: NodeJS.Timeout }>()
  let characters = 0
  const release = (key: string): void => {
    const one = held.get(key)
    if (one === undefined) return
    clearTimeout(one.timer)
    characters -= one.size
    held.delete(key)
  }
  const forget = (key: string): void => {
    const one = held.get(key)
    release(key)
    one?.drop()
  }
  return {
    release,
    hold: (key, size, drop) => {
      release(key)
      const timer = setTimeout(() => forget(key), milliseconds)
      timer.unref()
      held.set(key, { size, drop, timer })
      characters += size
      while (characters > mostCharacters) forget(held.keys().next().value!)
    },
  }
}
