/** Pod: one bad pod is captured, then deleted, or taken out of service by its labels so that it can be studied. */
import { join } from 'node:path'
import type { Files } from '../context.ts'
import { selects } from '../diagnosis/selectors.ts'
import { AbsentError, ExpectedError, InterruptedError } from '../errors.ts'
import type { Pod } from '../facts/kubernetes/pod.ts'
import { redact, redactSpec } from '../facts/redact.ts'
import type { ClusterWriter } from '../targets/ports.ts'
import { changeField } from './fields.ts'
import { type Look, listed, planBase, type Target, workloadTarget } from './look.ts'
import { named, type Plan } from './plan.ts'
import { podGates } from './pod-gate.ts'
import { refOf } from './restart.ts'

export const isolatedLabel = 'task-mcp/isolated'

/** Delete a pod, or isolate it: its owner makes another one either way. */
export async function planPod(look: Look, writer: ClusterWriter, word: string, how: 'delete' | 'isolate', why: string): Promise<Plan> {
  const name = word.replace(/^(pod|pods|po)\//, '')
  const { namespace } = look.settings.service
  const object = await look.cluster.get('pods', { namespace, name }, look.signal)
  const target: Target<Pod> = { kind: 'Pod', resource: 'pods', namespace, name, object }
  const workload = await workloadTarget(look, undefined).catch((error: unknown) => {
    if (error instanceof AbsentError) return undefined
    throw error
  })
  const mine = workload !== undefined && selects(workload.object.spec.selector, object.metadata.labels) ? workload : undefined
  const base = planBase(look, 'pod', { ...target, object: { ...object, metadata: { ...object.metadata, ownerReferences: [] } } })
  const labels = Object.keys(mine?.object.spec.selector.matchLabels ?? object.metadata.labels ?? {})
  const plan: Plan = {
    ...base,
    summary: `${how} ${named('Pod', name)}`,
    from: object.status?.phase ?? 'unknown',
    to: how === 'delete' ? 'gone' : `running, out of service and out of ${mine === undefined ? 'its owner' : named(mine.kind, mine.name)}`,
    why,
    notice: 'requests on this pod are ended as it ends them; the others take its share',
    takes: `about ${(object.spec.terminationGracePeriodSeconds ?? 30) + 15} s at most`,
    undo: how === 'delete' ? 'none: its owner makes another pod' : 'its labels as they were; its owner then removes one pod',
    writes: [
      how === 'delete'
        ? { verb: 'delete', kind: 'Pod', ref: refOf(target), metadata: object.metadata, fields: [], guard: 'fields', rollout: false }
        : {
            verb: 'patch',
            kind: 'Pod',
            ref: refOf(target),
            metadata: object.metadata,
            fields: [
              ...labels.map((label) => changeField(object, ['metadata', 'labels', label], undefined)),
              changeField(object, ['metadata', 'labels', isolatedLabel], 'true'),
            ],
            guard: 'fields',
            rollout: false,
          },
    ],
    verification:
      how === 'delete'
        ? [{ what: 'gone', ref: refOf(target), uid: object.metadata.uid ?? '', workload: mine && refOf(mine) }]
        : mine
          ? [{ what: 'rollout', ref: refOf(mine), kind: mine.kind }]
          : [],
  }
  if (!(object.metadata.ownerReferences ?? []).some((owner) => owner.controller))
    plan.objections.push({ code: 'no_owner', why: `nothing would make another pod in place of ${name}` })
  await disruption(look, plan, object)
  if (mine)
    plan.gates.push(
      ...(await podGates(look, writer, { namespace, workload: mine.name, template: mine.object.spec.template, makesRoom: true })),
    )
  return plan
}

async function disruption(look: Look, plan: Plan, pod: Pod): Promise<void> {
  const budgets = await listed(look, 'poddisruptionbudgets', { namespace: pod.metadata.namespace })
  const ready = pod.status?.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True') ?? false
  for (const budget of budgets ?? []) {
    if (!ready || !selects(budget.spec?.selector, pod.metadata.labels) || (budget.status?.disruptionsAllowed ?? 1) > 0) continue
    plan.gates.push({
      name: 'the disruption budget allows it',
      state: 'failed',
      said: `poddisruptionbudget/${budget.metadata.name} allows no pod to go now`,
    })
  }
}

/** Keep what the pod knows before it goes: the object and every container's log, now and before, redacted. Gives the file. */
export async function capturePod(look: Look, files: Files, pod: Pod, id: string): Promise<string> {
  const { namespace = '', name } = pod.metadata
  const parts = [JSON.stringify({ ...pod, spec: redactSpec(pod.spec, () => '[redacted]') }, null, 1)]
  for (const container of [...(pod.spec.initContainers ?? []), ...pod.spec.containers]) {
    for (const previous of [false, true]) {
      try {
        const text = await look.cluster.logs({ namespace, pod: name, container: container.name, previous, tailLines: 5000 }, look.signal)
        parts.push(`--- log of ${container.name}${previous ? ', before its last restart' : ''}\n${redact(text)}`)
      } catch (error) {
        if (error instanceof InterruptedError || !(error instanceof ExpectedError)) throw error
      }
    }
  }
  const file = join(look.record.file, '..', 'captures', `${name}-${id}.txt`)
  await files.write(file, parts.join('\n'))
  return file
}
