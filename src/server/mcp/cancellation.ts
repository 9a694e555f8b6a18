/**
 * How a request ends before its answer: its time is over, or somebody cancels it. An AbortSignal, a timer and a listener for each
 * request cost more than most requests, so the signal is made when somebody asks for it, and the timer when the work is not done
 * within the turn of the event loop in which it began.
 */
export class Cancellation {
  readonly #milliseconds: number | undefined
  #reason: Error | undefined
  #controller: AbortController | undefined
  #timer: NodeJS.Timeout | undefined
  #reject: ((reason: Error) => void) | undefined
  #over = false

  /** Takes in how many milliseconds the work is given up, with the reason `timeout`; undefined is never. */
  constructor(milliseconds?: number) {
    this.#milliseconds = milliseconds
    if (milliseconds !== undefined) armSoon(this)
  }

  /** Why it was cancelled; undefined when it was not. */
  get reason(): Error | undefined {
    return this.#reason
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController()
      if (this.#reason !== undefined) this.#controller.abort(this.#reason)
    }
    return this.#controller.signal
  }

  cancel(reason: Error): void {
    if (this.#reason !== undefined || this.#over) return
    this.#reason = reason
    this.#controller?.abort(reason)
    this.#reject?.(reason)
  }

  /** Ends as the work does, or fails with the reason as soon as it is cancelled. Once for each. */
  whileAllowed<T>(work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#reject = reject
      if (this.#reason !== undefined) reject(this.#reason)
      work.then(resolve, reject)
    })
  }

  /** The request was answered: nothing can cancel it any more. */
  over(): void {
    this.#over = true
    clearTimeout(this.#timer)
  }

  /** Begins to count its time. */
  arm(): void {
    if (this.#over) return
    this.#timer = setTimeout(() => this.cancel(new Error('timeout')), this.#milliseconds)
  }
}

let begun: Cancellation[] = []

function armSoon(cancellation: Cancellation): void {
  if (begun.push(cancellation) === 1) setImmediate(armBegun)
}

function armBegun(): void {
  const all = begun
  begun = []
  for (const cancellation of all) cancellation.arm()
}
