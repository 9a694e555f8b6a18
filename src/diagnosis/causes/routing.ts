/** From a caller to a pod: the Service, its endpoints and its ports. */
import type { Container } from '../../facts/kubernetes-types.ts'
import { all, find, podsOf, sees, type Workload } from '../../facts/lookup.ts'
import { portNumber } from '../../facts/probes.ts'
import { editedAt } from '../changes.ts'
import { type Claim, podCount, refuted, seen, short, supported } from '../claim.ts'
import { mapSelects, selectorText } from '../selectors.ts'
import { stable } from '../template-diff.ts'
import { millis } from '../time.ts'
import { trafficSince } from '../traffic.ts'
import type { Evidence } from '../verdict.ts'
import { endpointsOf, podIsReady, probesOf, type View } from '../view.ts'
import { callers, portsAsked } from './policies.ts'

const subjectService = (view: View, name = view.service.service) => ({ kind: 'Service', namespace: view.service.namespace, name })

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
  if (front.spec.type === 'ExternalName') return []
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

/** Requests a second from which they are callers, and not somebody who looks. */
const arrives = 0.2

/** A port that callers name and the Service does not have. */
function askedPort(view: View): Claim[] {
  const front = view.front!
  if (front.spec.clusterIP === 'None') return []
  const offered = new Set((front.spec.ports ?? []).map((p) => p.port))
  const asked = callers(view).flatMap((pod) => portsAsked(view, pod).map((port) => ({ pod, port })))
  const first = asked[0]
  // One caller with an old address is that caller's trouble; when nobody asks on a port that exists, the Service moved away.
  if (!first || offered.size === 0 || asked.some((a) => offered.has(a.port))) return []
  if ((trafficSince(view, millis(editedAt(front)))?.rate ?? 0) > arrives) return []
  const has = [...offered].join(', ')
  return [
    supported({
      code: 'service_target_port',
      subject: subjectService(view),
      since: editedAt(front),
      confidence: 0.93,
      summary: `callers ask Service ${front.metadata.name} on port ${first.port}; it has only ${has}`,
      evidence: [
        seen('Pod', first.pod, `the address of ${front.metadata.name}`, `port ${first.port}`, `one of ${has}`),
        seen('Service', front, 'spec.ports', has, String(first.port), editedAt(front)),
      ],
      hints: { askedPort: String(first.port) },
      effects: [{ what: `${asked.length} ${asked.length > 1 ? 'addresses' : 'address'} of callers lead nowhere` }],
    }),
  ]
}

function targetPort(view: View): Claim[] {
  const front = view.front!
  const ready = view.pods.filter(podIsReady)
  if (ready.length === 0) return []
  const ports = new Set(view.pods.flatMap((p) => p.spec.containers.flatMap((c) => (c.ports ?? []).map((x) => x.containerPort))))
  for (const p of front.spec.ports ?? []) {
    const target = p.targetPort ?? p.port
    const container = view.pods[0]?.spec.containers.find((c) => c.ports?.some((x) => x.name === target)) ?? view.main
    const number = portNumber(container, target)
    const unnamed = typeof target === 'string' && number === undefined && !/^\d+$/.test(target)
    const through = probesOf(view, 'service').find((x) => x.port === (p.name ?? p.port))
    const refusedThrough = through !== undefined && through.result.state !== 'ok' && /refused|no endpoints/i.test(through.result.reason)
    const direct = probesOf(view, 'pod').find((x) => x.port === view.service.port && x.result.state === 'ok')
    // Something else listens there: it does not know the path that every pod answers.
    const stranger =
      through?.result.state === 'ok' &&
      through.result.value.status >= 400 &&
      through.result.value.status < 500 &&
      number !== view.service.port &&
      ready.every((pod) =>
        probesOf(view, 'pod', pod.metadata.name).some(
          (x) => x.port === view.service.port && x.path === through.path && x.result.state === 'ok' && x.result.value.status < 400,
        ),
      )
    const listens =
      number === undefined ||
      number === view.service.port ||
      probesOf(view, 'pod').some((x) => x.port === number && x.result.state === 'ok')
    const declared = number !== undefined && ports.has(number)
    const primary =
      (front.spec.ports ?? []).length === 1 ||
      p.port === view.service.port ||
      /^(http|web|main)/.test(p.name ?? '') ||
      number === view.service.port
    const datagrams = p.protocol === 'UDP' && primary && direct !== undefined && number === view.service.port
    const wrong =
      unnamed ||
      stranger ||
      datagrams ||
      (refusedThrough && direct !== undefined && !listens) ||
      (!declared && !listens && primary && ports.size > 0 && direct !== undefined)
    if (!wrong) continue
    const evidence: Evidence[] = [
      seen(
        'Service',
        front,
        `spec.ports[${p.name ?? p.port}].targetPort`,
        String(target),
        `port ${view.service.port}, on which the pods listen`,
        editedAt(front),
      ),
      ...(through && through.result.state !== 'ok'
        ? [
            {
              source: 'probe' as const,
              asked: `GET ${through.path} through service/${front.metadata.name}:${through.port}`,
              observed: short(through.result.reason, 160),
              expected: 'an answer',
            },
          ]
        : []),
      ...(direct?.result.state === 'ok'
        ? [
            {
              source: 'probe' as const,
              asked: `GET ${direct.path} of pod/${direct.name}:${direct.port}`,
              observed: String(direct.result.value.status),
              expected: 'an answer',
            },
          ]
        : []),
    ]
    return [
      supported({
        code: 'service_target_port',
        subject: subjectService(view),
        since: editedAt(front),
        confidence: 0.96,
        summary: `Service ${front.metadata.name} sends port ${p.port} to ${
          unnamed
            ? `a port named "${target}", which no container has`
            : datagrams
              ? `port ${number} by UDP; the pods answer by TCP`
              : stranger
                ? `port ${number}, where something else answers`
                : `port ${number}, on which no container listens`
        }`,
        evidence,
        effects: [{ what: `${podCount(ready, view.pods.length)} ready, none reachable through the Service` }],
        hints: { port: String(p.port) },
      }),
      refuted(
        'service_selector_mismatch',
        subjectService(view),
        `the selector matches: ${endpointsOf(view.slices).length} endpoints stand behind the Service`,
      ),
    ]
  }
  return []
}

const portsOf = (c: Container): number[] => (c.ports ?? []).map((p) => p.containerPort).sort()

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
