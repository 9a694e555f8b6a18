import type { Change, Place, Transaction } from './port.ts'

/** Where the history ends now. */
export async function endOfHistory(tx: Transaction): Promise<Required<Place>> {
  const row = await tx.get('SELECT (SELECT coalesce(max(sequence), 0) FROM task_history) AS last, (SELECT id FROM history_epoch) AS epoch')
  return { sequence: Number(row?.last), epoch: String(row?.epoch) }
}

/** So far back a change may lie that was committed after the one it is looked from. */
const farthestBack = 10_000

/**
 * Changes that may have come after a place, by sequence, at most `limit`. Of another history all are given. `late` adds those with
 * a lower sequence that were under way when the one at that place was written: they may have been committed, and told, after it.
 */
export async function changesAfter(tx: Transaction, { sequence, epoch }: Place, limit: number, late: boolean): Promise<Change[]> {
  const current = await tx.get('SELECT id FROM history_epoch')
  const from = epoch === undefined || epoch === current?.id ? sequence : 0
  const underWay = `OR (sequence > ? AND sequence < ? AND transaction_id >= (SELECT oldest_under_way FROM task_history WHERE sequence = ?))`
  const withLate = late && tx.dialect === 'postgres'
  const rows = await tx.all(
    `SELECT sequence, task_id, action FROM task_history WHERE sequence > ? ${withLate ? underWay : ''} ORDER BY sequence LIMIT ?`,
    from,
    ...(withLate ? [from - farthestBack, from, from] : []),
    limit,
  )
  return rows.map((row) => ({
    sequence: Number(row.sequence),
    epoch: current === undefined ? undefined : String(current.id),
    taskId: String(row.task_id),
    action: String(row.action),
  }))
}
