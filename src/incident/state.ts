/** What is true of an incident now, folded from its entries. Pure. */

import type { Entry, IncidentService, VerdictDigest } from './entry.ts'
import type { Severity } from './entry-words.ts'
import type { Call, Fact, Situation } from './escalation.ts'
import { factsFrom, type Observation } from './facts.ts'
import { merge } from './merge.ts'

export type EntryOf<T extends Entry['type']> = Extract<Entry, { type: T }>

export interface ActionItem {
  id: string
  text: string
  owner: string
  due: string
  by: string
  /** The task that it is kept as, and at which MCP server. */
  task?: { id: string; where: string } | undefined
}

export interface Incident {
  id: string
  title: string
  severity: Severity
  status: 'open' | 'resolved'
  service: IncidentService
  from: EntryOf<'start'>['from']
  alert: EntryOf<'start'>['alert']
  /** RFC 3339, all of them. */
  onset: string
  detectedAt: string
  openedAt: string
  openedBy: string
  resolvedAt: string | undefined
  resolvedBy: string | undefined
  resolution: string | undefined
  /** Who has which role, the newest word for each. */
  roles: { role: string; who: string; since: string }[]
  /** Everybody who wrote an entry, in order of their first. */
  people: string[]
  /** Diagnoses, by time. */
  verdicts: VerdictDigest[]
  calls: Call[]
  /** Facts that somebody said; the newest word for each. */
  said: Fact[]
  items: ActionItem[]
  entries: Entry[]
}

/** Takes the entries in any order; undefined when there is none. Where the first entry is lost, what can be told from the others stands for it. */
export function incidentOf(unordered: readonly Entry[]): Incident | undefined {
  const entries = merge(unordered)
  const first = entries[0]
  if (first === undefined) return undefined
  const all = <T extends Entry['type']>(type: T) => entries.filter((entry): entry is EntryOf<T> => entry.type === type)
  const start = all('start')[0]
  const resolve = all('resolve')[0]
  const onset = all('note').findLast((note) => note.mark === 'onset')
  const roles = new Map(all('assign').map((entry) => [entry.role, { role: entry.role, who: entry.who, since: entry.at }]))
  return {
    id: first.incident,
    title: start?.title ?? 'the beginning of this record is lost',
    severity: all('severity').at(-1)?.severity ?? start?.severity ?? 'sev2',
    status: resolve === undefined ? 'open' : 'resolved',
    service: start?.service ?? { namespace: '?', kind: '?', workload: '?' },
    from: start?.from ?? 'hand',
    alert: start?.alert,
    onset: (onset && (onset.when ?? onset.at)) ?? start?.onset ?? first.at,
    detectedAt: start?.detectedAt ?? first.at,
    openedAt: start?.at ?? first.at,
    openedBy: start?.by ?? first.by,
    resolvedAt: resolve?.at,
    resolvedBy: resolve?.by,
    resolution: resolve?.text,
    roles: [...roles.values()],
    people: [...new Set(entries.map((entry) => entry.by))],
    verdicts: entries
      .flatMap((entry) =>
        entry.type === 'command' ? (entry.verdicts ?? []) : entry.type === 'start' && entry.verdict ? [entry.verdict] : [],
      )
      .sort((a, b) => Date.parse(a.at) - Date.parse(b.at)),
    calls: callsOf(entries),
    said: [
      ...new Map(all('fact').map((entry) => [entry.fact, { fact: entry.fact, holds: entry.holds, since: Date.parse(entry.at) }])).values(),
    ],
    items: all('item').map(({ id, text, owner, due, by }) => {
      const kept = all('kept').find((one) => one.item === id)
      return { id, text, owner, due, by, task: kept && { id: kept.task, where: kept.where } }
    }),
    entries,
  }
}

function callsOf(entries: readonly Entry[]): Call[] {
  return entries.flatMap((entry): Call[] => {
    if (entry.type !== 'call') return []
    const answer = entries.find(
      (one) => one.type === 'answered' && one.level === entry.level && one.contact === entry.contact && one.at >= entry.at,
    )
    return [{ level: entry.level, contact: entry.contact, at: Date.parse(entry.at), acknowledgedAt: answer && Date.parse(answer.at) }]
  })
}

const observationOf = ({ at, down, caused, burning, security }: VerdictDigest): Observation => ({
  at: Date.parse(at),
  down,
  caused,
  burning,
  security,
})

/** What the escalation clock is asked with: what was seen, and over it what people said. A resolved incident's clock stands still. */
export function situationOf(incident: Incident, now: number): Situation {
  const onset = Date.parse(incident.onset)
  const seen = factsFrom(incident.verdicts.map(observationOf), onset)
  const said = new Map(incident.said.map((fact) => [fact.fact, fact]))
  const facts = [...seen.filter((fact) => !said.has(fact.fact)), ...said.values()]
  return { onset, now: incident.resolvedAt === undefined ? now : Date.parse(incident.resolvedAt), facts, calls: incident.calls }
}
