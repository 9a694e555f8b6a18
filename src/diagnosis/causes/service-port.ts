/** Ports between callers and pods: the one that callers ask for, and the one that the Service passes on to. */
import type { Container } from '../../facts/kubernetes/pod.ts'
import { portNumber } from '../../facts/probes.ts'
import { editedAt } from '../changes.ts'
import { type Claim, podCount, refuted, seen, short, supported } from '../claim.ts'
import { millis } from '../time.ts'
import { trafficSince } from '../traffic.ts'
import type { Evidence } from '../verdict.ts'
import { endpointsOf, podIsReady, probesOf, type View } from '../view.ts'
import { callers, portsAsked } from './callers.ts'

export const subjectService = (view: View, name = view.service.service) => ({ kind: 'Service', namespace: view.service.namespace, name })

/** Requests a second from which they are callers, and not somebody who looks. */
const arrives = 0.2

/** A port that callers name and the Service does not have. */
export function askedPort(view: View): Claim[] {
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

export function targetPort(view: View): Claim[] {
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

export const portsOf = (c: Container): number[] => (c.ports ?? []).map((p) => p.containerPort).sort()
