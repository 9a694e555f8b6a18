/** Resume: let a paused rollout go on with the template as it is now. */

import { UsageError } from '../errors.ts'
import type { Deployment } from '../facts/kubernetes/workload.ts'
import type { ClusterWriter } from '../targets/ports.ts'
import { changeField } from './fields.ts'
import { type Look, planBase, workloadTarget } from './look.ts'
import { named, type Plan } from './plan.ts'
import { podGates } from './pod-gate.ts'
import { refOf } from './restart.ts'
import { rolloutNotice, rolloutTime } from './rollout-words.ts'

export async function planResume(look: Look, writer: ClusterWriter, word: string | undefined, why: string): Promise<Plan> {
  const target = await workloadTarget(look, word)
  const what = named(target.kind, target.name)
  if (target.kind !== 'Deployment') throw new UsageError(`${what} cannot be paused, so there is nothing to resume`)
  const { spec } = target.object as Deployment
  const plan: Plan = {
    ...planBase(look, 'resume', target),
    summary: `resume the rollout of ${what}`,
    from: spec.paused ? 'paused' : 'not paused',
    to: 'rolling out',
    why,
    notice: rolloutNotice(target),
    takes: rolloutTime(target),
    undo: 'pause it again; pods that were replaced stay replaced',
    writes: [
      {
        verb: 'patch',
        kind: target.kind,
        ref: refOf(target),
        metadata: target.object.metadata,
        fields: [changeField(target.object, ['spec', 'paused'], undefined)],
        guard: 'generation',
        rollout: true,
      },
    ],
    verification: [{ what: 'rollout', ref: refOf(target), kind: target.kind }],
  }
  if (!spec.paused) return { ...plan, writes: [], already: `the rollout of ${what} is not paused` }
  plan.gates = await podGates(look, writer, {
    namespace: target.namespace,
    workload: target.name,
    template: spec.template,
    makesRoom: true,
  })
  return plan
}
