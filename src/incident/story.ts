/** The whole story of an incident, for the report and the post-mortem: times, harm, causes with their proof, what was done and whether it helped. Pure. */
import { actionsOf, type RunChange, type StoryAction } from './actions.ts'
import type { CauseDigest, VerdictDigest } from './entry.ts'
import { type Moments, momentsOf } from './moments.ts'
import type { Incident } from './state.ts'
import { type Row, timeline } from './timeline.ts'

export const storyVersion = 1

/** Something that was measured over time, as [unix seconds, value]. */
export interface StoryChart {
  title: string
  unit: 'ratio' | 'seconds' | 'rate'
  points: [number, number][]
  threshold?: number | undefined
}

/** What of an error budget an incident spent. */
export interface BudgetCost {
  slo: string
  title: string
  /** Events (or minutes) that went wrong meanwhile. */
  bad: number
  unit: string
  /** Of the whole budget of the window; null without traffic. `net` is without what would have gone wrong anyway. */
  share: number | null
  net: number | null
  /** What is left of the budget now. */
  remaining: number | null
  window: string
}

/** What the metrics say of the time of the incident. What could not be asked is in `notSeen`. */
export interface Measured {
  /** RFC 3339: from the onset to the end, or to now. */
  start: string
  end: string
  requests: { total: number; failed: number } | null
  /** Sessions open at once, at most. The service's metrics count no users. */
  sessions: number | null
  budgets: BudgetCost[]
  charts: StoryChart[]
  /** Where it was asked. */
  source: string | null
  notSeen: string[]
}

export interface StoryCause extends CauseDigest {
  firstSeen: string
  lastSeen: string
  /** Diagnoses that named it, and those that named it first. */
  times: number
  leading: number
}

export interface Story {
  schemaVersion: typeof storyVersion
  id: string
  title: string
  severity: Incident['severity']
  status: Incident['status']
  service: Incident['service']
  moments: Moments
  people: { name: string; roles: string[] }[]
  summary: string
  impact: Measured
  causes: StoryCause[]
  actions: StoryAction[]
  /** What people wrote that did not help. */
  triedInVain: { at: string; by: string; text: string }[]
  calls: { at: string; level: number; contact: string; answeredAfterSeconds: number | null }[]
  timeline: Row[]
  items: Incident['items']
  /** Whether the record was read whole. */
  damage: number
}

/** Takes the incident, what was measured of its time, changes that the run record of this machine knows beside those of the time line, and how many parts of the record are damaged. */
export function storyOf(incident: Incident, impact: Measured, damage: number, changes: ReadonlyMap<string, RunChange> = new Map()): Story {
  const moments = momentsOf(incident)
  const causes = causesOf(incident.verdicts)
  return {
    schemaVersion: storyVersion,
    id: incident.id,
    title: incident.title,
    severity: incident.severity,
    status: incident.status,
    service: incident.service,
    moments,
    people: incident.people
      .concat(incident.roles.map(({ who }) => who))
      .filter((name, index, all) => all.indexOf(name) === index)
      .map((name) => ({ name, roles: incident.roles.filter(({ who }) => who === name).map(({ role }) => role) })),
    summary: summaryOf(incident, moments, causes),
    impact,
    causes,
    actions: actionsOf(incident, changes),
    triedInVain: incident.entries.flatMap((entry) =>
      entry.type === 'note' && entry.mark === 'did-not-help' ? [{ at: entry.when ?? entry.at, by: entry.by, text: entry.text }] : [],
    ),
    calls: incident.calls.map(({ at, level, contact, acknowledgedAt }) => ({
      at: new Date(at).toISOString(),
      level,
      contact,
      answeredAfterSeconds: acknowledgedAt === undefined ? null : Math.max(0, Math.round((acknowledgedAt - at) / 1000)),
    })),
    timeline: timeline(incident),
    items: incident.items,
    damage,
  }
}

/** Causes of all diagnoses, the earliest that led one first: what comes later is often its wake. The proof is that of the surest look. */
export function causesOf(verdicts: readonly VerdictDigest[]): StoryCause[] {
  const found = new Map<string, StoryCause>()
  for (const { at, causes } of verdicts)
    for (const [index, cause] of causes.entries()) {
      const key = `${cause.code} ${cause.subject.kind} ${cause.subject.namespace}/${cause.subject.name}`
      const before = found.get(key)
      const best = before !== undefined && before.confidence >= cause.confidence ? before : cause
      const since = [before?.since, cause.since].filter((one) => one !== undefined).sort()[0]
      found.set(key, {
        ...best,
        ...(since === undefined ? {} : { since }),
        firstSeen: before?.firstSeen ?? at,
        lastSeen: at,
        times: (before?.times ?? 0) + 1,
        leading: (before?.leading ?? 0) + (index === 0 ? 1 : 0),
      })
    }
  const led = ({ leading }: StoryCause): number => (leading > 0 ? 0 : 1)
  return [...found.values()].sort(
    (a, b) => led(a) - led(b) || Date.parse(a.firstSeen) - Date.parse(b.firstSeen) || b.confidence - a.confidence,
  )
}

function summaryOf(incident: Incident, { recovered, resolved }: Moments, causes: readonly StoryCause[]): string {
  const { namespace, workload } = incident.service
  const cause = causes[0]
  const end = recovered ?? resolved
  const minutes = end === undefined ? undefined : Math.max(1, Math.round(end.afterSeconds / 60))
  const how = incident.status === 'open' ? 'It is not over.' : minutes === undefined ? '' : `It was over after ${minutes} min.`
  const known = cause?.summary.replace(/\.$/, '')
  const why = known === undefined ? ' No diagnosis named a cause.' : incident.title.includes(known) ? '' : ` The cause: ${known}.`
  return `${namespace}/${workload}: ${incident.title.replace(/\.$/, '')}.${why} ${how}`.trim()
}
