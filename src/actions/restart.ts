/** Restart: every pod is made anew, one after another, as `kubectl rollout restart` does it. */
import type { ClusterWriter } from '../targets/ports.ts'
import { changeField } from './fields.ts'
import { type Look, planBase, type Target, workloadTarget } from './look.ts'
import { named, type Plan } from './plan.ts'
import { podGates } from './pod-gate.ts'
import { rolloutNotice, rolloutTime } from './rollout-words.ts'

export const restartedAt = ['spec', 'template', 'metadata', 'annotations', 'kubectl.kubernetes.io/restartedAt'] as const

/** A rolling restart of a workload (`deployment/NAME`; the settings' own when undefined). */
export async function planRestart(look: Look, writer: ClusterWriter, word: string | undefined, why: string): Promise<Plan> {
  const target = await workloadTarget(look, word)
  const { object } = target
  const what = named(target.kind, target.name)
  const base = planBase(look, 'restart', target)
  const plan: Plan = {
    ...base,
    summary: `restart ${what}`,
    from: object.spec.template.metadata?.annotations?.['kubectl.kubernetes.io/restartedAt'] ?? 'never restarted',
    to: base.madeAt,
    why,
    notice: rolloutNotice(target),
    takes: rolloutTime(target),
    undo: 'taking the mark away rolls the pods once more; what the old pods held in memory does not come back',
    writes: [restartWrite(target, base.madeAt)],
    verification: [{ what: 'rollout', ref: refOf(target), kind: target.kind, drained: true }],
    gates: await podGates(look, writer, {
      namespace: target.namespace,
      workload: target.name,
      template: object.spec.template,
      makesRoom: true,
    }),
  }
  if ('replicas' in object.spec && object.spec.replicas === 0)
    plan.objections.push({ code: 'scaled_to_zero', why: `${what} is scaled to 0: there is no pod to restart` })
  if ('paused' in object.spec && object.spec.paused)
    plan.objections.push({ code: 'rollout_paused', why: `the rollout of ${what} is paused: nothing would happen until task-mcp resume` })
  return plan
}

/** The write that marks a template, so that its controller makes all pods anew. `at` is RFC 3339. */
export const restartWrite = (target: Target, at: string): Plan['writes'][number] => ({
  verb: 'patch',
  kind: target.kind,
  ref: refOf(target),
  metadata: target.object.metadata,
  fields: [changeField(target.object, restartedAt, at)],
  guard: 'generation',
  rollout: true,
})

export const refOf = (target: Pick<Target, 'resource' | 'namespace' | 'name'>) => ({
  resource: target.resource,
  namespace: target.namespace,
  name: target.name,
})
