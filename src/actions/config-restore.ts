/** Config: keys of a ConfigMap back to what was last applied, and the pods that read them at start made anew. */
import { AbsentError, UsageError } from '../errors.ts'
import type { ConfigMap } from '../facts/kubernetes/settings.ts'
import type { ClusterWriter } from '../targets/ports.ts'
import { changeField } from './fields.ts'
import { type Look, planBase, type Target, workloadTarget } from './look.ts'
import { named, type Plan } from './plan.ts'
import { podGates } from './pod-gate.ts'
import { refOf, restartWrite } from './restart.ts'
import { rolloutNotice, rolloutTime } from './rollout-words.ts'
import { referencesOf } from './template.ts'

/** Restore `configmap/NAME`, all keys that differ or the one named. Only values that the cluster or the run record proves are used. */
export async function planConfig(look: Look, writer: ClusterWriter, word: string, key: string | undefined, why: string): Promise<Plan> {
  const name = nameOf(word)
  const workload = await workloadTarget(look, undefined)
  const { namespace } = workload
  const object = await look.cluster.get('configmaps', { namespace, name }, look.signal).catch((error: unknown) => {
    if (error instanceof AbsentError)
      throw new AbsentError(
        `there is no configmap/${name} in namespace ${namespace}, and nothing tells what it held`,
        'apply it again from where it is kept',
      )
    throw error
  })
  const target: Target<ConfigMap> = { kind: 'ConfigMap', resource: 'configmaps', namespace, name, object }
  const what = named('ConfigMap', name)
  const { data: earlier, from } = await earlierData(look, target)
  const keys = [...new Set([...Object.keys(earlier), ...Object.keys(object.data ?? {})])].filter(
    (one) => (key === undefined || one === key) && earlier[one] !== object.data?.[one],
  )
  const fields = keys.map((one) => changeField(object, ['data', one], earlier[one]))
  const reads = referencesOf(workload.object.spec.template).some((reference) => reference.kind === 'ConfigMap' && reference.name === name)
  const base = planBase(look, 'config', target)
  const plan: Plan = {
    ...base,
    summary: `restore ${keys.join(', ')} of ${what}`,
    from: keys.map((one) => `${one} ${object.data?.[one] === undefined ? 'absent' : 'as it is'}`).join(', '),
    to: keys.map((one) => `${one} ${earlier[one] === undefined ? 'absent' : `as in ${from}`}`).join(', '),
    why,
    notice: reads ? rolloutNotice(workload) : 'nothing until something reads it',
    takes: reads ? rolloutTime(workload) : 'at once',
    undo: 'the values as they are now',
    writes: [
      { verb: 'patch', kind: 'ConfigMap', ref: refOf(target), metadata: object.metadata, fields, guard: 'resourceVersion', rollout: false },
      ...(reads ? [restartWrite(workload, base.madeAt)] : []),
    ],
    verification: reads ? [{ what: 'rollout', ref: refOf(workload), kind: workload.kind }] : [],
  }
  if (fields.length === 0) return { ...plan, writes: [], verification: [], summary: `restore ${what}`, already: `${what} is as in ${from}` }
  if (reads)
    plan.gates = await podGates(look, writer, {
      namespace,
      workload: workload.name,
      template: workload.object.spec.template,
      makesRoom: true,
      coming: { ...object, data: restored(object, keys, earlier) },
    })
  return plan
}

/** The data as it will be: these keys as they were, the others as they are. */
const restored = (object: ConfigMap, keys: readonly string[], earlier: Readonly<Record<string, string>>): Record<string, string> => ({
  ...Object.fromEntries(Object.entries(object.data ?? {}).filter(([one]) => !keys.includes(one))),
  ...Object.fromEntries(keys.flatMap((one) => (earlier[one] === undefined ? [] : [[one, earlier[one]]]))),
})

function nameOf(word: string): string {
  const [kind, name] = word.split('/')
  if (name === undefined) return word
  if (/^secrets?$/.test(kind ?? ''))
    throw new UsageError(
      'values of Secrets are never read, so none can be restored from here',
      'put it back from where it is kept: the secret store, or the manifest that made it',
    )
  if (!/^(configmaps?|cm)$/.test(kind ?? '')) throw new UsageError(`"${word}" is no ConfigMap`, 'write configmap/NAME')
  return name
}

async function earlierData(look: Look, target: Target<ConfigMap>): Promise<{ data: Record<string, string>; from: string }> {
  const changes = await look.record.changes(look.cluster.identity().server)
  const ours = changes.findLast(
    (change) =>
      change.plan.action === 'config' &&
      change.undoneBy === undefined &&
      change.writes.some(({ write }) => write.metadata.uid === target.object.metadata.uid),
  )
  const applied = target.object.metadata.annotations?.['kubectl.kubernetes.io/last-applied-configuration']
  if (applied !== undefined) {
    try {
      return { data: (JSON.parse(applied) as ConfigMap).data ?? {}, from: 'what was last applied with kubectl' }
    } catch {
      // A cut annotation proves nothing.
    }
  }
  throw new UsageError(
    `nothing tells what configmap/${target.name} held before`,
    ours === undefined ? 'apply it again from where it is kept' : `task-mcp undo ${ours.id}  takes back the last change made from here`,
  )
}
