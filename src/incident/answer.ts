/** What the incident commands print with --json. Its JSON Schema is schemas/incident.schema.json; change both together. Pure. */
import type { Entry } from './entry.ts'
import type { Escalation } from './escalation.ts'
import { type Moments, momentsOf } from './moments.ts'
import type { Incident } from './state.ts'
import { type Row, timeline } from './timeline.ts'

export const incidentVersion = 1

export interface IncidentAnswer {
  schemaVersion: typeof incidentVersion
  incident: Omit<Incident, 'entries' | 'calls' | 'said' | 'verdicts'> & {
    calls: { level: number; contact: string; at: string; acknowledgedAt: string | null }[]
    facts: { fact: string; holds: boolean; since: string }[]
    diagnoses: number
    entries: number
  }
  moments: Moments
  /** The escalation clock, for `status`. */
  clock?: Escalation | undefined
  timeline?: Row[] | undefined
  /** For `show`. */
  entries?: Entry[] | undefined
  /** Parts of the record that cannot be read. */
  damage: { where: string; at: string; bytes: number; why: string; kept: number }[]
  /** null where the record is on this machine alone; `level` when it is the same here and there. */
  shared: { where: string; level: boolean } | null
}

/** The answer for an incident; the record's damage and place, and what a command adds, are handed in. */
export function answerOf(
  incident: Incident,
  more: Pick<IncidentAnswer, 'damage' | 'shared'> & { clock?: Escalation; rows?: boolean; whole?: boolean },
): IncidentAnswer {
  const { entries, calls, said, verdicts, ...rest } = incident
  return {
    schemaVersion: incidentVersion,
    incident: {
      ...rest,
      calls: calls.map(({ level, contact, at, acknowledgedAt }) => ({
        level,
        contact,
        at: time(at),
        acknowledgedAt: acknowledgedAt === undefined ? null : time(acknowledgedAt),
      })),
      facts: said.map(({ fact, holds, since }) => ({ fact, holds, since: time(since) })),
      diagnoses: verdicts.length,
      entries: entries.length,
    },
    moments: momentsOf(incident),
    ...(more.clock ? { clock: more.clock } : {}),
    ...(more.rows ? { timeline: timeline(incident) } : {}),
    ...(more.whole ? { entries } : {}),
    damage: more.damage,
    shared: more.shared,
  }
}

const time = (at: number): string => new Date(at).toISOString()
