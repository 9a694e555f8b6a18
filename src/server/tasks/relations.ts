import type { Transaction } from '../store/port.ts'
import { Refusal } from './task.ts'
import { notFound } from './write.ts'

const dependencyLock = 7_230_114_002

/** Makes `labels` the labels of a task. */
export async function setLabels(tx: Transaction, taskId: string, labels: readonly string[]): Promise<void> {
  await tx.run('DELETE FROM task_labels WHERE task_id = ?', taskId)
  for (const label of labels) await tx.run('INSERT INTO task_labels (label, task_id) VALUES (?, ?)', label, taskId)
}

/**
 * Makes `dependsOn` what a task depends on.
 * @throws Refusal `cycle` when the task would then wait for itself, `not_found` when one of them is not there.
 */
export async function setDependencies(tx: Transaction, taskId: string, dependsOn: readonly string[]): Promise<void> {
  // Two writers that each add one half of a circle must not miss each other; SQLite has one writer anyway.
  if (tx.dialect === 'postgres' && dependsOn.length > 0) await tx.get('SELECT pg_advisory_xact_lock(?)', dependencyLock)
  await tx.run('DELETE FROM task_dependencies WHERE task_id = ?', taskId)
  for (const other of dependsOn) {
    if ((await tx.get('SELECT id FROM tasks WHERE id = ? AND deleted_at IS NULL', other)) === undefined) throw notFound(other)
    await tx.run('INSERT INTO task_dependencies (task_id, depends_on) VALUES (?, ?)', taskId, other)
  }
  if (dependsOn.length === 0) return
  const circle = await tx.get(
    `WITH RECURSIVE before (id) AS (SELECT depends_on FROM task_dependencies WHERE task_id = ?
       UNION SELECT d.depends_on FROM task_dependencies d JOIN before b ON d.task_id = b.id)
     SELECT id FROM before WHERE id = ?`,
    taskId,
    taskId,
  )
  if (circle !== undefined)
    throw new Refusal('cycle', `task ${taskId} would depend on itself through ${dependsOn.join(', ')}: leave one of them out`)
}

/** Trimmed, each once, in order of first appearance. */
export function distinct(words: readonly string[]): string[] {
  return [...new Set(words.map((word) => word.trim()).filter((word) => word !== ''))]
}
