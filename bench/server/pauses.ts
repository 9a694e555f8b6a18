/**
 * What the machine takes away: a process on each of two cores reads the clock over and over, allocates nothing, and counts the time that
 * passed between two readings where it was more than a twentieth of a millisecond. Where that is more than one hundredth of the time, no
 * p99 of a server and its caller on these cores says anything of either.
 *   node bench/server/pauses.ts [seconds]
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { machine, pin } from './measured.ts'

const noticed = 0.05
const seconds = Number(process.argv[2] ?? 10)

function watch(): void {
  const begin = performance.now()
  let [before, lost, long, longest] = [begin, 0, 0, 0]
  while (before < begin + seconds * 1000) {
    const now = performance.now()
    const pause = now - before
    before = now
    if (pause < noticed) continue
    lost += pause
    if (pause > 1) long += 1
    if (pause > longest) longest = pause
  }
  process.send?.({ share: lost / (seconds * 1000), long, longest })
}

if (process.send !== undefined) {
  process.once('message', watch)
} else {
  const cores = [0, 1].map((core) => {
    const child = fork(import.meta.filename, [String(seconds)])
    pin(child.pid!, core)
    return child
  })
  process.stdout.write(`${machine()}; both cores busy for ${seconds} s\n`)
  const answers = cores.map((child) => once(child, 'message'))
  for (const child of cores) child.send('begin')
  for (const [core, answer] of answers.entries()) {
    const [{ share, long, longest }] = await answer
    process.stdout.write(
      `core ${core}: ${(100 * share).toFixed(2)}% of the time taken away, ${long} pauses of more than 1 ms, the longest ${longest.toFixed(1)} ms\n`,
    )
    cores[core]?.disconnect()
  }
}
