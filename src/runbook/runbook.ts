/** A runbook as the engine has it: what load.ts makes of one Markdown file. */
import type { ActionName } from '../diagnosis/verdict.ts'
import type { Thresholds } from '../settings.ts'

export const phases = ['immediate', 'troubleshooting', 'recovery'] as const
export type Phase = (typeof phases)[number]

export const stepKinds = ['check', 'action', 'manual'] as const
export type StepKind = (typeof stepKinds)[number]

/** The action names that a step may carry; the type keeps this list equal to the verdict's. */
export const actionNames = [
  'rollback',
  'restart',
  'scale',
  'resources',
  'resume',
  'config',
  'block',
  'limit',
  'pod',
  'service',
  'policy',
  'undo',
  'capture',
  'manual',
  'escalate',
] as const satisfies readonly ActionName[]

interface StepBase {
  /** Unique within its runbook; `--json`, records and coverage name it. */
  id: string
  phase: Phase
  title: string
  /** Markdown of the step without its typed fence. */
  prose: string
  /** Items of the written runbook that this step carries, as source-items.yaml names them; a trailing `.*` takes all below too. */
  covers: string[]
  /** The `sh` and `promql` fences, each with the number of its first line in the file. */
  fences: Fence[]
  /** Number of the heading's line in the file. */
  line: number
}

export interface Fence {
  language: 'sh' | 'promql'
  text: string
  line: number
}

export type Step =
  | (StepBase & { kind: 'check'; check: string })
  | (StepBase & { kind: 'action'; action: string })
  /** `look` says in one line what the person looks at or does. */
  | (StepBase & { kind: 'manual'; look: string })

/** A person or team that can be reached; `reach` is an address, a channel or the words for a rota. */
export interface Contact {
  id: string
  team: string
  name: string
  reach: string
}

/** Why a level hands over to the next. With `afterSeconds` it holds once the fact has been true that long. */
export interface Trigger {
  fact: string
  afterSeconds: number
  says: string
}

/** One level of escalation: who, how fast they answer, what they do, and what takes it to the next level (or, from the last, to `handsOverTo`). */
export interface Level {
  level: number
  role: string
  respondWithinSeconds: number
  contacts: string[]
  does: string[]
  handsOverTo: string[]
  handsOverWhen: Trigger[]
}

export interface Runbook {
  /** The file's name without `.md`; what is typed after `diagnose` and `runbook show`. */
  name: string
  title: string
  summary: string
  /** Symptom codes that call for this runbook. */
  symptoms: string[]
  /** Names of the alerts that link here. */
  alerts: string[]
  /** What this runbook calls too much; ratios in 0..1, latencies in seconds. */
  thresholds: Partial<Thresholds>
  /** Ids of the contacts to call, in order. */
  contacts: string[]
  /** Contacts that this file defines, for all runbooks of the directory. */
  people: Contact[]
  levels: Level[]
  /** Markdown between the first heading and the first step. */
  intro: string
  steps: Step[]
  /** Fences outside of steps. */
  fences: Fence[]
  /** The file, for messages. */
  file: string
}
