/** How much longer task-mcp takes than kubectl for the same change, until the API server has it. */
import { run } from '../../cluster/kubectl.ts'
import { aHand, aTarget, targetSettings } from './hand.ts'

export interface Overhead {
  change: string
  /** Medians, in seconds, of the whole process. */
  kubectl: number
  taskMcp: number
  more: number
}

/** So many rounds of each change, in turns, so that both meet the same machine. */
export async function overhead(namespace: string, rounds: number): Promise<Overhead[]> {
  await aTarget(namespace)
  const hand = await aHand(targetSettings(namespace, 'other'))
  const found: Overhead[] = []
  const changes = {
    restart: { kubectl: () => ['rollout', 'restart', 'deployment/target'], ours: () => ['restart', 'deployment/target'] },
    scale: {
      kubectl: (round: number) => ['scale', 'deployment/target', `--replicas=${1 + (round % 2)}`],
      ours: (round: number) => ['scale', 'deployment/target', '--replicas', String(3 + (round % 2))],
    },
  }
  for (const [change, lines] of Object.entries(changes)) {
    const times: Record<'kubectl' | 'ours', number[]> = { kubectl: [], ours: [] }
    for (let round = 0; round < rounds; round++) {
      const theirs = await run('kubectl', ['-n', namespace, ...lines.kubectl(round)])
      const ours = await hand.type([...lines.ours(round), '--yes', '--wait', '0s'])
      if (theirs.code !== 0 || ours.code !== 0) throw new Error(`${change}: ${theirs.err}${ours.out}${ours.err}`)
      times.kubectl.push(theirs.seconds)
      times.ours.push(ours.seconds)
    }
    const [theirs, ours] = [median(times.kubectl), median(times.ours)]
    found.push({ change, kubectl: theirs, taskMcp: ours, more: ours - theirs })
    process.stdout.write(`${change}: kubectl ${theirs.toFixed(2)} s, task-mcp ${ours.toFixed(2)} s, ${(ours - theirs).toFixed(2)} s more\n`)
  }
  return found
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
