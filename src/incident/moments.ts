/** When an incident began, was noticed, taken up, kept from users and over, and how each is known. Pure. */
import type { Incident } from './state.ts'

export interface Moment {
  /** RFC 3339. */
  at: string
  /** How it is known. */
  how: string
  /** Seconds since the onset; never negative. */
  afterSeconds: number
}

export const momentNames = ['detected', 'acknowledged', 'mitigated', 'recovered', 'resolved'] as const
export type MomentName = (typeof momentNames)[number]

export interface Moments extends Record<MomentName, Moment | undefined> {
  onset: Moment
}

type Known = { at: string; how: string }

/** What somebody said wins over what can be told from diagnoses. */
export function momentsOf(incident: Incident): Moments {
  const { onset, verdicts, entries } = incident
  const said = (mark: 'acknowledged' | 'mitigated' | 'recovered'): Known | undefined => {
    const note = entries.findLast((entry) => entry.type === 'note' && entry.mark === mark)
    return note?.type === 'note' ? { at: note.when ?? note.at, how: `said by ${note.by}` } : undefined
  }
  const quiet = firstOfTheRest(verdicts, (verdict) => verdict.verdict !== 'faulty' && !verdict.down && verdict.verdict !== 'inconclusive')
  const healthy = firstOfTheRest(verdicts, (verdict) => verdict.verdict === 'healthy')
  const resolved: Known | undefined =
    incident.resolvedAt === undefined ? undefined : { at: incident.resolvedAt, how: `resolved by ${incident.resolvedBy}` }
  const recovered =
    said('recovered') ??
    (healthy === undefined ? undefined : { at: healthy, how: 'the first healthy diagnosis' }) ??
    (resolved && { ...resolved, how: 'no healthy diagnosis before it was resolved' })
  const mitigated =
    said('mitigated') ?? (quiet === undefined ? undefined : { at: quiet, how: 'the first diagnosis without a fault' }) ?? recovered
  const after = (known: Known | undefined): Moment | undefined =>
    known && { ...known, afterSeconds: Math.max(0, Math.round((Date.parse(known.at) - Date.parse(onset)) / 1000)) }
  return {
    onset: { at: onset, how: onsetHow(incident), afterSeconds: 0 },
    detected: after(detection(incident)),
    acknowledged: after(said('acknowledged') ?? acknowledgement(incident)),
    mitigated: after(mitigated),
    recovered: after(recovered),
    resolved: after(resolved),
  }
}

function onsetHow({ entries, from, alert, onset, detectedAt, openedBy }: Incident): string {
  const note = entries.findLast((entry) => entry.type === 'note' && entry.mark === 'onset')
  if (note) return `said by ${note.by}`
  if (alert) return `alert ${alert.name}`
  if (from === 'diagnosis') return onset === detectedAt ? 'first seen by a diagnosis' : 'dated by the diagnosis'
  return onset === detectedAt ? 'as it was opened' : `said by ${openedBy}`
}

const detection = ({ detectedAt, from, alert, openedBy }: Incident): Known => ({
  at: detectedAt,
  how: alert ? `alert ${alert.name} fires` : from === 'diagnosis' ? 'a diagnosis' : `noticed by ${openedBy}`,
})

/** The first sign of a person: the one who opened it, who was assigned or who answered a call. */
function acknowledgement({ openedAt, openedBy, entries }: Incident): Known {
  const signs = entries.flatMap((entry): Known[] =>
    entry.type === 'assign'
      ? [{ at: entry.at, how: `${entry.who} is ${entry.role}` }]
      : entry.type === 'answered'
        ? [{ at: entry.at, how: `${entry.contact} answers` }]
        : [],
  )
  return [{ at: openedAt, how: `opened by ${openedBy}` }, ...signs].sort((a, b) => Date.parse(a.at) - Date.parse(b.at))[0]!
}

/** When the last unbroken row of looks that are so began; undefined when the last look is not, or no look before it was different. */
function firstOfTheRest<T extends { at: string }>(looks: readonly T[], is: (look: T) => boolean): string | undefined {
  const lastOther = looks.findLastIndex((look) => !is(look))
  return lastOther < 0 || lastOther === looks.length - 1 ? undefined : looks[lastOther + 1]!.at
}
