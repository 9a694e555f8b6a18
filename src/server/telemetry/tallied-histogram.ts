import { Histogram, type HistogramConfiguration } from '@prometheus-io/client'

/** One line of a histogram as the library gives it to a scrape. The lines of a series come by rising bound, then `+Inf`, sum and count. */
interface Line {
  readonly metricName: string
  readonly labels: { readonly le?: number | string }
  readonly sharedLabels: Readonly<Record<string, unknown>>
  readonly value: number
}

interface Reading {
  readonly values: readonly Line[]
}

/** One series. The library is told of the first observation, so that it knows the series, and of no other. */
class Tally {
  readonly #tellLibrary: (value: number) => void
  #told = false
  readonly #bounds: readonly number[]
  /** By bound, those above all bounds last. */
  readonly #counts: number[]
  #sum = 0

  constructor(bounds: readonly number[], tellLibrary: (value: number) => void) {
    this.#tellLibrary = tellLibrary
    this.#bounds = bounds
    this.#counts = [...bounds, 0].fill(0)
  }

  observe(value: number): void {
    if (!this.#told) {
      this.#told = true
      this.#tellLibrary(value)
      return
    }
    let at = 0
    while (at < this.#bounds.length && value > this.#bounds[at]!) at++
    this.#counts[at]! += 1
    this.#sum += value
  }

  /** What a line of the series has to have more. */
  missingIn({ metricName, labels: { le } }: Line): number {
    if (metricName.endsWith('_sum')) return this.#sum
    let count = 0
    for (const [index, one] of this.#counts.entries())
      if (typeof le !== 'number' || (this.#bounds[index] ?? Number.POSITIVE_INFINITY) <= le) count += one
    return count
  }
}

/** Series by the value of one label, then of the next: to make one text of them takes longer than to observe. */
class Branch {
  readonly branches = new Map<string, Branch>()
  tally: Tally | undefined
}

/**
 * A histogram for what happens at every request. What `tallied` gives counts in plain numbers, which are added to the library's own
 * when somebody looks: the library makes a text of the labels and looks for it at each observation.
 */
export class TalliedHistogram<T extends string> extends Histogram<T> {
  readonly #names: readonly T[]
  readonly #bounds: readonly number[]
  readonly #root = new Branch()

  constructor(configuration: HistogramConfiguration<T> & { buckets: number[]; labelNames: T[] }) {
    super(configuration)
    this.#names = configuration.labelNames
    this.#bounds = configuration.buckets
  }

  /** The series with these values of the labels, in the order of their names. */
  tallied(...values: string[]): Pick<Tally, 'observe'> {
    let at = this.#root
    for (const value of values) {
      let next = at.branches.get(value)
      if (next === undefined) {
        next = new Branch()
        at.branches.set(value, next)
      }
      at = next
    }
    at.tally ??= new Tally(this.#bounds, this.labels(...values).observe)
    return at.tally
  }

  #tallyOf(labels: Line['sharedLabels']): Tally | undefined {
    let at: Branch | undefined = this.#root
    for (const name of this.#names) at = at?.branches.get(String(labels[name]))
    return at?.tally
  }

  async getForPromString(): Promise<Reading> {
    const library = Histogram.prototype as unknown as { getForPromString(): Promise<Reading> }
    const reading = await library.getForPromString.call(this)
    const values = reading.values.map((line) => {
      const tally = this.#tallyOf(line.sharedLabels)
      return tally === undefined ? line : { ...line, value: line.value + tally.missingIn(line) }
    })
    return { ...reading, values }
  }
}
