/** kill -9 at random moments of a restart: the same line again must finish it, applied once, and leave nothing unknown. */

import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { seeded } from '../../cluster/random.ts'
import { serveCluster } from '../../support/api-server.ts'
import { aShop } from '../shop.ts'
import { unknownIn } from './cut.ts'
import { aHand, type Hand, targetSettings } from './hand.ts'

export interface Killed {
  /** Milliseconds after the start, or after so many lines of the record. */
  after: number
  written: number | undefined
  /** The last line of the record when it was killed. */
  last: string
  generations: number
  code: number
  unknown: number
  finished: boolean
}

/** Where it happens: a Deployment of one pod, and how often its spec was changed. */
interface Place {
  hand: Hand
  workload: string
  generation(): Promise<number>
  close(): Promise<void>
}

/** On a cluster in memory behind a real port: the same process and the same requests, without the load of a cluster. */
export async function inMemory(): Promise<Place> {
  const { cluster } = aShop()
  const api = await serveCluster(cluster)
  const hand = await aHand(targetSettings('shop', 'other'))
  const kubeconfig = path.join(hand.folder, 'kubeconfig')
  await writeFile(kubeconfig, api.kubeconfig)
  process.env.KUBECONFIG = kubeconfig
  const generation = async () => cluster.one('deployments', 'shop', 'orders-db').metadata.generation ?? 0
  return { hand, workload: 'deployment/orders-db', generation, close: api.close }
}

/** So many rounds; each gives what was found. */
export async function kill({ hand, workload, generation }: Place, seed: number, rounds: number): Promise<Killed[]> {
  const random = seeded(seed)
  const line = ['restart', workload, '--yes', '--wait', '60s', '--observe', '0s']
  const started = performance.now()
  const whole = await hand.type(line)
  if (whole.code !== 0) throw new Error(`the restart alone ended with ${whole.code}: ${whole.err}`)
  const length = performance.now() - started
  const found: Killed[] = []
  for (let round = 0; round < rounds; round++) {
    const before = await generation()
    const lines = (await hand.record()).length
    // Every other time by the clock; else soon after a line of the record, because the moments around the request are short.
    const written = round % 2 === 0 ? undefined : random.int(1, 3)
    const after = written === undefined ? random.int(Math.round(length * 0.1), Math.round(length * 0.9)) : random.int(0, 60)
    const hit = await hand.killed(line, after, written === undefined ? undefined : { lines: written })
    const last = (await hand.record()).slice(lines).at(-1)?.type ?? 'nothing'
    // It ended by itself before the moment came: that is no round.
    if (!hit) {
      process.stdout.write(`ended before ${after} ms\n`)
      round--
      continue
    }
    const again = await hand.type(line)
    const generations = (await generation()) - before
    found.push({
      after,
      written,
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
