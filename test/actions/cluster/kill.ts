/** kill -9 at random moments of a restart: the same line again must finish it, applied once, and leave nothing unknown. */
import { seeded } from '../../cluster/random.ts'
import { aHand, aTarget, object, targetSettings } from './hand.ts'

export interface Killed {
  after: number
  /** The last line of the record when it was killed. */
  last: string
  generations: number
  code: number
  unknown: number
  finished: boolean
}

/** So many rounds in a namespace; each gives what was found. */
export async function kill(namespace: string, seed: number, rounds: number): Promise<Killed[]> {
  const random = seeded(seed)
  await aTarget(namespace)
  const hand = await aHand(targetSettings(namespace, 'other'))
  const line = ['restart', 'deployment/target', '--yes', '--wait', '60s']
  const started = performance.now()
  const whole = await hand.type(line)
  if (whole.code !== 0) throw new Error(`the restart alone ended with ${whole.code}: ${whole.err}`)
  const length = performance.now() - started
  const found: Killed[] = []
  for (let round = 0; round < rounds; round++) {
    const before = (await object(namespace, 'deployment', 'target')).metadata.generation
    const lines = (await hand.record()).length
    const after = random.int(Math.round(length * 0.1), Math.round(length * 0.95))
    const hit = await hand.killed(line, after)
    const last = (await hand.record()).slice(lines).at(-1)?.type ?? 'nothing'
    // It ended by itself before the moment came: that is no round.
    if (!hit) {
      process.stdout.write(`ended before ${after} ms\n`)
      round--
      continue
    }
    const again = await hand.type(line)
    const generations = (await object(namespace, 'deployment', 'target')).metadata.generation - before
    found.push({
      after,
      last,
      generations,
      code: again.code,
      unknown: unknownIn(await hand.record()),
      finished: again.err.includes('going on from there'),
    })
    process.stdout.write(`${JSON.stringify(found.at(-1))}\n`)
  }
  return found
}

/** Requests of the record that have no answer. */
function unknownIn(lines: Awaited<ReturnType<Awaited<ReturnType<typeof aHand>>['record']>>): number {
  const open = new Set<string>()
  for (const line of lines) {
    if (line.type === 'request') open.add(`${line.id} ${line.write}`)
    if (line.type === 'answer' && line.outcome !== 'unknown') open.delete(`${line.id} ${line.write}`)
  }
  return open.size
}
