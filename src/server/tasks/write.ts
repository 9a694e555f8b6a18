import type { Row, SqlValue, Transaction } from '../store/port.ts'
import { iso, taskColumns, taskOf } from './row.ts'
import { Refusal, type Task } from './task.ts'

/** Who does it, when (milliseconds), in which transaction. */
export interface Act {
  readonly tx: Transaction
  readonly actor: string
  readonly now: number
  /** The process, for those who are told of changes. */
  readonly origin?: string
}

/** Reads a task for writing, so that nobody else changes it before this transaction ends. @throws Refusal `not_found`. */
export async function lockTask({ tx }: Act, id: string): Promise<Row> {
  const lock = tx.dialect === 'postgres' ? ' FOR UPDATE OF t' : ''
  const row = await tx.get(`SELECT ${taskColumns} FROM tasks t WHERE t.id = ? AND t.deleted_at IS NULL${lock}`, id)
  if (row === undefined) throw notFound(id)
  return row
}

/** Gives the task as it is now. @throws Refusal `not_found`. */
export async function loadTask(tx: Transaction, id: string, now: number): Promise<Task> {
  const row = await tx.get(`SELECT ${taskColumns} FROM tasks t WHERE t.id = ? AND t.deleted_at IS NULL`, id)
  if (row === undefined) throw notFound(id)
  return taskOf(row, now)
}

export const notFound = (id: string): Refusal =>
  new Refusal('not_found', `there is no task ${id}: it was deleted or never existed; list_tasks and search_tasks give ids`)

/** @throws Refusal when the caller saw another version. */
export function checkVersion(row: Row, seen: number | undefined): void {
  if (seen === undefined || seen === Number(row.version)) return
  throw new Refusal(
    'version_conflict',
    `task ${row.id} has version ${row.version}, not ${seen}: somebody changed it since; get_task, then decide again`,
  )
}

/** @throws Refusal when somebody holds the task and the caller does not show the claim. */
export function checkClaim(row: Row, claimId: string | undefined, now: number): void {
  if (row.claimed_until === null || Number(row.claimed_until) <= now || row.claim_id === claimId) return
  throw new Refusal(
    'claimed',
    `task ${row.id} is claimed by ${row.claimed_by} until ${iso(Number(row.claimed_until))}: give the claimId of that claim, or wait until it ends`,
  )
}

/** Writes columns of a task under its next version, with the line of history and the announcement that belong to it. */
export async function changeTask(
  act: Act,
  row: Row,
  action: string,
  columns: Readonly<Record<string, SqlValue>>,
  changes: object,
): Promise<void> {
  const version = Number(row.version) + 1
  const all = { ...columns, version, updated_at: act.now, updated_by: act.actor }
  const names = Object.keys(all)
  await act.tx.run(`UPDATE tasks SET ${names.map((name) => `${name} = ?`).join(', ')} WHERE id = ?`, ...Object.values(all), row.id ?? null)
  await record(act, String(row.id), version, action, changes)
}

/** Adds a line of history and announces it. */
export async function record(
  { tx, actor, now, origin }: Act,
  taskId: string,
  version: number,
  action: string,
  changes: object,
): Promise<void> {
  const row = await tx.get(
    'INSERT INTO task_history (task_id, version, at, actor, action, changes) VALUES (?, ?, ?, ?, ?, ?) RETURNING sequence, (SELECT id FROM history_epoch) AS epoch',
    taskId,
    version,
    now,
    actor,
    action,
    JSON.stringify(changes),
  )
  await tx.announce({
    sequence: Number(row?.sequence),
    epoch: String(row?.epoch),
    taskId,
    action,
    ...(origin === undefined ? {} : { origin }),
  })
}
