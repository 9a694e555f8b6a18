/** From a caller to a pod: the Service, its endpoints and what else stands behind it. */
import type { Service } from '../../facts/kubernetes/network.ts'
import { all, find, podsOf, sees, type Workload } from '../../facts/lookup.ts'
import { editedAt } from '../changes.ts'
import { type Claim, refuted, seen, supported } from '../claim.ts'
import { mapSelects, selectorText } from '../selectors.ts'
import { stable } from '../template-diff.ts'
import { millis } from '../time.ts'
import { endpointsOf, podIsReady, type View } from '../view.ts'
import { callers } from './callers.ts'
import { askedPort, portsOf, subjectService, targetPort } from './service-port.ts'

export function routing(view: View): Claim[] {
  const { front } = view
  if (!view.workload || !sees(view.snapshot, 'services')) return []
  if (!front) {
    // A workload that no Service was ever meant for is no fault; one that another Service fronts is asked for by the wrong name.
    // A headless one is how pods find each other, not a way in; and a name by which somebody still asks is no slip of who asks us.
    const other = all(view.snapshot, 'services').find(
      (s) =>
        s.metadata.namespace === view.service.namespace &&
        s.spec.clusterIP !== 'None' &&
        mapSelects(s.spec.selector, view.template?.metadata?.labels),
    )
    if (other && !stillNamed(view))
      return [
        supported({
          code: 'wrong_target',
          subject: subjectService(view, other.metadata.name),
          confidence: 0.7,
          summary: `there is no Service ${view.service.service}; Service ${other.metadata.name} fronts ${view.service.workload}`,
          evidence: [seen('Service', other, 'spec.selector', selectorText(other.spec.selector))],
        }),
      ]
    return [
      supported({
        code: 'service_missing',
        subject: subjectService(view),
        since: undefined,
        confidence: 0.93,
        summary: `Service ${view.service.service} does not exist, so nobody can reach ${view.pods.filter(podIsReady).length} ready pods`,
        evidence: [
          {
            source: 'kubernetes',
            asked: `service/${view.service.service} in ${view.service.namespace}`,
            observed: 'not found',
            expected: 'present',
          },
        ],
      }),
    ]
  }
  const labels = view.template?.metadata?.labels
  if (front.spec.type === 'ExternalName') return leadsAway(view, front)
  // Without a selector somebody else keeps the endpoints; where there is none at all, nobody does.
  if (!front.spec.selector && (!sees(view.snapshot, 'endpointslices') || endpointsOf(view.slices).length > 0)) return []
  if (!mapSelects(front.spec.selector, labels)) {
    return [
      supported({
        code: 'service_selector_mismatch',
        subject: subjectService(view),
        since: editedAt(front),
        confidence: 0.97,
        summary: `Service ${front.metadata.name} selects ${selectorText(front.spec.selector)}; the pods of ${view.service.workload} do not carry that`,
        evidence: [
          seen(
            'Service',
            front,
            'spec.selector',
            selectorText(front.spec.selector),
            `labels of the pods: ${selectorText(labels)}`,
            editedAt(front),
          ),
          seen(
            'Service',
            front,
            'ready endpoints',
            String(endpointsOf(view.slices).filter((e) => e.ready).length),
            `${view.pods.filter(podIsReady).length} ready pods`,
          ),
        ],
        effects: [{ what: 'no pod of the workload behind the Service' }],
      }),
      refuted('service_target_port', subjectService(view), 'the Service has no endpoint of this workload at all'),
    ]
  }
  const port = targetPort(view)
  return [...(port.length ? port : askedPort(view)), ...pollution(view), ...local(view)]
}

/** A Service that has become another name for something outside, while the pods that it is for are ready. */
function leadsAway(view: View, front: Service): Claim[] {
  const { externalName = '' } = front.spec
  const since = editedAt(front)
  const ready = view.pods.filter(podIsReady).length
  // An alias of a Service of the cluster, or one as old as its workload, is meant to be one.
  const alias = /\.svc(\.|$)/.test(externalName) || (millis(since) ?? 0) <= (millis(view.workload?.metadata.creationTimestamp) ?? 0) + 1500
  if (alias || ready === 0) return []
  return [
    supported({
      code: 'service_missing',
      subject: subjectService(view),
      since,
      confidence: 0.94,
      summary: `Service ${front.metadata.name} leads to ${externalName} outside the cluster, and to none of ${ready} ready pods of ${view.service.workload}`,
      evidence: [seen('Service', front, 'spec.type, externalName', `ExternalName, ${externalName}`, 'a selector of its pods', since)],
    }),
  ]
}

