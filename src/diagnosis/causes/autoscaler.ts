/** An autoscaler that has nothing to measure, or wants more than it may. */
import type { Pod } from '../../facts/kubernetes/pod.ts'
import type { HorizontalPodAutoscaler } from '../../facts/kubernetes/workload.ts'
import { all } from '../../facts/lookup.ts'
import { recentDiff } from '../changes.ts'
import { type Claim, conditionEvidence, type Family, seen, short, supported } from '../claim.ts'
import { revisionEvidence } from '../revision.ts'
import { condOf } from '../scheduling.ts'
import type { TemplateChange } from '../template-diff.ts'
import { millis } from '../time.ts'
import type { Evidence } from '../verdict.ts'
import type { View } from '../view.ts'

export const autoscalers = (view: View): HorizontalPodAutoscaler[] =>
  all(view.snapshot, 'horizontalpodautoscalers').filter(
    (h) => h.spec.scaleTargetRef.kind === view.service.kind && h.spec.scaleTargetRef.name === view.service.workload,
  )

export const autoscaler: Family = (view) => autoscalers(view).flatMap((hpa) => unmeasured(view, hpa) ?? capped(view, hpa))

const subjectOf = (view: View, { metadata }: HorizontalPodAutoscaler) => ({
  kind: 'HorizontalPodAutoscaler',
  namespace: view.service.namespace,
  name: metadata.name,
})

/** A new autoscaler, or one whose pods are new, has no metrics for a while; that is no fault yet. */
const settlingSeconds = 60

/** Undefined where it has what it needs, or may have it soon. */
function unmeasured(view: View, hpa: HorizontalPodAutoscaler): Claim[] | undefined {
  const active = condOf(hpa, 'ScalingActive')
  if (active?.reason === 'ScalingDisabled') return undefined
  const inactive = active?.status === 'False'
  const lack = withoutRequest(view, hpa)
  const never = lack.length > 0 || (inactive && /missing request for/i.test(active.message ?? ''))
  if (!never && (!inactive || settling(view, active.lastTransitionTime))) return undefined
  const removed = never ? requestsRemoved(view) : []
  return [
    supported({
      code: 'hpa_no_metrics',
      subject: subjectOf(view, hpa),
      since: inactive ? active.lastTransitionTime : undefined,
      confidence: never ? 0.97 : 0.88,
      introducedByRevision: removed.length > 0,
      summary: `the autoscaler cannot scale: ${never ? 'a container states no resource request to measure against' : short(active?.message ?? '', 100)}`,
      evidence: [
        ...(inactive ? [conditionEvidence('HorizontalPodAutoscaler', hpa, active)] : []),
        ...lack.slice(0, 1),
        ...revisionEvidence(view, removed),
      ],
      effects: [{ what: 'replicas do not follow load', subject: view.subject }],
    }),
  ]
}

function settling(view: View, since: string | undefined): boolean {
  const age = (view.now - (millis(since) ?? view.now)) / 1000
  return age < settlingSeconds || view.pods.some((p) => view.now - (millis(p.metadata.creationTimestamp) ?? 0) < settlingSeconds * 1000)
}

/**
 * Where every metric of the autoscaler is a share of what pods request, and some pod has a container that requests nothing of it: then none can
 * be worked out, whatever the autoscaler said last (it looks every 15 seconds). Empty where one can.
 */
function withoutRequest(view: View, { spec }: HorizontalPodAutoscaler): Evidence[] {
  const lacking = (spec.metrics ?? []).map(({ type, resource }) =>
    type === 'Resource' && resource?.target?.averageUtilization !== undefined ? lackOf(view, resource.name) : undefined,
  )
  const lack = lacking.filter((evidence) => evidence !== undefined)
  return lack.length === lacking.length ? lack : []
}

function lackOf(view: View, resource: string): Evidence | undefined {
  for (const pod of view.pods) {
    if (pod.spec.resources?.requests?.[resource] !== undefined) continue
    const container = measured(pod).find(({ resources }) => resources?.requests?.[resource] === undefined)
    if (container !== undefined)
      return seen('Pod', pod, `container ${container.name} resources.requests.${resource}`, 'not stated', 'stated, as the autoscaler asks')
  }
  return undefined
}

/** Containers whose use counts: those beside the main ones that stay count too. */
const measured = ({ spec }: Pod) => [
  ...spec.containers,
  ...(spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always'),
]

/** Requests that the newest revision no longer states. */
const requestsRemoved = (view: View): TemplateChange[] =>
  (recentDiff(view) ?? []).filter((c) => c.field === 'resources' && c.name?.startsWith('requests.') && c.to === undefined)

function capped(view: View, hpa: HorizontalPodAutoscaler): Claim[] {
  const limit = condOf(hpa, 'ScalingLimited')
  const limited = limit?.status === 'True' ? limit : undefined
  const load = (hpa.spec.metrics ?? []).flatMap((m) => {
    const now = hpa.status?.currentMetrics?.find((c) => c.type === m.type && c.resource?.name === m.resource?.name)
    const [current, target] = [now?.resource?.current?.averageUtilization, m.resource?.target?.averageUtilization]
    return current === undefined || target === undefined ? [] : [{ current, target }]
  })
  const { current, target } = load.sort((a, b) => b.current / b.target - a.current / a.target)[0] ?? {}
  const full = (hpa.status?.desiredReplicas ?? 0) >= hpa.spec.maxReplicas && limited?.reason === 'TooManyReplicas'
  if (!full || (current !== undefined && target !== undefined && current <= target)) return []
  return [
    supported({
      code: 'hpa_capped',
      subject: subjectOf(view, hpa),
      since: limited.lastTransitionTime,
      confidence: 0.9,
      summary: `the autoscaler wants more than its maximum of ${hpa.spec.maxReplicas} replicas${current !== undefined ? ` (at ${current}% of a ${target}% target)` : ''}`,
      evidence: [
        conditionEvidence('HorizontalPodAutoscaler', hpa, limited),
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
