/** A look at something that still moves is taken again before an answer is given that knows nothing, or that all is well. */
import type { Context } from '../context.ts'
import { firstFailures, freshErrors, nothingServed, settling, unexplained } from '../diagnosis/settling.ts'
import type { Verdict, VerdictWord } from '../diagnosis/verdict.ts'
import type { View } from '../diagnosis/view.ts'
import type { Snapshot } from '../facts/snapshot.ts'

const pause = 3000
const mostLooks = 3

/**
 * Looks; where every verdict on it is inconclusive although something moved seconds ago, or is no fault although errors of a new kind are in
 * the logs, says so and looks again, twice at most.
 * @param seconds what the whole may take; no look is begun that would likely not end in time
 * @param look takes a Snapshot in at most so many seconds
 * @param judged the verdicts on a Snapshot, each with the view that it was made from; those on the last look are given back
 */
export async function settledLook<J extends { verdict: Verdict; view: View }>(
  { clock, signal, terminal }: Pick<Context, 'clock' | 'signal' | 'terminal'>,
  seconds: number,
  look: (seconds: number) => Promise<Snapshot>,
  judged: (snapshot: Snapshot) => J[],
): Promise<J[]> {
  const end = clock.now() + seconds * 1000
  for (let count = 1; ; count++) {
    const began = clock.now()
    const verdicts = judged(await look((end - began) / 1000))
    const took = clock.now() - began
    const { view } = verdicts[0]!
    const all = (word: VerdictWord) => verdicts.every(({ verdict }) => verdict.verdict === word)
    const moving = all('inconclusive')
      ? (firstFailures(view) ?? nothingServed(view) ?? settling(view) ?? freshErrors(view) ?? unexplained(view))
      : all('healthy')
        ? freshErrors(view)
        : undefined
    if (moving === undefined || count === mostLooks || clock.now() + pause + 1.5 * took > end) return verdicts
    terminal.err(`too early to tell: ${moving}; looking again in ${pause / 1000} s\n`)
    await clock.sleep(pause, signal)
  }
}
