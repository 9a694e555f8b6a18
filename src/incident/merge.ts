/** Records of several people put together. Pure: the order of the records, and how often one is put in, make no difference. */
import type { Entry } from './entry.ts'

/** All entries of the records, each once, by time and then by id. Of two with one id (a damaged copy) always the same one stays. */
export function merge(...records: readonly (readonly Entry[])[]): Entry[] {
  const byId = new Map<string, Entry>()
  for (const entry of records.flat()) {
    const other = byId.get(entry.id)
    if (other === undefined || canonical(entry) < canonical(other)) byId.set(entry.id, entry)
  }
  return [...byId.values()].sort(inOrder)
}

/** The text of an entry, the same whatever order its fields came in. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  const fields = Object.entries(value).filter(([, one]) => one !== undefined)
  return `{${fields
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, one]) => `${JSON.stringify(key)}:${canonical(one)}`)
    .join(',')}}`
}

const inOrder = (a: Entry, b: Entry): number => {
  const [one, other] = [Date.parse(a.at), Date.parse(b.at)]
  return one !== other ? one - other : a.id < b.id ? -1 : 1
}
