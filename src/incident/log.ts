/** An incident's record as a file: one entry a line, only ever appended. Pure. */
import { type Damage, jsonLines } from '../facts/json-lines.ts'
import { type Entry, entryOf, entryStart } from './entry.ts'

export interface Log {
  entries: Entry[]
  damage: Damage[]
  /** Whether the next line may be added right away; else the last one was cut and has to be ended first. */
  ended: boolean
}

/** One line, with its end. The id comes first, by which a damaged file is searched. */
export const lineOf = ({ id, ...rest }: Entry): string => `${JSON.stringify({ id, ...rest })}\n`

/** The entries of a file's text as they stand there, and what of it cannot be read. Entries of another incident are damage too. */
export function readLog(text: string, incident: string): Log {
  const { objects, damage, ended } = jsonLines(text, entryStart)
  const entries: Entry[] = []
  const strange: Record<string, unknown>[] = []
  for (const object of objects) {
    const entry = entryOf(object)
    if (entry?.incident === incident) entries.push(entry)
    else strange.push(object)
  }
  const lines = text.split('\n')
  for (const object of strange) {
    const line = lines.indexOf(JSON.stringify(object))
    damage.push({ line: line + 1, bytes: Buffer.byteLength(lines[line] ?? ''), why: 'not an entry of this incident', kept: 0 })
  }
  return { entries, damage: damage.sort((a, b) => a.line - b.line), ended }
}
