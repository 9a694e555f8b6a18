/** What is said to somebody who is called: what users notice, since when, what was tried, what is not known. Pure. */
import { span } from '../duration.ts'
import { redact } from '../facts/redact.ts'
import type { VerdictDigest } from './entry.ts'
import type { Reason } from './escalation.ts'

export interface Handover {
  level: number
  role: string
  /** `namespace/workload`. */
  service: string
  /** The incident's name, where one is open. */
  incident: string | undefined
  /** Epoch milliseconds. */
  onset: number
  now: number
  why: readonly Reason[]
  verdict: VerdictDigest | undefined
  /** Why there is no verdict. */
  unseen: string | undefined
  /** Changes made since the onset, each with what became of it. */
  tried: readonly string[]
  /** Facts that nobody has said. */
  open: readonly string[]
  /** What the caller wants to say first. */
  words: string | undefined
  /** For times of day. */
  localTime: (at: number) => string
}

/** Subject and text, without anything that looks like a credential. */
export function handoverMessage(handover: Handover): { subject: string; text: string } {
  const { level, role, service, onset, now, why, verdict, words } = handover
  const elapsed = span((now - onset) / 1000)
  const reasons = why.map((reason) => (reason.forSeconds >= 60 ? `${reason.says} for ${span(reason.forSeconds)}` : reason.says))
  const first = words?.split('\n')[0] ?? reasons[0] ?? 'called by hand'
  const lines = [
    ...(words === undefined ? [] : [words, '']),
    `Since: ${handover.localTime(onset)} (${elapsed} ago)`,
    ...(reasons.length > 0 ? [`Why now: ${reasons.join('; ')}`] : []),
    `What is seen: ${verdict ? `${verdict.verdict}, ${verdict.headline}` : (handover.unseen ?? 'nobody has looked yet')}`,
    ...(verdict?.causes ?? []).slice(0, 3).map((cause) => `- ${cause.summary} (${Math.round(cause.confidence * 100)}%)`),
    `Tried: ${handover.tried.length > 0 ? '' : 'nothing that the tool knows of'}`.trimEnd(),
    ...handover.tried.slice(-8).map((one) => `- ${one}`),
    ...(handover.open.length > 0 ? [`Not known: ${handover.open.map((one) => `whether ${one}`).join('; ')}`] : []),
    '',
    `You are called as level ${level}, ${role}.`,
    ...(handover.incident === undefined ? [] : [`Incident ${handover.incident}: task-mcp incident show ${handover.incident}`]),
    'Look yourself: task-mcp escalate status; task-mcp diagnose',
  ]
  return { subject: redact(`L${level} ${service}: ${first}`).slice(0, 200), text: redact(lines.join('\n')) }
}

/** The same for every try and channel of one call of one level, new with each onset. At most 255 characters, as the strictest service has it. */
export const dedupKey = (service: string, onset: number, level: number): string =>
  `task-mcp/${service}/${new Date(onset).toISOString().slice(0, 19)}Z/L${level}`.slice(0, 255)
