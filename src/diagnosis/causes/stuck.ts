/** Rollouts that stand still for a reason outside the pods' own programs. */
import type { Pod } from '../../facts/kubernetes/pod.ts'
import type { Deployment } from '../../facts/kubernetes/workload.ts'
import { type Claim, conditionEvidence, podCount, podEffect, seen, supported } from '../claim.ts'
import { earliest, millis } from '../time.ts'
import { podIsReady, subjectOf, type View } from '../view.ts'

/** A pod that was told to go is given its grace period and this much more before it counts as held: seconds. */
const leaveSeconds = 5

/** Pods that were deleted long enough ago and are kept by a finalizer. */
const kept = (view: View): Pod[] =>
  view.leaving.filter(
    (p) =>
      (p.metadata.finalizers ?? []).length > 0 &&
      // The API counts the grace period into the time of deletion.
      view.now - (millis(p.metadata.deletionTimestamp) ?? view.now) > leaveSeconds * 1000,
  )

/** Rollouts that stand still, for reasons that the pods themselves do not tell: somebody who never says yes, an old pod that never goes. */
export function stuck(view: View): Claim[] {
  const d = view.workload as Deployment | undefined
  if (!d || (view.replicas ?? 0) === 0) return []
  const [held] = kept(view)
  // Recreate, and a StatefulSet, begin with the next pod only when the one before is gone.
  const waits = view.service.kind === 'StatefulSet' || (view.service.kind === 'Deployment' && d.spec.strategy?.type === 'Recreate')
  if (held && waits && view.pods.length < (view.replicas ?? 0)) {
    return [
      supported({
        code: 'rollout_stuck',
        subject: subjectOf('Pod', held),
        since: held.metadata.deletionTimestamp,
        confidence: 0.94,
        summary: `the rollout waits for ${held.metadata.name} to go, which finalizer ${held.metadata.finalizers![0]} holds`,
        evidence: [
          seen(
            'Pod',
            held,
            'metadata.deletionTimestamp, finalizers',
            `${held.metadata.deletionTimestamp}, ${held.metadata.finalizers!.join(', ')}`,
            'gone',
          ),
        ],
        effects: [{ what: `${view.pods.length} of ${view.replicas} pods exist`, subject: view.subject }],
      }),
    ]
  }
  const gate = gated(view)
  if (gate) return [gate]
  const late = d.status?.conditions?.find(
    (c) => c.type === 'Progressing' && c.status === 'False' && c.reason === 'ProgressDeadlineExceeded',
  )
  const whole = view.newPods.length >= (view.replicas ?? 0) && view.newPods.every(podIsReady)
  if (!late || whole || view.service.kind !== 'Deployment') return []
  return [
    supported({
      code: 'rollout_stuck',
      subject: view.subject,
      since: late.lastTransitionTime,
      confidence: 0.6,
      summary: `the rollout did not finish within ${d.spec.progressDeadlineSeconds ?? 600} s: ${view.newPods.filter(podIsReady).length} of ${view.replicas} new pods are ready`,
      evidence: [conditionEvidence('Deployment', d, late)],
      introducedByRevision: view.revisions.length > 1,
    }),
  ]
}

/** Pods whose containers are all ready, and which wait for a condition of their own that somebody else sets. */
function gated(view: View): Claim | undefined {
  const is = (pod: Pod, type: string): boolean => pod.status?.conditions?.some((c) => c.type === type && c.status === 'True') ?? false
  const waiting = view.pods.filter(
    (p) => !podIsReady(p) && is(p, 'ContainersReady') && (p.spec.readinessGates ?? []).some((g) => !is(p, g.conditionType)),
  )
  const [first] = waiting
  const type = first?.spec.readinessGates?.find((g) => !is(first, g.conditionType))?.conditionType
  if (!first || !type) return undefined
  return supported({
    code: 'rollout_stuck',
    subject: view.subject,
    since: earliest(...waiting.map((p) => p.metadata.creationTimestamp)),
    confidence: 0.92,
    introducedByRevision:
      !view.oldPods.some((p) => p.spec.readinessGates?.some((g) => g.conditionType === type)) && view.newPods.includes(first),
    summary: `${podCount(waiting, view.pods.length)} are not ready although their containers are: readiness gate ${type} is set by nobody`,
    evidence: [seen('Pod', first, `status.conditions[${type}]`, 'absent or False', 'True')],
    effects: podEffect(waiting, 'waits for its readiness gate'),
  })
}
