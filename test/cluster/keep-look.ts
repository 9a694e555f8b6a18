/** Keeps what a run saw as a scenario: a right answer in the folder, a wrong one in `wrong` below it, for a person to look at. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseSnapshot } from '../../src/facts/record.ts'
import { packed } from '../scenarios/scenario.ts'
import type { Fault } from './fault.ts'
import type { Question } from './judge.ts'

export async function keepLook(
  folder: string,
  { fault, seed, question, right }: { fault: Fault; seed: number; question: Question; right: boolean },
  seen: string,
): Promise<void> {
  const { secrets, ...asked } = question
  if (secrets.some((secret) => seen.includes(secret))) throw new Error('the look holds a secret; it is not kept')
  const name = `${fault.name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')}-${seed}.json.gz`
  const file = packed({ fault: fault.name, row: fault.row, runbook: fault.runbook, ...asked, snapshot: parseSnapshot(seen, name) })
  if (!file) throw new Error('the look cannot be made small enough to keep')
  const place = right ? folder : join(folder, 'wrong')
  await mkdir(place, { recursive: true })
  await writeFile(join(place, name), file)
}
