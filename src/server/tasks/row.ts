import type { Row } from '../store/port.ts'
import { priorities, Refusal, type Task } from './task.ts'

/** The columns of a task as the queries give them; `blocked` is worked out from the tasks it depends on. */
export const taskColumns = `t.id, t.title, t.description, t.status, t.priority, t.labels, t.depends_on, t.due_at, t.version, t.created_at,
  t.created_by, t.updated_at, t.updated_by, t.completed_at, t.completed_by, t.claim_id, t.claimed_by, t.claimed_until,
  CASE WHEN t.depends_on = '[]' THEN 0 WHEN EXISTS (SELECT 1 FROM task_dependencies d JOIN tasks p ON p.id = d.depends_on
    WHERE d.task_id = t.id AND p.status = 'open' AND p.deleted_at IS NULL) THEN 1 ELSE 0 END AS blocked`

/** Milliseconds to ISO 8601. */
export const iso = (milliseconds: number): string => new Date(milliseconds).toISOString()

const isoOrNull = (value: Row[string] | undefined): string | null => (value === null || value === undefined ? null : iso(Number(value)))

/** Takes a row of `taskColumns` and the time now in milliseconds; a claim whose lease has passed is no claim. */
export function taskOf(row: Row, now: number): Task {
  const claimed = row.claimed_until !== null && Number(row.claimed_until) > now
  return {
    id: String(row.id),
    title: String(row.title),
    description: String(row.description),
    status: row.status === 'completed' ? 'completed' : 'open',
    priority: priorities[Number(row.priority)] ?? 'normal',
    labels: JSON.parse(String(row.labels)),
    dueAt: isoOrNull(row.due_at),
    dependsOn: JSON.parse(String(row.depends_on)),
    blocked: Number(row.blocked) === 1,
    claim: claimed ? { by: String(row.claimed_by), until: iso(Number(row.claimed_until)) } : null,
    version: Number(row.version),
    createdAt: iso(Number(row.created_at)),
    createdBy: String(row.created_by),
    updatedAt: iso(Number(row.updated_at)),
    updatedBy: String(row.updated_by),
    completedAt: isoOrNull(row.completed_at),
    completedBy: row.completed_by === null || row.completed_by === undefined ? null : String(row.completed_by),
  }
}

/** What text is searched in, so that both databases find the same: compatibility-composed and in lower case. */
export const searchText = (...parts: readonly string[]): string => parts.join('\n').normalize('NFKC').toLowerCase()

/** @throws Refusal when the text is no date. */
export function millisecondsOf(name: string, value: string): number {
  const at = Date.parse(value)
  if (Number.isNaN(at)) throw new Refusal('invalid', `${name} "${value}" is not a date: write it like 2031-05-04 or 2031-05-04T17:00:00Z`)
  return at
}
