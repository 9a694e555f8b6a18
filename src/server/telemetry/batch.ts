/** Lines on their way out: written together once per turn of the event loop, because a system call a line costs more than the request. */
export interface Batch {
  add(line: string): void
  /** Writes what is left. */
  flush(): void
}

/** Takes what writes text. */
export function createBatch(write: (text: string) => void): Batch {
  let waiting = ''
  const flush = (): void => {
    if (waiting === '') return
    const text = waiting
    waiting = ''
    write(text)
  }
  return {
    add: (line) => {
      if (waiting === '') setImmediate(flush)
      waiting += `${line}\n`
    },
    flush,
  }
}
