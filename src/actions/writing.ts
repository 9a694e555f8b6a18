/** How a planned write is sent, what came of it, and how a lost answer is settled. */
import { AbsentError, ExpectedError, InterruptedError, MovedError, UnreachableError } from '../errors.ts'
import type { KubeObject } from '../facts/kubernetes/object.ts'
import type { Cluster, ClusterWriter } from '../targets/ports.ts'
import { hasAll, patchFor, startsAt } from './fields.ts'
import type { Plan, PlannedWrite } from './plan.ts'

/** How the API server's managedFields name us. */
export const fieldManager = 'task-mcp'

/** The request body of a write; `cause` goes into the change cause of a rollout. */
export function bodyOf(write: PlannedWrite, object: KubeObject, cause: string): unknown {
  if (write.verb === 'delete') return { preconditions: { uid: write.metadata.uid } }
  const extra: Record<string, string> = write.rollout ? { 'kubernetes.io/change-cause': cause } : {}
  return patchFor({ ...object, metadata: { ...object.metadata, ...guarded(write) } }, write.fields, write.guard, extra)
}

/** The versions that the plan was made from, not those of a later read. */
const guarded = ({ metadata: { uid, generation, resourceVersion } }: PlannedWrite): Partial<KubeObject['metadata']> => ({
  ...(uid === undefined ? {} : { uid }),
  ...(generation === undefined ? {} : { generation }),
  ...(resourceVersion === undefined ? {} : { resourceVersion }),
})

/** What others read on the object: who changed what, by which change. */
export const causeText = (plan: Plan): string => `task-mcp ${plan.action}: ${plan.summary} (change ${plan.id})`

export type Outcome = { outcome: 'applied'; object: KubeObject | undefined } | { outcome: 'not-applied' | 'unknown'; error: ExpectedError }

/** Send a write. A lost answer is settled by reading the object again: its fields say whether the write arrived. */
export async function send(
  write: PlannedWrite,
  object: KubeObject,
  cause: string,
  dryRun: boolean,
  cluster: Cluster,
  writer: ClusterWriter,
  signal: AbortSignal,
): Promise<Outcome> {
  for (let attempt = 1; ; attempt++) {
    try {
      if (write.verb === 'delete') {
        await writer.remove(
          write.ref,
          { dryRun, fieldManager, ...(write.metadata.uid === undefined ? {} : { uid: write.metadata.uid }) },
          signal,
        )
        return { outcome: 'applied', object: undefined }
      }
      return {
        outcome: 'applied',
        object: await writer.patch(write.ref, 'json', bodyOf(write, object, cause), { dryRun, fieldManager }, signal),
      }
    } catch (error) {
      if (!(error instanceof ExpectedError)) throw error
      // An interrupt in the middle of a request leaves as open whether it arrived as a cut connection does.
      if (!(error instanceof UnreachableError || error instanceof InterruptedError) || dryRun) return { outcome: 'not-applied', error }
      const settled = await settle(write, error, cluster)
      // Not applied: the tests in the patch make a second try harmless.
      if (settled.outcome !== 'not-applied' || attempt >= 3 || signal.aborted || error !== settled.error) return settled
    }
  }
}

/** After a lost answer: did it arrive? Asked under a deadline of its own, so that Ctrl-C at the wrong moment does not hide it. */
async function settle(write: PlannedWrite, error: ExpectedError, cluster: Cluster): Promise<Outcome> {
  try {
    const now = await cluster.get(write.ref.resource, { namespace: write.ref.namespace, name: write.ref.name }, AbortSignal.timeout(10_000))
    if (write.verb === 'delete')
      return now.metadata.uid === write.metadata.uid && now.metadata.deletionTimestamp === undefined
        ? { outcome: 'not-applied', error }
        : { outcome: 'applied', object: undefined }
    if (hasAll(now, write.fields)) return { outcome: 'applied', object: now }
    if (startsAt(now, write.fields)) return { outcome: 'not-applied', error }
    return {
      outcome: 'not-applied',
      error: new MovedError(
        `${write.kind.toLowerCase()}/${write.ref.name} was changed by somebody else meanwhile`,
        'look again and make a new plan',
      ),
    }
  } catch (again) {
    if (again instanceof AbsentError && write.verb === 'delete') return { outcome: 'applied', object: undefined }
    if (again instanceof ExpectedError) return { outcome: 'unknown', error }
    throw again
  }
}
