import type { Row } from '../store/port.ts'
import { readyCondition } from './find.ts'
import { newId } from './identifier.ts'
import { iso, taskColumns } from './row.ts'
import { Refusal } from './task.ts'
import { type Act, changeTask, checkClaim, lockTask } from './write.ts'

export interface Claim {
  readonly id: string
  readonly until: string
}

/**
 * Takes the next ready task, the most urgent and then the oldest, or the named one. Gives its id and the claim, or undefined
 * when no task is ready. Two callers never get one task: SQLite has one writer, PostgreSQL skips rows that another holds.
 * @throws Refusal when the named task cannot be claimed.
 */
export async function claim(
  act: Act,
  wanted: { id?: string; label?: string; leaseSeconds: number },
): Promise<{ taskId: string; claim: Claim } | undefined> {
  const row = wanted.id === undefined ? await nextReady(act, wanted.label) : await named(act, wanted.id)
  if (row === undefined) return undefined
  const claimId = newId('claim', act.now)
  const until = act.now + wanted.leaseSeconds * 1000
  await changeTask(act, row, 'claimed', { claim_id: claimId, claimed_by: act.actor, claimed_until: until }, { until: iso(until) })
  return { taskId: String(row.id), claim: { id: claimId, until: iso(until) } }
}

/** Makes the lease of a claim last from now. @throws Refusal `lease_lost` when the claim is no more. */
export async function heartbeat(act: Act, taskId: string, claimId: string, leaseSeconds: number): Promise<Claim> {
  const row = await held(act, taskId, claimId)
  const until = act.now + leaseSeconds * 1000
  await act.tx.run('UPDATE tasks SET claimed_until = ? WHERE id = ?', until, row.id ?? null)
  return { id: claimId, until: iso(until) }
}

/** Gives a claimed task back. @throws Refusal `lease_lost` when the claim is no more. */
export async function release(act: Act, taskId: string, claimId: string): Promise<void> {
  await changeTask(act, await held(act, taskId, claimId), 'released', { claim_id: null, claimed_by: null, claimed_until: null }, {})
}

async function nextReady({ tx, now }: Act, label: string | undefined): Promise<Row | undefined> {
  const labelled = label === undefined ? '' : 'AND EXISTS (SELECT 1 FROM task_labels l WHERE l.task_id = t.id AND l.label = ?)'
  const skip = tx.dialect === 'postgres' ? 'FOR UPDATE OF t SKIP LOCKED' : ''
  return tx.get(
    `SELECT ${taskColumns} FROM tasks t WHERE t.deleted_at IS NULL AND t.status = 'open' AND ${readyCondition} ${labelled}
     ORDER BY t.priority DESC, t.created_at, t.id LIMIT 1 ${skip}`,
    now,
    ...(label === undefined ? [] : [label]),
  )
}

async function named(act: Act, id: string): Promise<Row> {
  const row = await lockTask(act, id)
  if (row.status !== 'open') throw new Refusal('invalid', `task ${id} is completed: reopen_task first, if there is more to do`)
  if (Number(row.blocked) === 1) throw new Refusal('blocked', `task ${id} waits for ${row.depends_on}: complete those first`)
  checkClaim(row, undefined, act.now)
  return row
}

async function held(act: Act, taskId: string, claimId: string): Promise<Row> {
  const row = await lockTask(act, taskId)
  if (row.claim_id === claimId && Number(row.claimed_until) > act.now) return row
  throw new Refusal(
    'lease_lost',
    `the claim on task ${taskId} has ended: stop working on it, and claim_task again if it is still to be done`,
  )
}
