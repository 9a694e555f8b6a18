/** A claim: one hypothesis about one object, with what speaks for it. Cause families make them; rank.ts decides between them. */
import type { KubeEvent } from '../facts/kubernetes/event.ts'
import type { Condition, KubeObject } from '../facts/kubernetes/object.ts'
import type { Pod } from '../facts/kubernetes/pod.ts'
import type { CauseCode } from './codes.ts'
import type { Effect, Evidence, Subject } from './verdict.ts'
import { eventTime } from './view.ts'

export interface Claim {
  code: CauseCode
  subject: Subject
  /** supported: the deciding fact is there. refuted: it was looked for and the opposite was seen. open: it could not be seen. */
  status: 'supported' | 'refuted' | 'open'
  since?: string | undefined
  confidence: number
  summary: string
  evidence: Evidence[]
  effects?: Effect[]
  /** For refuted and open claims: the fact, or what would decide. */
  fact?: string
  /** The fault was carried in by the newest revision of the template, so an earlier revision does not have it. */
  introducedByRevision?: boolean
  /** Names for the command to paste, where they differ from the subject: the earlier replica count, the key. */
  hints?: Record<string, string>
}

/** Judges one family of causes. Pure: same view, same claims, same order. */
export type Family = (view: import('./view.ts').View) => Claim[]

export const supported = (claim: Omit<Claim, 'status'>): Claim => ({ ...claim, status: 'supported' })
export const refuted = (code: CauseCode, subject: Subject, fact: string): Claim => ({
  code,
  subject,
  status: 'refuted',
  confidence: 0,
  summary: '',
  evidence: [],
  fact,
})
export const open = (code: CauseCode, subject: Subject, fact: string): Claim => ({
  code,
  subject,
  status: 'open',
  confidence: 0,
  summary: '',
  evidence: [],
  fact,
})

const ref = (o: KubeObject): Evidence['ref'] => ({ uid: o.metadata.uid, resourceVersion: o.metadata.resourceVersion })

/** Evidence from a field of an object: `asked` is the object and path, as kubectl would name them. */
export function seen(kind: string, object: KubeObject, path: string, observed: string, expected?: string, at?: string): Evidence {
  return { source: 'kubernetes', asked: `${kind.toLowerCase()}/${object.metadata.name} ${path}`, observed, expected, at, ref: ref(object) }
}

export function eventEvidence(event: KubeEvent): Evidence {
  return {
    source: 'kubernetes',
    asked: `event ${event.reason ?? ''} on ${(event.involvedObject.kind ?? '').toLowerCase()}/${event.involvedObject.name ?? ''}`,
    observed: short(event.message ?? ''),
    at: eventTime(event),
    ref: ref(event),
  }
}

export const conditionEvidence = (kind: string, object: KubeObject, c: Condition): Evidence =>
  seen(
    kind,
    object,
    `status.conditions[${c.type}]`,
    short(`${c.status} ${c.reason ?? ''}: ${c.message ?? ''}`),
    undefined,
    c.lastTransitionTime,
  )

/** A message on one line, at most 240 characters. */
export function short(message: string, most = 240): string {
  const line = message.replace(/\s+/g, ' ').trim()
  return line.length > most ? `${line.slice(0, most - 3)}...` : line
}

export const podCount = (pods: readonly Pod[], of: number): string => `${pods.length} of ${of} pod${of === 1 ? '' : 's'}`
export const podEffect = (pods: readonly Pod[], what: string): Effect[] =>
  pods.map((p) => ({ what, subject: { kind: 'Pod', namespace: p.metadata.namespace, name: p.metadata.name } }))
