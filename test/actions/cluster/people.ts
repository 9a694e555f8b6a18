/** Two people who act on one object at once: one change is made, and the other person is told. */
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { openBetween } from './between.ts'
import { makers, mend } from './changes.ts'
import { aHand, aTarget, targetSettings } from './hand.ts'

export interface Met {
  action: string
  codes: [number, number]
  applied: number
  told: string
  wrong: string
}

/** Both type the same line; the first request of each waits until the other's has come, so that both were planned from the same state. */
export async function people(namespace: string, only: readonly string[]): Promise<Met[]> {
  await aTarget(namespace)
  const between = await openBetween()
  const hands = [await aHand(targetSettings(namespace, 'other')), await aHand(targetSettings(namespace, 'other'))] as const
  const found: Met[] = []
  let round = 0
  try {
    for (const name of Object.keys(makers).filter((action) => only.length === 0 || only.includes(action))) {
      const change = await makers[name]!(namespace, ++round)
      const line = [...change.line, '--yes', '--wait', '0s', '--observe', '0s', '--despite', 'gate']
      const heard = between.changes.length
      let there = 0
      let meet: (() => void) | undefined
      const both = new Promise<void>((resolve) => {
        meet = resolve
      })
      between.trouble = async ({ change: changes }) => {
        if (changes && ++there === 2) meet?.()
        if (changes && there <= 2) await both
        return undefined
      }
      const files = await Promise.all(
        hands.map(async (hand) => {
          const file = path.join(hand.folder, 'kubeconfig')
          await writeFile(file, between.kubeconfig)
          return file
        }),
      )
      const [one, two] = await Promise.all([hands[0].type(line, files[0]), hands[1].type(line, files[1])])
      between.trouble = () => undefined
      const applied = between.changes.slice(heard).filter(({ status }) => status !== undefined && status < 300).length
      const second = one.code === 0 ? two : one
      const told = (second.err + second.out).trim().split('\n').slice(-3).join(' ')
      const codes: [number, number] = [one.code, two.code]
      const wrong = [
        codes.toSorted().join() === '0,6' ? '' : `exits ${codes.join(' and ')}: ${told}`,
        applied === change.writes ? '' : `applied ${applied} of ${change.writes}`,
      ]
      found.push({ action: name, codes, applied, told, wrong: wrong.filter(Boolean).join('; ') })
      process.stdout.write(`${JSON.stringify(found.at(-1))}\n`)
      await mend(namespace)
    }
    return found
  } finally {
    await between.close()
  }
}
