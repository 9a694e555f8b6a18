/** Who is kept out: what `block list` prints. Its schema is schemas/block-list.schema.json. */
import { durationText } from '../duration.ts'
import { columnsOf, type Look } from './page.ts'
import { pad, wrap } from './text.ts'

export interface BlockReport {
  schemaVersion: 1
  /** Where the list stands. */
  from: string
  /** `until` is RFC 3339, and absent for good; `over` entries are on the list and let in again. */
  entries: { kind: 'address' | 'principal'; who: string; until?: string; over: boolean }[]
  /** Requests that the pods that run now refused by the list; null where it cannot be seen. */
  refused: number | null
}

/** A line for each entry, with what is left of it at `now` (milliseconds). */
export function renderBlocked({ from, entries, refused }: BlockReport, now: number, look: Look): string {
  const column = Math.max(0, ...entries.map(({ who }) => who.length)) + 2
  const left = (until: string): string => durationText(Math.max(1, Math.round((Date.parse(until) - now) / 1000)))
  const lines = entries.map(({ kind, who, until, over }) => {
    const text = `${pad(kind, 10)}${pad(who, column)}${over ? 'over: let in again' : until === undefined ? 'for good' : `until ${until}, ${left(until)} left`}`
    return over ? look.style.dim(text) : text
  })
  const count = refused === null ? 'how often it refused cannot be seen' : `${refused} requests refused by the pods that run now`
  const last = entries.length === 0 ? `nobody is blocked (${from})` : `${from}; ${count}`
  return `${[...lines, ...wrap(last, columnsOf(look))].join('\n')}\n`
}
