/** Lets the tool cure what it found, then looks whether the service is back. */
import type { Verdict } from '../../src/diagnosis/verdict.ts'
import { typed } from './ask.ts'
import { curable } from './cures.ts'
import type { Fault } from './fault.ts'
import { sleep } from './kubectl.ts'
import type { World } from './world.ts'

export interface Cure {
  /** What can be done about it by the tool. */
  curable: string[]
  /** What it did. */
  did: string
  exitCode: number
  /** Every replica ready and the client served, and so for a while. */
  back: boolean
  /** Done by one of the actions that can cure it. */
  right: boolean
  /** Seconds of `task-mcp fix`. */
  seconds: number
  /** Its last words. */
  said: string
}

/** How long the service must do well before it counts as back, and how long after the cure it may take, in seconds. */
const steady = 10
const patience = 90

/** Takes a fault that was injected. Undefined where no action of the tool can cure it: then nothing is done. */
export async function cure(world: World, fault: Fault): Promise<Cure | undefined> {
  const sets = JSON.parse(await world.k('get', 'replicasets', '-o', 'json')).items as {
    metadata: { ownerReferences?: { name: string }[] }
  }[]
  const ours = sets.filter(({ metadata }) => metadata.ownerReferences?.some(({ name }) => name === world.names.app))
  const can = curable({
    expected: fault.expected,
    kinds: (fault.subjects?.(world) ?? []).map(({ kind }) => kind),
    wrong: fault.wrong ?? [],
    released: ours.length > 1,
    also: fault.also,
  })
  if (can.length === 0) return undefined
  const fix = async (): Promise<Cure> => {
    const ran = await typed(world, ['fix', fault.runbook, '--yes', '--json'], undefined, 300)
    const answer = parsed(ran.out)
    const did = answer?.receipt?.plan.action ?? 'nothing'
    const said = (answer?.receipt?.said ?? (ran.err || ran.out)).trim().slice(-300)
    return { curable: can, did, exitCode: ran.code, back: false, right: can.includes(did), seconds: ran.seconds, said }
  }
  const first = await fix()
  // Of several faults it puts one right, and says what is behind it.
  const second = first.exitCode === 3 && first.right && (fault.also?.length ?? 0) > 1 ? await fix() : undefined
  const back = await isBack(world)
  if (second === undefined) return { ...first, back }
  return {
    ...second,
    did: `${first.did}, ${second.did}`,
    right: first.right && second.right,
    seconds: first.seconds + second.seconds,
    back,
  }
}

interface Said {
  verdict: Verdict
  receipt?: { said: string; plan: { action: string } }
}

function parsed(text: string): Said | undefined {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Whether all replicas get ready and the client's calls succeed, for as long as `steady`. */
async function isBack(world: World): Promise<boolean> {
  const end = performance.now() + patience * 1000
  let since: { at: number; calls: number; failed: number } | undefined
  while (performance.now() < end + steady * 1000) {
    const counts = await world.clientCounts().catch(() => undefined)
    const failed = (counts?.refused ?? 0) + (counts?.lost ?? 0)
    if (counts === undefined || !(await allReady(world)) || (since !== undefined && failed > since.failed)) since = undefined
    else since ??= { at: performance.now(), calls: counts.calls, failed }
    // The client says its figures every five seconds: one more line than the time asks for.
    if (since !== undefined && counts !== undefined && counts.calls > since.calls && performance.now() - since.at > (steady + 5) * 1000)
      return true
    if (since === undefined && performance.now() > end) return false
    await sleep(2)
  }
  return false
}

async function allReady(world: World): Promise<boolean> {
  const { metadata, spec, status } = await world.get('deployment', world.names.app)
  const { observedGeneration, replicas, readyReplicas, updatedReplicas } = status
  const all = [spec.replicas, replicas, readyReplicas, updatedReplicas]
  // More than at first is well too: a hand or the autoscaler may have asked for them.
  return observedGeneration >= metadata.generation && spec.replicas >= world.replicas && all.every((count) => count === spec.replicas)
}
