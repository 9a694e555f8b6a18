/** One call, many tasks: in steps of one transaction each, and in a step each task on its own. */
import { complete, type Named, relabel, reopen, type TaskFields, update } from './changes.ts'
import { Refusal, type RefusalCode } from './task.ts'
import { pause, type Watch } from './watch.ts'
import type { Act } from './write.ts'

export const bulkActions = ['update', 'complete', 'reopen', 'label'] as const

/** One of many changes: which task, what to do, and what that needs. */
export interface BulkChange extends Named, Partial<TaskFields> {
  readonly action: (typeof bulkActions)[number]
  readonly addLabels?: readonly string[]
  readonly removeLabels?: readonly string[]
}

/** What became of one of them. A deleted task has no version any more. */
export type BulkResult =
  | { readonly id: string; readonly ok: true; readonly version?: number }
  | { readonly id: string; readonly ok: false; readonly error: RefusalCode; readonly message: string }

/** Tasks in one transaction: few enough that others who write do not wait long, enough that a sync to disk is shared. */
export const stepSize = 50

/** Each step has a key of its own, so that a call that was cut short can be repeated and goes on where it ended. */
export const keyOfStep = (key: string | undefined, step: number): string | undefined =>
  key === undefined ? undefined : `${key}\u001f${step}`

/**
 * Runs `work` for one part after the other and puts the results together. Between parts it tells how far it is, and stops when it
 * is no longer wanted: what was done stays done.
 */
export async function inSteps<T, R>(
  items: readonly T[],
  watch: Watch,
  work: (part: readonly T[], step: number) => Promise<R[]>,
): Promise<R[]> {
  const results: R[] = []
  for (let step = 0; step * stepSize < items.length; step++) {
    if (step === 0) watch.signal.throwIfAborted()
    else await pause(watch)
    results.push(...(await work(items.slice(step * stepSize, (step + 1) * stepSize), step)))
    watch.report(results.length, items.length, `${results.length} of ${items.length} tasks`)
  }
  return results
}

/** Does each item in a savepoint: one that is refused leaves nothing behind, and does not take the others with it. */
export async function eachOnItsOwn<T extends Named>(
  act: Act,
  items: readonly T[],
  work: (act: Act, item: T) => Promise<{ id: string; version?: number }>,
): Promise<BulkResult[]> {
  const results: BulkResult[] = []
  for (const item of items) {
    await act.tx.run('SAVEPOINT item')
    try {
      const { version } = await work(act, item)
      results.push({ id: item.id, ok: true, ...(version === undefined ? {} : { version }) })
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      await act.tx.run('ROLLBACK TO SAVEPOINT item')
      results.push({ id: item.id, ok: false, error: error.code, message: error.message })
    }
    await act.tx.run('RELEASE SAVEPOINT item')
  }
  return results
}

/** @throws Refusal when something is missing that the action needs. */
export function changeOne(act: Act, change: BulkChange): Promise<{ id: string; version: number }> {
  switch (change.action) {
    case 'update':
      if (change.version === undefined) throw new Refusal('invalid', `update of ${change.id} needs the version that get_task gives`)
      return update(act, { ...change, version: change.version })
    case 'complete':
      return complete(act, change)
    case 'reopen':
      return reopen(act, change)
    case 'label':
      if (change.addLabels === undefined && change.removeLabels === undefined)
        throw new Refusal('invalid', `label of ${change.id} needs addLabels or removeLabels`)
      return relabel(act, change)
  }
}
