import type { SqlValue, Transaction } from '../store/port.ts'
import { cursorFor, positionOf } from './cursor.ts'
import { millisecondsOf, searchText, taskColumns, taskOf } from './row.ts'
import { type Priority, priorities, Refusal, type Status, type Task } from './task.ts'

export type Sort = 'created' | '-created' | 'updated' | '-updated' | 'priority' | 'due'

export interface Filter {
  readonly status?: Status | 'any'
  readonly labels?: readonly string[]
  readonly priority?: Priority
  readonly claimedBy?: string
  /** Open, not blocked and claimed by nobody. */
  readonly ready?: boolean
  readonly dueBefore?: string
  readonly text?: string
  readonly sort?: Sort
}

export interface Page {
  readonly tasks: readonly Task[]
  readonly nextCursor?: string
}

const never = 9_000_000_000_000_000
const sorts: Record<Sort, { key: string; down: boolean }> = {
  created: { key: 't.created_at', down: false },
  '-created': { key: 't.created_at', down: true },
  updated: { key: 't.updated_at', down: false },
  '-updated': { key: 't.updated_at', down: true },
  priority: { key: 't.priority', down: true },
  due: { key: `coalesce(t.due_at, ${never})`, down: false },
}

/** One page of the tasks that pass the filter. @throws Refusal for a bad date or cursor. */
export async function findTasks(
  tx: Transaction,
  filter: Filter,
  page: { limit: number; cursor?: string | undefined },
  now: number,
): Promise<Page> {
  const { key, down } = sorts[filter.sort ?? '-created']
  const conditions = ['t.deleted_at IS NULL']
  const values: SqlValue[] = []
  const where = (condition: string, ...more: SqlValue[]): void => {
    conditions.push(condition)
    values.push(...more)
  }
  const status = filter.ready === true ? 'open' : (filter.status ?? 'open')
  if (status !== 'any') where('t.status = ?', status)
  for (const label of filter.labels ?? []) where('EXISTS (SELECT 1 FROM task_labels l WHERE l.task_id = t.id AND l.label = ?)', label)
  if (filter.priority !== undefined) where('t.priority = ?', priorities.indexOf(filter.priority))
  if (filter.claimedBy !== undefined) where('t.claimed_by = ? AND t.claimed_until > ?', filter.claimedBy, now)
  if (filter.ready === true) where(readyCondition, now)
  if (filter.dueBefore !== undefined) where('t.due_at < ?', millisecondsOf('dueBefore', filter.dueBefore))
  for (const term of terms(filter.text)) where("t.search_text LIKE ? ESCAPE '!'", term)
  if (page.cursor !== undefined) {
    const position = positionOf(filter, page.cursor)
    where(`(${key}, t.id) ${down ? '<' : '>'} (?, ?)`, position.key, position.id)
  }
  const order = down ? 'DESC' : 'ASC'
  const sql = `SELECT ${taskColumns}, ${key} AS sort_key FROM tasks t WHERE ${conditions.join(' AND ')} ORDER BY ${key} ${order}, t.id ${order} LIMIT ?`
  const rows = await tx.all(sql, ...values, page.limit + 1)
  const shown = rows.slice(0, page.limit)
  const last = shown.at(-1)
  const tasks = shown.map((row) => taskOf(row, now))
  if (rows.length <= page.limit || last === undefined) return { tasks }
  return { tasks, nextCursor: cursorFor(filter, { key: Number(last.sort_key), id: String(last.id) }) }
}

/** Nobody holds it and nothing it depends on is open. Takes the time now as its one value. */
export const readyCondition = `(t.claimed_until IS NULL OR t.claimed_until <= ?) AND NOT EXISTS (SELECT 1 FROM task_dependencies d
  JOIN tasks p ON p.id = d.depends_on WHERE d.task_id = t.id AND p.status = 'open' AND p.deleted_at IS NULL)`

function terms(text: string | undefined): string[] {
  if (text === undefined) return []
  const found = searchText(text)
    .split(/\s+/)
    .filter((term) => term !== '')
  if (found.length === 0) throw new Refusal('invalid', 'there is no word in the text to search for')
  return found.slice(0, 10).map((term) => `%${term.replace(/[!%_]/g, '!$&')}%`)
}
