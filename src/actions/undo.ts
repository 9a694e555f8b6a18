/** Undo: the fields that a recorded change set, back to what they were, as long as they are still what it made them. */

import { AbsentError, MovedError, RefusedError, UsageError } from '../errors.ts'
import type { KubeObject } from '../facts/kubernetes/object.ts'
import type { PodTemplate } from '../facts/kubernetes/pod.ts'
import type { ControllerRevision } from '../facts/kubernetes/workload.ts'
import { equal, type FieldChange, reversed, valueAt } from './fields.ts'
import { type Look, planBase } from './look.ts'
import { named, type Plan, type PlannedWrite } from './plan.ts'
import { isKept, type PastChange, withheld } from './run-record.ts'
import { withoutHash } from './template.ts'

/** Undo the change called `id`, or the last one made from here that has not been undone. */
export async function planUndo(look: Look, id: string | undefined, why: string): Promise<Plan> {
  const change = await find(look, id)
  const done = [...change.writes].reverse()
  const gone = done.find(({ write }) => write.verb === 'delete')
  if (gone)
    throw new UsageError(
      `change ${change.id} deleted ${named(gone.write.kind, gone.write.ref.name)}, which cannot be undone`,
      'its owner has made another one',
    )
  const backwards = await Promise.all(done.map(({ write }) => backward(look, write, change)))
  const writes = backwards.filter((write) => write.fields.length > 0)
  const { target } = change.plan
  const base = planBase(look, 'undo', { ...target, resource: 'pods', object: { metadata: { name: target.name, uid: target.uid } } })
  const plan: Plan = {
    ...base,
    undoes: change.id,
    summary: `undo change ${change.id}: ${change.plan.summary}`,
    from: change.plan.to,
    to: change.plan.from,
    why,
    notice: change.plan.notice,
    takes: change.plan.takes,
    undo: 'make the change again',
    writes,
  }
  return writes.length === 0 ? { ...plan, already: `change ${change.id} is undone already: everything is as it was before` } : plan
}

async function find(look: Look, id: string | undefined): Promise<PastChange> {
  const changes = await look.record.changes(look.cluster.identity().server)
  if (id !== undefined) {
    const found = changes.find((change) => change.id === id)
    if (!found)
      throw new UsageError(
        `the run record has no change ${id} on this cluster`,
        `it is in ${look.record.file}; changes made from elsewhere are undone there`,
      )
    if (found.writes.length === 0) throw new UsageError(`change ${id} was never applied, so there is nothing to undo`)
    return found
  }
  const last = changes.findLast((change) => change.writes.length > 0 && change.undoneBy === undefined && change.plan.action !== 'undo')
  if (!last)
    throw new UsageError('nothing was changed from here on this cluster that is not undone', `the run record is ${look.record.file}`)
  return last
}

/** A write backwards, with only the fields that are not back already. MovedError when somebody else changed them since. */
async function backward(look: Look, write: PlannedWrite, change: PastChange): Promise<PlannedWrite> {
  const what = named(write.kind, write.ref.name)
  const now: KubeObject = await look.cluster
    .get(write.ref.resource, { namespace: write.ref.namespace, name: write.ref.name }, look.signal)
    .catch((error: unknown) => {
      if (error instanceof AbsentError) throw new MovedError(`${what} is not there any more, so change ${change.id} cannot be undone`)
      throw error
    })
  if (now.metadata.uid !== write.metadata.uid)
    throw new MovedError(`${what} was deleted and made anew since change ${change.id}`, 'look at it before you change it')
  const fields: FieldChange[] = []
  for (const field of reversed(write.fields)) {
    if (field.to === withheld)
      throw new RefusedError(
        `${field.path.join('.')} of ${what} looks like a secret, so its earlier value was not written down`,
        'Withheld',
        'put it back from where it is kept',
      )
    const resolved = { path: field.path, from: await fromKeeper(look, write, field.from), to: await fromKeeper(look, write, field.to) }
    const value = valueAt(now, field.path)
    if (equal(value, resolved.to)) continue
    if (field.from !== withheld && !equal(value, resolved.from)) {
      throw new MovedError(
        `${field.path.join('.')} of ${what} was changed by somebody else since change ${change.id}`,
        'look at it, and change it by hand if that is right',
      )
    }
    fields.push({ ...resolved, from: value })
  }
  return {
    ...write,
    metadata: now.metadata,
    fields,
    guard: 'fields',
    ...(write.keepers ? { keepers: { from: write.keepers.to, to: write.keepers.from } } : {}),
  }
}

/** A template that the record has by the name of its keeper; other values as they are. */
export async function fromKeeper(look: Look, write: PlannedWrite, value: unknown): Promise<unknown> {
  if (!isKept(value)) return value
  const resource = write.kind === 'Deployment' ? 'replicasets' : 'controllerrevisions'
  const keeper = await look.cluster
    .get(resource, { namespace: write.ref.namespace, name: value.$kept }, look.signal)
    .catch((error: unknown) => {
      if (error instanceof AbsentError)
        throw new MovedError(`${resource} ${value.$kept}, which kept the earlier template, is gone`, 'apply your manifest instead')
      throw error
    })
  if (resource === 'replicasets') return withoutHash((keeper as unknown as { spec: { template: PodTemplate } }).spec.template)
  const { $patch: _, ...template } = (keeper as ControllerRevision & { data: { spec: { template: PodTemplate & { $patch?: string } } } })
    .data.spec.template
  return template
}
