/** Changes that were cut off: what became of them is found out from the objects, so that nothing stays unknown. */
import { AbsentError, ExpectedError, InterruptedError, MovedError } from '../errors.ts'
import type { KubeObject } from '../facts/kubernetes/object.ts'
import { type FieldChange, hasAll, startsAt } from './fields.ts'
import type { Look } from './look.ts'
import type { PlannedWrite } from './plan.ts'
import { type PastChange, withheld } from './run-record.ts'
import { fromKeeper } from './undo.ts'
import { fieldManager } from './writing.ts'

/** How long after it was begun a cut-off change is still finished by the same command line, in milliseconds. */
const young = 600_000

/** Applied, and nobody has seen it come true: cut off in the middle or while waiting. */
const isOpen = (change: PastChange): boolean =>
  change.verified === undefined && !change.unwatched && change.undoneBy === undefined && change.writes.length > 0

/**
 * Look at every change whose answer was lost, write down what is found, and give a line for each change that is open. Where the
 * objects cannot be read the change stays unknown, and its line says so.
 */
export async function settleAll(look: Look): Promise<{ open: PastChange[]; lines: string[] }> {
  const server = look.cluster.identity().server
  const lines: string[] = []
  const lost = (await look.record.changes(server)).filter((change) => change.writes.some((write) => write.outcome === 'unknown'))
  for (const change of lost.slice(-5)) {
    const name = `change ${change.id} (${change.plan.summary}, ${change.at})`
    try {
      const applied = await settle(look, change)
      if (!applied && change.writes.every((write) => write.outcome === 'unknown'))
        lines.push(`${name} was cut off before it was applied: nothing was changed`)
    } catch (error) {
      if (error instanceof InterruptedError || !(error instanceof ExpectedError) || look.signal.aborted) throw error
      lines.push(`${name} was cut off, so it may have been applied; task-mcp undo ${change.id} looks (${error.message})`)
    }
  }
  const open = (await look.record.changes(server)).filter(
    (change) => isOpen(change) && change.writes.every((write) => write.outcome === 'applied'),
  )
  return { open, lines }
}

/** The open change that the same command line began not long ago: it is finished in place of a second one. */
export const sameBegun = (open: readonly PastChange[], asked: string, now: number): PastChange | undefined =>
  open.findLast((change) => change.plan.asked === asked && now - Date.parse(change.at) < young)

/** What the person is told of an open change that is not gone on with; from then on it counts as told. */
export async function tellOpen(look: Look, change: PastChange): Promise<string> {
  const done = change.writes.length
  const all = change.plan.writes.length
  await look.record.append({ type: 'unwatched', id: change.id, said: 'cut off, and named by a later command' })
  return `change ${change.id} (${change.plan.summary}, ${change.at}) was cut off: ${done === all ? 'it was applied, and nobody saw whether it came true' : `${done} of ${all} writes were applied`}; task-mcp undo ${change.id} takes it back`
}

/** Write down for each lost answer of a change whether the write arrived; whether any did. */
async function settle(look: Look, change: PastChange): Promise<boolean> {
  let any = false
  for (const [index, write] of change.plan.writes.entries()) {
    if (!change.writes.some((one) => one.write === write && one.outcome === 'unknown')) continue
    const applied = await arrived(look, write, change)
    any ||= applied
    await look.record.append({
      type: 'answer',
      id: change.id,
      write: index,
      outcome: applied ? 'applied' : 'not-applied',
      said: 'the answer was lost; found by looking at the object later',
    })
  }
  return any
}

async function arrived(look: Look, write: PlannedWrite, change: PastChange): Promise<boolean> {
  const { resource, namespace, name } = write.ref
  let now: KubeObject
  try {
    now = await look.cluster.get(resource, { namespace, name }, look.signal)
  } catch (error) {
    // Without the object there is nothing that a patch could have left.
    if (error instanceof AbsentError) return write.verb === 'delete'
    throw error
  }
  if (now.metadata.uid !== write.metadata.uid) return write.verb === 'delete'
  if (write.verb === 'delete') return now.metadata.deletionTimestamp !== undefined
  if (write.fields.some((field) => field.to === withheld || field.from === withheld)) return writtenSince(now, change.at)
  const fields = await Promise.all(
    write.fields.map(
      async ({ path, from, to }): Promise<FieldChange> => ({
        path,
        from: await kept(look, write, from),
        to: await kept(look, write, to),
      }),
    ),
  )
  if (hasAll(now, fields)) return true
  if (startsAt(now, fields)) return false
  // Somebody else has written these fields since; what is there now is not ours to take back.
  return false
}

/** A template whose keeper is gone equals nothing. */
const kept = (look: Look, write: PlannedWrite, value: unknown): Promise<unknown> =>
  fromKeeper(look, write, value).catch((error: unknown) => {
    if (error instanceof MovedError) return undefined
    throw error
  })

/** Whether our field manager has written the object at or after this time; managedFields have whole seconds. */
const writtenSince = (object: KubeObject, at: string): boolean =>
  object.metadata.managedFields?.some((field) => field.manager === fieldManager && Date.parse(field.time ?? '') >= Date.parse(at) - 1000) ??
  false
