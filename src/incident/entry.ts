/**
 * The entries of an incident's record. A record is a set of them that only grows: each has an id of its own, none is ever changed, so
 * records of several people are joined by putting the sets together (merge.ts), and what is true now is folded from them (state.ts).
 */
import { randomBytes } from 'node:crypto'
import type { Subject } from '../diagnosis/verdict.ts'
import { redact, redactArgument } from '../facts/redact.ts'
import type { Mark, Severity } from './entry-words.ts'
import { isWellFormed } from './well-formed.ts'

/** Which service an incident is about. */
export interface IncidentService {
  context?: string | undefined
  namespace: string
  kind: string
  workload: string
}

/** What a diagnosis said, cut down to what a report needs. */
export interface VerdictDigest {
  /** RFC 3339: when it looked. */
  at: string
  runbook: string
  verdict: 'healthy' | 'degraded' | 'faulty' | 'inconclusive'
  headline: string
  /** For the escalation clock. */
  down: boolean
  caused: boolean
  burning: boolean
  security: boolean
  causes: CauseDigest[]
}

export interface CauseDigest {
  code: string
  subject: Subject
  since?: string | undefined
  confidence: number
  summary: string
  owner?: string | undefined
  evidence: { source: string; asked: string; observed: string; expected?: string | undefined }[]
}

/** What an action did, as the run record of the one who did it has it. */
export interface ChangeDigest {
  /** The change in the run record. */
  id: string
  summary: string
  outcome: 'already' | 'blocked' | 'dry-run' | 'declined' | 'applied' | 'failed'
  said: string
  /** Absent where nothing was waited for. */
  verified?: boolean | undefined
  undo?: string | undefined
  /** The change that this one takes back. */
  undoes?: string | undefined
}

/** What an entry tells, by its type. Times in it are RFC 3339. */
export type Told =
  | {
      type: 'start'
      title: string
      severity: Severity
      onset: string
      /** When somebody or something noticed. */
      detectedAt: string
      from: 'hand' | 'alert' | 'diagnosis'
      alert?: { name: string; fingerprint: string; labels: Record<string, string> } | undefined
      verdict?: VerdictDigest | undefined
      service: IncidentService
    }
  /** `when`: the time it is about, where that is not when it was written. */
  | { type: 'note'; text: string; mark?: Mark | undefined; when?: string | undefined }
  /** Somebody said whether a fact of the escalation clock holds. */
  | { type: 'fact'; fact: string; holds: boolean }
  | { type: 'assign'; who: string; role: string }
  | { type: 'severity'; severity: Severity; why?: string | undefined }
  | { type: 'resolve'; text?: string | undefined }
  /** A command of the tool that was run meanwhile. `said` is the beginning of its answer, or its complaint. */
  | {
      type: 'command'
      line: string
      exitCode: number
      seconds: number
      said: string
      /** What it diagnosed, by time: the first and the last look. */
      verdicts?: VerdictDigest[] | undefined
      /** What it changed, in order. */
      changes?: ChangeDigest[] | undefined
    }
  /** Somebody of a level was called (`said`: by what way, and what became of it), and has answered. */
  | { type: 'call'; level: number; contact: string; said: string }
  | { type: 'answered'; level: number; contact: string }
  /** Something to do afterwards; `due` is a day or a time. The entry's id is the item's. */
  | { type: 'item'; text: string; owner: string; due: string }
  /** An item is kept as a task of an MCP server. */
  | { type: 'kept'; item: string; task: string; where: string }

export type Entry = Told & {
  id: string
  incident: string
  /** RFC 3339 in UTC, with milliseconds: when it was written. */
  at: string
  by: string
}

/** How every line of a record begins, so that a damaged one can be searched for whole entries. */
export const entryStart = '{"id":"'

/** Longest text in an entry, in characters; a longer one is cut with a mark. */
const longest = 4000

/** Ids and words of ours, which are no free text. */
const fixed = new Set([
  'id',
  'incident',
  'type',
  'at',
  'onset',
  'detectedAt',
  'when',
  'due',
  'severity',
  'mark',
  'fact',
  'item',
  'task',
  'fingerprint',
  'code',
  'undoes',
  'since',
])

/** An entry of an incident, written at a time (epoch milliseconds) by somebody, as the nth of this machine's record, so that those of one moment keep their order. What looks like a credential is taken out of every text in it. */
export function newEntry(told: Told, about: { incident: string; now: number; by: string; nth?: number }): Entry {
  const at = new Date(about.now).toISOString()
  const id = `${at.replace(/\D/g, '')}-${String(about.nth ?? 0).padStart(5, '0')}-${randomBytes(5).toString('hex')}`
  return { id, incident: about.incident, at, by: redact(about.by), ...(cleaned(told) as Told) }
}

/** A command line as it may be kept. */
export const commandText = (argv: readonly string[]): string =>
  redactArgument(
    ['task-mcp', ...argv].map((word) => (/^[\w./:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)).join(' '),
  )

function cleaned(value: unknown, key = ''): unknown {
  if (typeof value === 'string') return fixed.has(key) ? value : cut(redact(value))
  if (Array.isArray(value)) return value.map((one) => cleaned(one, key))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, one]) => (one === undefined ? [] : [[name, cleaned(one, key === 'labels' ? key : name)]])),
  )
}

const cut = (text: string): string => (text.length <= longest ? text : `${text.slice(0, longest)} [cut]`)

/** A name for a new incident: the day and minute (UTC) it is opened in, and three letters so that two of one minute differ. */
export function newIncidentId(now: number): string {
  const digits = new Date(now).toISOString().replace(/\D/g, '')
  const letters = [...randomBytes(3)].map((byte) => 'bcdfghjkmnpqrstvwxz'[byte % 19]).join('')
  return `inc-${digits.slice(0, 8)}-${digits.slice(8, 12)}-${letters}`
}

/** Whether a text is such a name. Names become files and objects, so nothing else may. */
export const isIncidentId = (text: string): boolean => /^inc-[a-z0-9-]{1,60}$/.test(text)

/** What was read, as an entry; undefined when it is none. Types that a newer release writes are kept as they are. Texts are cleaned again: somebody else may have written them. */
export function entryOf(value: unknown): Entry | undefined {
  if (!isWellFormed(value)) return undefined
  const entry = value as Entry
  return cleaned({ ...entry, at: new Date(Date.parse(entry.at)).toISOString() }) as Entry
}
