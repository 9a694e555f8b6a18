/** Scale: another number of replicas; under an autoscaler its bounds are changed, because it would set the number back. */
import { UsageError } from '../errors.ts'
import type { HorizontalPodAutoscaler } from '../facts/kubernetes/workload.ts'
import type { ClusterWriter } from '../targets/ports.ts'
import { earlierCount } from './earlier-count.ts'
import { changeField } from './fields.ts'
import { autoscalerOf, type Look, planBase, type Target, workloadTarget } from './look.ts'
import { named, type Plan, type PlannedWrite } from './plan.ts'
import { podGates } from './pod-gate.ts'
import { refOf } from './restart.ts'
import { rolloutTime } from './rollout-words.ts'

/** Scale a workload to `replicas`, or from 0 back to what it had when undefined. */
export async function planScale(
  look: Look,
  writer: ClusterWriter,
  word: string | undefined,
  replicas: number | undefined,
  why: string,
): Promise<Plan> {
  const target = await workloadTarget(look, word)
  const what = named(target.kind, target.name)
  if (target.kind === 'DaemonSet')
    throw new UsageError(`${what} has a pod on every node: it has no number of replicas`, 'change its node selector instead')
  const now = ('replicas' in target.object.spec ? target.object.spec.replicas : undefined) ?? 1
  const earlier = replicas === undefined ? await countBefore(look, target, now, what) : undefined
  const wanted = replicas ?? earlier!.count
  const hpa = await autoscalerOf(look, target)
  const writes = writesFor(target, hpa, now, wanted)
  const up = wanted > now
  const minimum = writes.flatMap((write) => write.fields).find((field) => field.path.at(-1) === 'minReplicas')?.to as number | undefined
  const plan: Plan = {
    ...planBase(look, 'scale', target),
    summary: `scale ${what} from ${now} to ${wanted}`,
    from: `${now} replicas`,
    to: `${wanted} replicas${earlier === undefined ? '' : ` (from ${earlier.from})`}`,
    why,
    notice: up
      ? 'nothing; new pods take their share as they become ready'
      : wanted === 0
        ? 'the service goes away'
        : 'requests on pods that stop are ended as the pods end them',
    takes: rolloutTime(target),
    undo: `back to ${now}`,
    writes,
    verification:
      wanted === 0
        ? [{ what: 'stopped', ref: refOf(target), kind: target.kind }]
        : [{ what: 'rollout', ref: refOf(target), kind: target.kind, ...(minimum === undefined ? {} : { atLeast: minimum }) }],
  }
  if (writes.length === 0) return { ...plan, already: `${what} already has ${now} replica${now === 1 ? '' : 's'}` }
  if (hpa !== undefined)
    plan.warnings.push(
      `horizontalpodautoscaler/${hpa.metadata.name} sets the number of replicas: ${writes.some((write) => write.kind === 'HorizontalPodAutoscaler') ? 'its bounds are changed with it' : 'it may choose another one within its bounds'}`,
    )
  if (up)
    plan.gates = await podGates(look, writer, {
      namespace: target.namespace,
      workload: target.name,
      template: target.object.spec.template,
      makesRoom: false,
    })
  if ('paused' in target.object.spec && target.object.spec.paused)
    plan.warnings.push(`the rollout of ${what} is paused: new pods are made from the older revision`)
  return plan
}

async function countBefore(look: Look, target: Target, now: number, what: string) {
  if (now > 0)
    throw new UsageError(
      `${what} has ${now} replica${now === 1 ? '' : 's'}: say how many it should have`,
      `task-mcp scale ${what} --replicas ${now + 1}`,
    )
  return earlierCount(look, target)
}

/** An autoscaler leaves a workload with 0 replicas alone, so that one must be started by hand; otherwise its bounds decide. */
function writesFor(target: Target, hpa: HorizontalPodAutoscaler | undefined, now: number, wanted: number): PlannedWrite[] {
  const writes: PlannedWrite[] = []
  if (hpa !== undefined && wanted > 0) {
    // At its maximum it wants more already: room is enough. Otherwise its minimum must ask for the pods.
    const capped = now >= hpa.spec.maxReplicas && wanted > now
    const fields = [
      ...(!capped && ((hpa.spec.minReplicas ?? 1) > wanted || wanted > now) ? [changeField(hpa, ['spec', 'minReplicas'], wanted)] : []),
      ...(hpa.spec.maxReplicas < wanted || wanted < now ? [changeField(hpa, ['spec', 'maxReplicas'], wanted)] : []),
    ].filter((field) => field.from !== field.to)
    const startOnly = now === 0 && wanted >= (hpa.spec.minReplicas ?? 1) && wanted <= hpa.spec.maxReplicas
    if (fields.length > 0 && !startOnly) {
      writes.push({
        verb: 'patch',
        kind: 'HorizontalPodAutoscaler',
        ref: { resource: 'horizontalpodautoscalers', namespace: target.namespace, name: hpa.metadata.name },
        metadata: hpa.metadata,
        fields,
        guard: 'fields',
        rollout: false,
      })
    }
  }
  if (wanted !== now && (hpa === undefined || now === 0 || wanted === 0)) {
    writes.push({
      verb: 'patch',
      kind: target.kind,
      ref: refOf(target),
      metadata: target.object.metadata,
      fields: [changeField(target.object, ['spec', 'replicas'], wanted)],
      guard: 'generation',
      rollout: false,
    })
  }
  return writes
}
