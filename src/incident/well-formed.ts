/** Whether what was read can be an entry: a record may come from another release, another person or a bad disk. Pure. */
import { marks, severities } from './entry-words.ts'

type Fields = Record<string, unknown>

const text = (value: unknown): value is string => typeof value === 'string'
/** No number of ours is negative, or as large as this. */
const number = (value: unknown): boolean => typeof value === 'number' && value >= 0 && value < 1e8
const truth = (value: unknown): boolean => typeof value === 'boolean'
/** Of the years that a time can be written in. */
const time = (value: unknown): boolean => text(value) && /^\d{4}-\d\d-\d\d/.test(value) && !Number.isNaN(Date.parse(value))
const word =
  (words: readonly string[]) =>
  (value: unknown): boolean =>
    text(value) && words.includes(value)
const maybe =
  (check: (value: unknown) => boolean) =>
  (value: unknown): boolean =>
    value === undefined || check(value)
const listOf =
  (check: (value: unknown) => boolean) =>
  (value: unknown): boolean =>
    Array.isArray(value) && value.every(check)
const having =
  (checks: Readonly<Record<string, (value: unknown) => boolean>>) =>
  (value: unknown): boolean =>
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.entries(checks).every(([key, check]) => check((value as Fields)[key]))

const labels = (value: unknown): boolean => typeof value === 'object' && value !== null && Object.values(value).every(text)
const cause = having({
  code: text,
  subject: having({ kind: text, name: text, namespace: maybe(text), container: maybe(text) }),
  since: maybe(time),
  confidence: number,
  summary: text,
  owner: maybe(text),
  evidence: listOf(having({ source: text, asked: text, observed: text, expected: maybe(text) })),
})
const digest = having({
  at: time,
  runbook: text,
  verdict: word(['healthy', 'degraded', 'faulty', 'inconclusive']),
  headline: text,
  down: truth,
  caused: truth,
  burning: truth,
  security: truth,
  causes: listOf(cause),
})
const change = having({
  id: text,
  summary: text,
  outcome: word(['already', 'blocked', 'dry-run', 'declined', 'applied', 'failed']),
  said: text,
  verified: maybe(truth),
  undo: maybe(text),
  undoes: maybe(text),
})

const checks: Readonly<Record<string, (value: unknown) => boolean>> = {
  start: having({
    title: text,
    severity: word(severities),
    onset: time,
    detectedAt: time,
    from: word(['hand', 'alert', 'diagnosis']),
    alert: maybe(having({ name: text, fingerprint: text, labels })),
    verdict: maybe(digest),
    service: having({ namespace: text, kind: text, workload: text, context: maybe(text) }),
  }),
  note: having({ text, mark: maybe(word(marks)), when: maybe(time) }),
  fact: having({ fact: text, holds: truth }),
  assign: having({ who: text, role: text }),
  severity: having({ severity: word(severities), why: maybe(text) }),
  resolve: having({ text: maybe(text) }),
  command: having({
    line: text,
    exitCode: number,
    seconds: number,
    said: text,
    verdicts: maybe(listOf(digest)),
    changes: maybe(listOf(change)),
  }),
  call: having({ level: number, contact: text, said: text }),
  answered: having({ level: number, contact: text }),
  item: having({ text, owner: text, due: time }),
  kept: having({ item: text, task: text, where: text }),
}

const every = having({ id: (value) => text(value) && /^[\w.-]{1,80}$/.test(value), incident: text, at: time, by: text, type: text })

/** An entry of a type that a newer release writes is well formed when it says who and when. */
export const isWellFormed = (value: unknown): boolean => every(value) && (checks[(value as { type: string }).type]?.(value) ?? true)
