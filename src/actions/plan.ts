/** A plan: what will be changed, from what, to what, why, what it costs and how it is taken back. Made from what is true now; nothing in it writes. */
import type { KubeObject } from '../facts/kubernetes/object.ts'
import type { ObjectRef } from '../targets/ports.ts'
import type { FieldChange, Guard } from './fields.ts'
import type { SeenSetting } from './live-settings.ts'

/** The actions that change something; `config` is `task-mcp config-restore`. */
export type ActionWord =
  | 'restart'
  | 'scale'
  | 'rollback'
  | 'resources'
  | 'resume'
  | 'service'
  | 'policy'
  | 'config'
  | 'pod'
  | 'block'
  | 'limit'
  | 'undo'

/** One request to the API server. */
export interface PlannedWrite {
  verb: 'patch' | 'delete'
  kind: string
  ref: ObjectRef
  /** Metadata of the object as it was read: uid, generation and resourceVersion guard the write. */
  metadata: KubeObject['metadata']
  fields: FieldChange[]
  guard: Guard
  /** Whether it makes a workload roll out, so that the change cause is written on it. */
  rollout: boolean
  /** Where the templates of a rollback are kept: in the run record these names stand for the templates, which may hold secrets. */
  keepers?: { from: string; to: string }
}

/** Something that must hold before, found to hold or not. `unknown` could not be seen. */
export interface Gate {
  name: string
  state: 'ok' | 'failed' | 'unknown'
  said: string
}

/** Why this action will not help or would harm: `--despite CODE` goes on all the same. */
export interface Objection {
  code: string
  why: string
}

export type Verification =
  /** `atLeast` replicas must be asked for as well, where an autoscaler is to ask for them; `drained`: replaced pods have ended what they had begun. */
  | { what: 'rollout'; ref: ObjectRef; kind: string; atLeast?: number; drained?: true }
  | { what: 'stopped'; ref: ObjectRef; kind: string }
  | { what: 'endpoints'; namespace: string; service: string; port: number; path: string }
  /** Every ready pod's own metrics say that the setting has this value, and, where they were read before, that something has changed. */
  | { what: 'setting'; workload: ObjectRef; setting: string; wanted: number; before: SeenSetting[] }
  | { what: 'gone'; ref: ObjectRef; uid: string; workload: ObjectRef | undefined }

export interface Plan {
  id: string
  action: ActionWord
  cluster: { context: string; server: string; user: string }
  target: { kind: string; namespace: string; name: string; uid: string }
  /** One line in the imperative: `roll back deployment/x from revision 4 to 3`. */
  summary: string
  from: string
  to: string
  why: string
  /** What users of the service will notice. */
  notice: string
  /** How long it should take, in words. */
  takes: string
  undo: string
  warnings: string[]
  gates: Gate[]
  objections: Objection[]
  writes: PlannedWrite[]
  verification: Verification[]
  /** Pods that are told to look at their files now, once the writes are applied; nothing rests on it. */
  nudges?: string[]
  /** Set where there is nothing to change: the sentence that says so. */
  already?: string
  /** The change that this one takes back. */
  undoes?: string
  /** The command line that asked for it, without what only says how: a cut-off change is known by it. */
  asked?: string
  /** RFC 3339. */
  madeAt: string
}

/** `deployment/name`, as kubectl writes it. */
export const named = (kind: string, name: string): string => `${kind.toLowerCase()}/${name}`
