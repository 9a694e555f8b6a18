/** How many pods there should be, and rollouts that do not move. */
import type { Deployment } from '../../facts/kubernetes-types.ts'
import { all } from '../../facts/lookup.ts'
import { editedAt, lastEdit, recentDiff } from '../changes.ts'
import { type Claim, conditionEvidence, type Family, refuted, seen, short, supported } from '../claim.ts'
import { revisionEvidence } from '../revision.ts'
import { changeText, stable, type TemplateChange, templateDiff } from '../template-diff.ts'
import { millis } from '../time.ts'
import { picksPods, podIsReady, type View } from '../view.ts'

export const scale: Family = (view) => [...zero(view), ...paused(view), ...autoscaler(view), ...budget(view), ...strategy(view)]

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

const autoscalers = (view: View) =>
  all(view.snapshot, 'horizontalpodautoscalers').filter(
    (h) => h.spec.scaleTargetRef.kind === view.service.kind && h.spec.scaleTargetRef.name === view.service.workload,
  )

/** A new autoscaler, or one whose pods are new, has no metrics for a while; that is no fault yet. */
const settlingSeconds = 60

/** Requests that the newest revision no longer states. */
const withoutRequests = (view: View): TemplateChange[] =>
  (recentDiff(view) ?? []).filter((c) => c.field === 'resources' && c.name?.startsWith('requests.') && c.to === undefined)

function autoscaler(view: View): Claim[] {
  return autoscalers(view).flatMap((hpa): Claim[] => {
    const subject = { kind: 'HorizontalPodAutoscaler', namespace: view.service.namespace, name: hpa.metadata.name }
    const active = hpa.status?.conditions?.find((c) => c.type === 'ScalingActive')
    const limited = hpa.status?.conditions?.find((c) => c.type === 'ScalingLimited' && c.status === 'True')
    if (active?.status === 'False' && active.reason !== 'ScalingDisabled') {
      const never = /missing request for/i.test(active.message ?? '')
      const age = (view.now - (millis(active.lastTransitionTime) ?? view.now)) / 1000
      const young = view.pods.some((p) => view.now - (millis(p.metadata.creationTimestamp) ?? 0) < settlingSeconds * 1000)
      if (!never && (age < settlingSeconds || young)) return []
      const removed = never ? withoutRequests(view) : []
      return [
        supported({
          code: 'hpa_no_metrics',
          subject,
          since: active.lastTransitionTime,
          confidence: never ? 0.97 : 0.88,
          introducedByRevision: removed.length > 0,
          summary: `the autoscaler cannot scale: ${never ? 'a container states no resource request to measure against' : short(active.message ?? '', 100)}`,
          evidence: [conditionEvidence('HorizontalPodAutoscaler', hpa, active), ...revisionEvidence(view, removed)],
          effects: [{ what: 'replicas do not follow load', subject: view.subject }],
        }),
      ]
    }
    const measured = (hpa.spec.metrics ?? []).flatMap((m) => {
      const now = hpa.status?.currentMetrics?.find((c) => c.type === m.type && c.resource?.name === m.resource?.name)
      const [current, target] = [now?.resource?.current?.averageUtilization, m.resource?.target?.averageUtilization]
      return current === undefined || target === undefined ? [] : [{ current, target }]
    })
    const { current, target } = measured.sort((a, b) => b.current / b.target - a.current / a.target)[0] ?? {}
    const full = (hpa.status?.desiredReplicas ?? 0) >= hpa.spec.maxReplicas && limited?.reason === 'TooManyReplicas'
    if (full && (current === undefined || target === undefined || current > target)) {
      return [
        supported({
          code: 'hpa_capped',
          subject,
          since: limited?.lastTransitionTime,
          confidence: 0.9,
          summary: `the autoscaler wants more than its maximum of ${hpa.spec.maxReplicas} replicas${current !== undefined ? ` (at ${current}% of a ${target}% target)` : ''}`,
          evidence: [
            ...(limited ? [conditionEvidence('HorizontalPodAutoscaler', hpa, limited)] : []),
            seen(
              'HorizontalPodAutoscaler',
              hpa,
              'status.desiredReplicas, spec.maxReplicas',
              `${hpa.status?.desiredReplicas}, ${hpa.spec.maxReplicas}`,
            ),
          ],
        }),
      ]
    }
    return []
  })
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
