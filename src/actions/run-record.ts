/**
 * The run record: one JSON object a line, only ever appended, on the disk before the next thing happens. Undo, the earlier
 * replica count and the incident's timeline are read from it.
 */
import { join } from 'node:path'
import type { Context } from '../context.ts'
import { redact } from '../facts/redact.ts'
import { stateDirectory } from '../state-directory.ts'
import type { NoticeEntry } from './notice-record.ts'
import type { Plan, PlannedWrite } from './plan.ts'
import { recordFiles } from './record-files.ts'

export type RecordEntry =
  | { type: 'plan'; plan: Plan }
  | { type: 'declined'; id: string; reason: string }
  | { type: 'request'; id: string; write: number }
  | {
      type: 'answer'
      id: string
      write: number
      outcome: 'applied' | 'not-applied' | 'unknown'
      said: string
      resourceVersion?: string | undefined
    }
  | { type: 'verified'; id: string; ok: boolean; said: string }
  /** The service's golden signals after it, and what got worse. */
  | { type: 'golden'; id: string; worse: string[]; said: string }
  /** Applied, and on purpose not watched to its end. */
  | { type: 'unwatched'; id: string; said: string }
  | { type: 'undone'; id: string; undo: string }
  | WalkEntry
  | NoticeEntry

/** What a runbook walked in a terminal or unattended leaves behind; `id` is the walk's. */
export type WalkEntry =
  | { type: 'walk'; id: string; runbook: string; cluster: Plan['cluster']; namespace: string; kind: string; workload: string }
  | { type: 'look'; id: string; verdict: string; headline: string; causes: string[] }
  | {
      type: 'step'
      id: string
      step: string
      phase: string
      kind: string
      /** What the step found, in the words of the verdict. */
      status: string
      found: string
      /** What became of it: `seen`, `run`, `skip`, `done`, `escalate`. */
      choice: string
      /** What the person wrote. */
      note?: string | undefined
      /** The change that an action made. */
      change?: string | undefined
      ok?: boolean | undefined
    }
  | { type: 'step-begun'; id: string; step: string; change: string }
  | { type: 'note'; id: string; step: string; note: string }
  | { type: 'walk-over'; id: string; outcome: 'finished' | 'stopped' }

export type Recorded = RecordEntry & { at: string; by: string }

/** A change of the record, put together again from its lines. */
export interface PastChange {
  id: string
  at: string
  by: string
  plan: Plan
  /** Writes that reached the API server; `unknown` where the answer was lost. */
  writes: { write: PlannedWrite; outcome: 'applied' | 'unknown' }[]
  verified: boolean | undefined
  /** Nobody waited for it to come true, on purpose. */
  unwatched: boolean
  undoneBy: string | undefined
}

export interface RunRecord {
  readonly file: string
  append(entry: RecordEntry): Promise<void>
  /** Every line that can be read, oldest first. */
  lines(): Promise<Recorded[]>
  /** Changes of a cluster, oldest first. A line cut by a crash is passed over. */
  changes(server: string): Promise<PastChange[]>
}

/** Who is at the keyboard, as far as the environment tells. */
export const actor = (env: Context['env']): string => env.USER || env.LOGNAME || 'somebody'

/** Where the record is: TASK_MCP_RECORD, else task-mcp/record.jsonl in the user's state directory. */
export function recordFile(context: Pick<Context, 'env' | 'home'>): string {
  return context.env.TASK_MCP_RECORD || join(stateDirectory(context), 'record.jsonl')
}

/** The record of this user on this machine. */
export function openRecord(context: Pick<Context, 'env' | 'home' | 'files' | 'clock'>): RunRecord {
  const file = recordFile(context)
  const by = actor(context.env)
  const kept = recordFiles(context.files, file, stillOpen)
  return {
    file,
    async append(entry) {
      const written = entry.type === 'plan' ? { ...entry, plan: recordable(entry.plan) } : entry
      const line: Recorded = { at: new Date(context.clock.now()).toISOString(), by, ...written }
      await kept.append(`${JSON.stringify(line)}\n`)
    },
    lines: kept.lines,
    changes: async (server) => pastChanges(await kept.lines(), server),
  }
}

/** So many of the last changes that can be taken back stay known, however full the record is. */
const lastChanges = 50

/** The lines of what is not over: changes whose end nobody knows, the last ones that undo can take back, walks that can go on. Pure. */
export function stillOpen(lines: readonly Recorded[]): Recorded[] {
  const applied = pastChanges(lines, undefined).filter((change) => change.writes.length > 0 && change.undoneBy === undefined)
  const wanted = new Set([
    ...applied.filter((change) => change.verified === undefined && !change.unwatched).map(({ id }) => id),
    ...applied.slice(-lastChanges).map(({ id }) => id),
  ])
  for (const line of lines) if (line.type === 'walk') wanted.add(line.id)
  for (const line of lines) if (line.type === 'walk-over' && line.outcome === 'finished') wanted.delete(line.id)
  return lines.filter((line) => wanted.has(line.type === 'plan' ? line.plan.id : line.id))
}

/** Changes out of lines, of one cluster or (undefined) of all. Pure. */
export function pastChanges(lines: readonly Recorded[], server: string | undefined): PastChange[] {
  const changes = new Map<string, PastChange>()
  for (const line of lines) {
    if (line.type === 'plan') {
      if (server === undefined || line.plan.cluster.server === server)
        changes.set(line.plan.id, {
          id: line.plan.id,
          at: line.at,
          by: line.by,
          plan: line.plan,
          writes: [],
          verified: undefined,
          unwatched: false,
          undoneBy: undefined,
        })
      continue
    }
    const change = changes.get(line.id)
    if (change === undefined) continue
    const write = 'write' in line ? change.plan.writes[line.write] : undefined
    if (line.type === 'request' && write) change.writes[line.write] = { write, outcome: 'unknown' }
    if (line.type === 'answer' && write) {
      if (line.outcome === 'not-applied') delete change.writes[line.write]
      else change.writes[line.write] = { write, outcome: line.outcome }
    }
    if (line.type === 'verified') change.verified = line.ok
    if (line.type === 'unwatched') change.unwatched = true
    if (line.type === 'undone') change.undoneBy = line.undo
  }
  return [...changes.values()].map((change) => ({ ...change, writes: change.writes.filter((write) => write !== undefined) }))
}

/** What stands in the record for a pod template: it may hold secrets, and the cluster keeps it under this name. */
export interface Kept {
  $kept: string
}

export const isKept = (value: unknown): value is Kept => typeof value === 'object' && value !== null && '$kept' in value

/** A plan as it may be written down: no templates, no values that look like secrets, of metadata only what guards a write. */
export function recordable(plan: Plan): Plan {
  return {
    ...plan,
    writes: plan.writes.map((write) => {
      const { name, namespace, uid, generation, resourceVersion } = write.metadata
      const metadata = JSON.parse(JSON.stringify({ name, namespace, uid, generation, resourceVersion })) as typeof write.metadata
      return {
        ...write,
        metadata,
        fields: write.fields.map((field) => ({
          ...field,
          from: safe(field.from, write.keepers?.from),
          to: safe(field.to, write.keepers?.to),
        })),
      }
    }),
  }
}

function safe(value: unknown, keeper: string | undefined): unknown {
  if (typeof value === 'object' && value !== null && 'spec' in value)
    return keeper === undefined ? undefined : ({ $kept: keeper } satisfies Kept)
  return typeof value === 'string' && redact(value) !== value ? withheld : value
}

/** In place of a value that looks like a secret: it cannot be put back from the record. */
export const withheld = '[withheld]'
