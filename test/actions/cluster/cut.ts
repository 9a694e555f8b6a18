/**
 * kill -9 of seven actions at random moments, before the real API server: the next command names what was cut off and finishes it or
 * takes it back; nothing is applied twice, and nothing stays unknown.
 */
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { seeded } from '../../cluster/random.ts'
import { type Between, openBetween } from './between.ts'
import { makers, mend, whole } from './changes.ts'
import { aHand, aTarget, type Hand, targetSettings } from './hand.ts'

export interface Cut {
  action: string
  /** Milliseconds after the start, or after so many lines of the record, or after the request had come by. */
  moment: string
  /** The last line of the record when it was killed. */
  last: string
  /** What came next: the same line, another command, or undo. */
  next: 'same line' | 'other command' | 'undo'
  /** Changes that the API server took for it, of `writes`, with what came next. */
  applied: number
  writes: number
  code: number
  named: boolean
  unknown: number
  /** What is wrong with it; empty when nothing is. */
  wrong: string
}

const flags = ['--yes', '--observe', '0s', '--despite', 'gate']

/** So many kills on the cluster of KUBECONFIG, in a namespace of its own. */
export async function cut(namespace: string, seed: number, rounds: number, only: readonly string[]): Promise<Cut[]> {
  await aTarget(namespace)
  const between = await openBetween()
  const hand = await aHand(targetSettings(namespace, 'other'))
  const kubeconfig = path.join(hand.folder, 'kubeconfig')
  await writeFile(kubeconfig, between.kubeconfig)
  const random = seeded(seed)
  const names = Object.keys(makers).filter((name) => only.length === 0 || only.includes(name))
  const found: Cut[] = []
  try {
    for (let round = 0; found.length < rounds && round < rounds * 2; round++) {
      const one = await kill({ namespace, hand, between, kubeconfig }, names[round % names.length]!, round, random)
      if (one === undefined) continue
      found.push(one)
      process.stdout.write(`${JSON.stringify(one)}\n`)
      await mend(namespace)
    }
    return found
  } finally {
    await between.close()
  }
}

interface Place {
  namespace: string
  hand: Hand
  between: Between
  kubeconfig: string
}

/** One kill; undefined where the command had ended before. */
async function kill(place: Place, name: string, round: number, random: ReturnType<typeof seeded>): Promise<Cut | undefined> {
  const { namespace, hand, between, kubeconfig } = place
  const change = await makers[name]!(namespace, round)
  // The one that is killed waits until it has come true, and may be killed at that too; what comes next need not.
  const line = [...change.line, ...flags, '--wait', '300s']
  const again = [...change.line, ...flags, '--wait', '0s']
  const before = await whole(namespace)
  const [heard, lines] = [between.changes.length, (await hand.record()).length]
  const how = random.pick(['clock', 'record', 'request', 'request'] as const)
  const after = how === 'clock' ? random.int(100, 3000) : random.int(0, 60)
  const written = random.int(1, 3)
  // A request on its way is held for a moment, before or after it takes effect: that is where the kill must not hurt.
  let strike: (() => void) | undefined
  const passing = new Promise<void>((resolve) => {
    strike = resolve
  })
  between.trouble = async ({ change: changes }) => {
    if (how !== 'request' || !changes || strike === undefined) return undefined
    strike()
    strike = undefined
    await new Promise((resolve) => setTimeout(resolve, random.int(0, 60)))
    return undefined
  }
  const hit = await hand.killed(line, after, how === 'clock' ? undefined : how === 'record' ? { lines: written } : { passing }, kubeconfig)
  between.trouble = () => undefined
  await settledDown(between)
  const record = (await hand.record()).slice(lines)
  const last = record.at(-1)?.type ?? 'nothing'
  if (!hit || last === 'verified') {
    process.stdout.write(`${name} ended before ${after} ms\n`)
    await mend(namespace)
    return undefined
  }
  const planned = record.find((entry) => entry.type === 'plan')
  const asked = record.some((entry) => entry.type === 'request')
  const next = planned === undefined ? 'same line' : random.pick(['same line', 'same line', 'other command', 'undo'] as const)
  const taken = () => between.changes.slice(heard).filter(({ status }) => status !== undefined && status < 300).length
  const done = taken()
  const ran =
    next === 'same line'
      ? await hand.type(again, kubeconfig)
      : next === 'undo'
        ? await hand.type(['undo', planned!.plan.id, '--yes', '--wait', '0s', '--observe', '0s'], kubeconfig)
        : await hand.type(['resume', 'deployment/target', '--yes', '--wait', '0s'], kubeconfig)
  const named = ran.err.includes('was cut off')
  const applied = taken()
  const unknown = unknownIn(await hand.record())
  // What another command names is taken back as it says.
  const back =
    next === 'other command' ? await hand.type(['undo', planned!.plan.id, '--yes', '--wait', '0s', '--observe', '0s'], kubeconfig) : ran
  const wrong = [
    unknown > 0 ? `${unknown} unknown` : '',
    asked && !named && next !== 'undo' ? 'not named' : '',
    next === 'same line' && (ran.code !== 0 || applied !== change.writes)
      ? `exit ${ran.code}, ${applied} of ${change.writes}: ${ran.err.slice(-300)}`
      : '',
    next === 'other command' && applied !== done ? 'another command changed something' : '',
    next !== 'same line' && done > 0 && back.code !== 0 ? `undo ended with ${back.code}: ${back.err.slice(-300)}` : '',
    next !== 'same line' && (await whole(namespace)) !== before ? 'undo left a difference' : '',
  ]
  return {
    action: name,
    moment: how === 'clock' ? `${after} ms` : how === 'record' ? `${written} lines + ${after} ms` : `request + ${after} ms`,
    last,
    next,
    applied: next === 'same line' ? applied : done,
    writes: change.writes,
    code: ran.code,
    named,
    unknown,
    wrong: wrong.filter((word) => word !== '').join('; '),
  }
}

/** A request that was on its way when its sender was killed comes to its end. */
async function settledDown(between: Between): Promise<void> {
  for (let turn = 0; turn < 50; turn++) {
    await new Promise((resolve) => setTimeout(resolve, 100))
    if (between.changes.every(({ status }) => status !== undefined)) return
  }
}

/** Requests of the record that have no answer. */
export function unknownIn(lines: Awaited<ReturnType<Hand['record']>>): number {
  const open = new Set<string>()
  for (const line of lines) {
    if (line.type === 'request') open.add(`${line.id} ${line.write}`)
    if (line.type === 'answer' && line.outcome !== 'unknown') open.delete(`${line.id} ${line.write}`)
  }
  return open.size
}
