/** How many pods there should be, and rollouts that do not move. */
import type { Deployment } from '../../facts/kubernetes/workload.ts'
import { all } from '../../facts/lookup.ts'
import { editedAt, lastEdit } from '../changes.ts'
import { type Claim, conditionEvidence, type Family, refuted, seen, short, supported } from '../claim.ts'
import { changeText, stable, templateDiff } from '../template-diff.ts'
import { picksPods, podIsReady, type View } from '../view.ts'
import { autoscalers } from './autoscaler.ts'

export const scale: Family = (view) => [...zero(view), ...paused(view), ...budget(view), ...strategy(view)]

function zero(view: View): Claim[] {
  if (!view.workload || view.service.kind === 'DaemonSet' || view.replicas !== 0) return []
  const edit = lastEdit(view.workload)
  return [
    supported({
      code: 'scaled_to_zero',
      subject: view.subject,
      since: editedAt(view.workload),
      confidence: 0.98,
      summary: `${view.service.kind} ${view.service.workload} is scaled to 0: nothing is meant to run`,
      evidence: [
        seen(
          view.service.kind,
          view.workload,
          'spec.replicas',
          `0${edit?.manager ? `, last written by ${edit.manager}` : ''}`,
          'at least 1',
          editedAt(view.workload),
        ),
      ],
      effects: [{ what: 'no pod exists', subject: view.subject }],
      hints: { replicas: earlierCount(view) },
    }),
    refuted('bad_release', view.subject, 'no pod of any revision is asked for'),
  ]
}

/** The replica count before: the autoscaler's minimum, a ReplicaSet's memory of it, a budget that presumes it; 2 where nothing tells. */
function earlierCount(view: View): string {
  const hpa = autoscalers(view)[0]
  const max = Math.max(
    0,
    ...view.revisions.map((r) => Number(r.replicaSet?.metadata.annotations?.['deployment.kubernetes.io/desired-replicas'] ?? 0)),
  )
  const events = all(view.snapshot, 'events').filter(
    (e) => e.reason === 'ScalingReplicaSet' && e.involvedObject.name === view.service.workload,
  )
  const said = Math.max(
    0,
    ...events.map((e) =>
      Number(
        /(?:to|from) (\d+)(?: from (\d+))?/
          .exec(e.message ?? '')
          ?.slice(1)
          .filter(Boolean)
          .sort()
          .at(-1) ?? 0,
      ),
    ),
  )
  return String(hpa?.spec.minReplicas ?? (said || max || 2))
}

function paused(view: View): Claim[] {
  const d = view.workload as Deployment | undefined
  if (view.service.kind !== 'Deployment' || !d?.spec.paused) return []
  const newest = view.revisions[0]
  const held = newest ? templateDiff(newest.template, d.spec.template) : []
  const bare = (t: Deployment['spec']['template']): string =>
    stable({ ...t, metadata: { ...t.metadata, labels: { ...t.metadata?.labels, 'pod-template-hash': '' } } })
  const differs = newest !== undefined && (held.length > 0 || bare(newest.template) !== bare(d.spec.template))
  const moving = view.revisions.filter((r) => r.wanted > 0).length > 1 || (newest?.wanted === 0 && (view.replicas ?? 0) > 0)
  const unhealthy = view.pods.filter(podIsReady).length < (view.replicas ?? 0)
  if (!differs && !moving && !unhealthy) return []
  if (!differs && !moving) return []
  const condition = d.status?.conditions?.find((c) => c.type === 'Progressing' && c.reason === 'DeploymentPaused')
  return [
    supported({
      code: 'rollout_paused',
      subject: view.subject,
      since: condition?.lastTransitionTime ?? editedAt(d),
      confidence: 0.96,
      summary: differs
        ? `the rollout is paused: a newer template (${short(held.map(changeText).join(', '), 100) || 'changed'}) waits and does not reach any pod`
        : 'the rollout is paused half way',
      evidence: [
        seen('Deployment', d, 'spec.paused', 'true', 'false', editedAt(d)),
        ...(condition ? [conditionEvidence('Deployment', d, condition)] : []),
      ],
      effects: unhealthy
        ? [{ what: `${view.pods.filter(podIsReady).length} of ${view.replicas} pods ready on the old template`, subject: view.subject }]
        : [],
    }),
  ]
}

/** A disruption budget that allows nothing, while a node that holds the pods waits to be emptied. */
function budget(view: View): Claim[] {
  return all(view.snapshot, 'poddisruptionbudgets')
    .filter((b) => picksPods(view, b.spec?.selector))
    .flatMap((pdb): Claim[] => {
      const { disruptionsAllowed, currentHealthy = 0, desiredHealthy = 0 } = pdb.status ?? {}
      const cordoned = all(view.snapshot, 'nodes').filter(
        (n) => n.spec?.unschedulable && view.pods.some((p) => p.spec.nodeName === n.metadata.name),
      )
      const structural = disruptionsAllowed === 0 && currentHealthy >= desiredHealthy && currentHealthy > 0
      if (!structural || cordoned.length === 0) return []
      return [
        supported({
          code: 'pdb_blocks',
          subject: { kind: 'PodDisruptionBudget', namespace: view.service.namespace, name: pdb.metadata.name },
          since: editedAt(pdb),
          confidence: 0.88,
          summary: `PodDisruptionBudget ${pdb.metadata.name} allows no eviction even though every pod is healthy, so ${cordoned[0]!.metadata.name} cannot be drained`,
          evidence: [
            seen(
              'PodDisruptionBudget',
              pdb,
              'status',
              `disruptionsAllowed 0, healthy ${currentHealthy}, wanted ${desiredHealthy}`,
              'at least 1 allowed',
            ),
            seen('Node', cordoned[0]!, 'spec.unschedulable', 'true'),
          ],
        }),
      ]
    })
}

/** A rollout strategy under which a rollout takes the service away. */
function strategy(view: View): Claim[] {
  const d = view.workload as Deployment | undefined
  if (view.service.kind !== 'Deployment' || !d) return []
  const { type, rollingUpdate } = d.spec.strategy ?? {}
  const most = rollingUpdate?.maxUnavailable
  const all_ =
    type === 'Recreate' || most === '100%' || (typeof most === 'number' && most >= (view.replicas ?? 0) && (view.replicas ?? 0) > 0)
  const rolling =
    view.newPods.length > 0 && view.revisions.length > 1 && view.newPods.every((p) => !podIsReady(p)) && view.oldPods.length === 0
  if (!all_ || !rolling || (view.replicas ?? 0) < 1) return []
  return [
    supported({
      code: 'rollout_strategy',
      subject: view.subject,
      since: view.newPods.at(-1)?.metadata.creationTimestamp,
      confidence: 0.7,
      summary: `the rollout strategy (${type === 'Recreate' ? 'Recreate' : `maxUnavailable ${most}`}) stops every old pod before a new one is ready`,
      evidence: [seen('Deployment', d, 'spec.strategy', stable(d.spec.strategy), 'RollingUpdate that keeps pods ready')],
    }),
  ]
}
