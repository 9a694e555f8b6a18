/** `restart`, `rollback`, `limit` and `block` on three replicas while a real MCP client works all the time. */

import { describe } from '../../cluster/ask.ts'
import { sleep } from '../../cluster/kubectl.ts'
import { World } from '../../cluster/world.ts'
import { aHand } from './hand.ts'

export interface UnderLoad {
  line: string
  code: number
  seconds: number
  calls: number
  refused: number
  lost: number
  said: string
}

/** What the client met from the start of each action until ten seconds after its end. */
export async function load(seed: number, images: { app: string; database: string }): Promise<UnderLoad[]> {
  const world = new World(seed, images, 'postgresql')
  world.replicas = 3
  world.load = { pause: 50, workers: 4 }
  await world.design()
  world.deployment.spec.template.spec.terminationGracePeriodSeconds = 40
  Object.assign(world.settings, { TASK_MCP_DRAIN_DELAY: '5s', TASK_MCP_DRAIN_TIMEOUT: '20s' })
  const found: UnderLoad[] = []
  try {
    await world.up()
    const hand = await aHand(describe(world))
    const measure = async (...line: string[]): Promise<void> => {
      await sleep(6)
      const before = await counts(world)
      const ran = await hand.type([...line, '--yes'])
      await sleep(10)
      const after = await counts(world)
      found.push({
        line: line.join(' '),
        code: ran.code,
        seconds: ran.seconds,
        calls: after.calls - before.calls,
        refused: after.refused - before.refused,
        lost: after.lost - before.lost,
        said: ran.out.trim() || ran.err.trim().split('\n').slice(-3).join(' | '),
      })
      process.stdout.write(`${JSON.stringify(found.at(-1))}\n`)
    }
    await measure('restart', '--despite', 'dependency_slow')
    // A change that reaches the program: one that does not would make the diagnosis speak against the rollback.
    await world.release({ op: 'replace', path: 'container/args', value: ['serve', '--slow-query', '300ms'] })
    await world.settled()
    await measure('rollback', '--to', '1', '--despite', 'config_change')
    await measure('limit', 'max-streams', '9000')
    await measure('block', 'add', '203.0.113.0/24', '--for', '1h')
    await measure('undo')
    return found
  } finally {
    await world.down()
  }
}

async function counts(world: World): Promise<{ calls: number; refused: number; lost: number }> {
  return (await world.clientCounts()) ?? { calls: 0, refused: 0, lost: 0 }
}
