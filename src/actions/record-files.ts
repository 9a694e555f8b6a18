/**
 * The files of the run record: the newest takes lines until it is full, then the next one begins. Nothing is renamed or rewritten, so a
 * line that another process adds at that moment is in one file or the other. Before the oldest goes, what is open in it is carried on.
 */
import { basename, dirname, join } from 'node:path'
import type { Files } from '../context.ts'
import { jsonLines } from '../facts/json-lines.ts'
import type { Recorded } from './run-record.ts'

/** Characters after which a file is full, and how many files are kept. */
export const fullAt = 1_000_000
export const mostFiles = 8

export interface RecordFiles {
  append(text: string): Promise<void>
  /** Every line that can be read, oldest first; what was carried on is there once. */
  lines(): Promise<Recorded[]>
}

/** `stillOpen` gives the lines that must not be lost, out of all that there are. */
export function recordFiles(files: Files, first: string, stillOpen: (lines: readonly Recorded[]) => Recorded[]): RecordFiles {
  const nameOf = (number: number): string => (number === 0 ? first : `${first}.${number}`)
  /** Characters in the newest file, as far as this process knows. */
  let size: { number: number; characters: number } | undefined

  const numbers = async (): Promise<number[]> => {
    const names = await files.list(dirname(first)).catch(() => [])
    const base = basename(first)
    return names
      .flatMap((name) =>
        name === base
          ? [0]
          : name.startsWith(`${base}.`) && /^[1-9]\d*$/.test(name.slice(base.length + 1))
            ? [Number(name.slice(base.length + 1))]
            : [],
      )
      .sort((a, b) => a - b)
  }
  const read = async (number: number): Promise<string> => ((await files.exists(nameOf(number))) ? files.read(nameOf(number)) : '')
  const lines = async (): Promise<Recorded[]> => {
    const all = await numbers()
    const texts = await Promise.all(all.map(read))
    const found = texts.flatMap((text) => jsonLines(text, '{"at":').objects as unknown as Recorded[])
    return all.length < 2 ? found : inTime(found)
  }

  const newest = async (): Promise<{ number: number; characters: number }> => {
    const number = (await numbers()).at(-1) ?? 0
    if (size?.number !== number) size = { number, characters: (await read(number)).length }
    return size
  }

  const begin = async (number: number): Promise<void> => {
    size = { number, characters: 0 }
    const old = (await numbers()).filter((one) => one < number)
    const leaving = old.slice(0, Math.max(0, old.length + 1 - mostFiles))
    if (leaving.length === 0) return
    const open = stillOpen(await lines())
    const carried = open.map((line) => `${JSON.stringify(line)}\n`).join('')
    if (carried !== '') await files.append(nameOf(number), carried)
    size.characters += carried.length
    for (const one of leaving) await files.remove(join(dirname(first), basename(nameOf(one))))
  }

  return {
    append: async (text) => {
      let at = await newest()
      if (at.characters >= fullAt) {
        await begin(at.number + 1)
        at = size!
      }
      await files.append(nameOf(at.number), text)
      at.characters += text.length
    },
    lines,
  }
}

/** By their times, lines of one time as they stood; a line that was carried on counts once. */
function inTime(lines: readonly Recorded[]): Recorded[] {
  const once = new Map(lines.map((line) => [JSON.stringify(line), line]))
  return [...once.values()].sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0))
}
