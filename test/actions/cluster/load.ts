/** Actions on three replicas while real MCP clients write and listen: no request may fail, no stream may miss anything. */

import { describe } from '../../cluster/ask.ts'
import { sleep } from '../../cluster/kubectl.ts'
import { type Balance, closeLedger, openLedger } from '../../cluster/replicas/ledger.ts'
import { World } from '../../cluster/world.ts'
import { aHand } from './hand.ts'

export interface UnderLoad extends Balance {
  line: string
  code: number
  seconds: number
  /** Pods of before that were still there when the command ended. */
  left: number
  said: string
}

/** What clients met from before each action until after its end, on the cluster of KUBECONFIG; `only` some rounds, or all. */
export async function load(seed: number, images: { app: string; database: string }, only: readonly string[]): Promise<UnderLoad[]> {
  const world = new World(seed, images, 'postgresql')
  world.replicas = 3
  world.load = { pause: 2000, workers: 1 }
  await world.design()
  world.deployment.spec.template.spec.terminationGracePeriodSeconds = 40
  // As shipped: long enough for every node to hear that a replica takes no more.
  Object.assign(world.settings, { TASK_MCP_DRAIN_DELAY: '5s', TASK_MCP_DRAIN_TIMEOUT: '20s' })
  const found: UnderLoad[] = []
  try {
    await world.up()
    const hand = await aHand(describe(world))
    const measure = async (round: string, ...line: string[]): Promise<void> => {
      if (only.length > 0 && !only.includes(round)) return
      await openLedger(world, round, world.names.app, undefined)
      const before = new Set((await world.pods()).map((pod) => pod.metadata.uid))
      const replaced = line[0] === 'restart' || line[0] === 'rollback'
      const ran = await hand.type([...line, '--yes', '--observe', '0s'])
      const left = replaced ? (await world.pods()).filter((pod) => before.has(pod.metadata.uid)).length : 0
      await sleep(12)
      const balance = await closeLedger(world, round)
      const said = ran.out.trim() || ran.err.trim().split('\n').slice(-3).join(' | ')
      found.push({ line: line.join(' '), code: ran.code, seconds: ran.seconds, left, ...balance, said })
      process.stdout.write(`${JSON.stringify(found.at(-1))}\n`)
    }
    await measure('restart', 'restart', '--despite', 'dependency_slow')
    // A change that reaches the program: one that does not would make the diagnosis speak against the rollback.
    await world.release({ op: 'replace', path: 'container/args', value: ['serve', '--slow-query', '300ms'] })
    await world.settled()
    await measure('rollback', 'rollback', '--to', '1', '--despite', 'config_change')
    await measure('limit', 'limit', 'max-streams', '9000')
    await measure('block', 'block', 'add', '203.0.113.0/24', '--for', '1h')
    await measure('undo', 'undo')
    return found
  } finally {
    await world.down()
  }
}