/** Whether a pod or an Ingress of the namespace asks for the Service by its name. */
const stillNamed = (view: View): boolean =>
  callers(view).length > 0 ||
  all(view.snapshot, 'ingresses').some(
    (i) =>
      i.metadata.namespace === view.service.namespace &&
      [i.spec?.defaultBackend, ...(i.spec?.rules ?? []).flatMap((r) => (r.http?.paths ?? []).map((p) => p.backend))].some(
        (b) => b?.service?.name === view.service.service,
      ),
  )

/** Pods of other workloads behind the Service. */
function pollution(view: View): Claim[] {
  const own = new Set(view.pods.concat(view.leaving).map((p) => p.metadata.name))
  const strangers = endpointsOf(view.slices).filter((e) => e.ready && e.pod !== undefined && !own.has(e.pod))
  const first = strangers[0] && find(view.snapshot, 'pods', strangers[0].pod, view.service.namespace)
  if (!first || own.size === 0) return []
  const others = [...all(view.snapshot, 'deployments'), ...all(view.snapshot, 'statefulsets'), ...all(view.snapshot, 'daemonsets')].filter(
    (w: Workload) => w.metadata.uid !== view.workload?.metadata.uid,
  )
  const owner = others.find((w) => podsOf(view.snapshot, w).some((p) => p.metadata.name === first.metadata.name))
  // A canary or a blue-green pair shares the labels on purpose: it runs the same program and offers the same port.
  const twin =
    owner?.spec.template.spec.containers.some((c) =>
      view.template?.spec.containers.some(
        (o) =>
          o.name === c.name &&
          o.image?.split(':')[0] === c.image?.split(':')[0] &&
          stable([o.command ?? [], portsOf(o)]) === stable([c.command ?? [], portsOf(c)]),
      ),
    ) ?? false
  if (twin) return []
  return [
    supported({
      code: 'service_selector_pollution',
      subject: subjectService(view),
      since: first.metadata.creationTimestamp,
      confidence: 0.9,
      summary: `Service ${view.front!.metadata.name} also sends requests to ${strangers.length} pod${strangers.length > 1 ? 's' : ''} of ${owner ? owner.metadata.name : 'another workload'}`,
      evidence: [
        seen('Service', view.front!, 'spec.selector', selectorText(view.front!.spec.selector), `pods of ${view.service.workload} only`),
        seen('Pod', first, 'labels', selectorText(first.metadata.labels)),
      ],
    }),
  ]
}

function local(view: View): Claim[] {
  const front = view.front!
  const which =
    front.spec.internalTrafficPolicy === 'Local'
      ? 'internalTrafficPolicy'
      : front.spec.externalTrafficPolicy === 'Local'
        ? 'externalTrafficPolicy'
        : undefined
  if (!which) return []
  const withPods = new Set(view.pods.filter(podIsReady).map((p) => p.spec.nodeName))
  const without = all(view.snapshot, 'nodes').filter((n) => !withPods.has(n.metadata.name) && !n.spec?.unschedulable)
  if (withPods.size === 0 || without.length === 0) return []
  const recent = (Date.parse(editedAt(front) ?? '') || 0) > view.now - view.snapshot.target.lookbackSeconds * 1000
  if (which === 'externalTrafficPolicy' && !recent) return []
  return [
    supported({
      code: 'traffic_policy_local',
      subject: subjectService(view),
      since: editedAt(front),
      confidence: recent ? 0.88 : 0.7,
      summary: `Service ${front.metadata.name} keeps traffic on the caller's node (${which}: Local); ${without
        .map((n) => n.metadata.name)
        .slice(0, 3)
        .join(', ')} ${without.length > 1 ? 'have' : 'has'} no ready pod`,
      evidence: [seen('Service', front, `spec.${which}`, 'Local', 'Cluster', editedAt(front))],
    }),
  ]
}
