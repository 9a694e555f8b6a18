/** The verdict object: what `--json` prints. Its JSON Schema is schemas/verdict.schema.json; change both together. */
import type { CauseCode } from './codes.ts'

export const verdictVersion = 1

export interface Subject {
  kind: string
  namespace?: string | undefined
  name: string
  container?: string | undefined
}

/** A fact that replays: what was asked of which source, what came back, what a healthy service would have shown. */
export interface Evidence {
  source: 'kubernetes' | 'prometheus' | 'metrics' | 'logs' | 'probe' | 'alertmanager'
  asked: string
  observed: string
  expected?: string | undefined
  /** RFC 3339 time of the fact itself, where it has one. */
  at?: string | undefined
  ref?: { uid?: string | undefined; resourceVersion?: string | undefined } | undefined
}

export type ActionName =
  | 'rollback'
  | 'restart'
  | 'scale'
  | 'resources'
  | 'resume'
  | 'config'
  | 'block'
  | 'limit'
  | 'pod'
  | 'service'
  | 'policy'
  | 'undo'
  | 'capture'
  | 'manual'
  | 'escalate'

export interface Remedy {
  action: ActionName
  why: string /** The command to paste. */
  command: string
}
export interface Refusal {
  action: ActionName
  why: string
}
export interface Rival {
  code: CauseCode
  status: 'refuted' | 'open'
  fact: string
}
export interface Effect {
  what: string
  subject?: Subject | undefined
}

export interface Cause {
  code: CauseCode
  subject: Subject
  /** RFC 3339, or undefined when nothing dates it. */
  since: string | undefined
  /** 0..1: 0.95 and above rests on the state of the object itself; lower on inference. */
  confidence: number
  summary: string
  evidence: Evidence[]
  effects: Effect[]
  rivals: Rival[]
  remedies: Remedy[]
  never: Refusal[]
  owner: string
}

export interface Symptom {
  code: string
  summary: string
  severity: 'critical' | 'warning' | 'info'
  observed: string
  threshold?: string | undefined
  since?: string | undefined
  subject?: Subject | undefined
}

/** One step of the runbook and what it found. */
export interface StepResult {
  id: string
  phase: 'immediate' | 'troubleshooting' | 'recovery'
  title: string
  kind: 'check' | 'action' | 'manual'
  status: 'ok' | 'found' | 'unknown' | 'not-applicable' | 'todo'
  found: string
}

export interface NotSeen {
  what: string
  reason: string
  couldChange: string
  next?: string | undefined
}

export type VerdictWord = 'healthy' | 'degraded' | 'faulty' | 'inconclusive'

export interface Verdict {
  schemaVersion: typeof verdictVersion
  verdict: VerdictWord
  runbook: string
  /** One line that says it all. */
  headline: string
  causes: Cause[]
  symptoms: Symptom[]
  steps: StepResult[]
  notSeen: NotSeen[]
  /** What decided or would decide, when inconclusive. */
  wouldDecide: string[]
  capabilities: Record<string, 'ok' | 'denied' | 'unreachable' | 'absent'>
  target: { context: string; namespace: string; kind: string; workload: string; service: string }
  window: { start: string; end: string }
  startedAt: string
  /** Seconds. */
  took: number
  requests: number
}
