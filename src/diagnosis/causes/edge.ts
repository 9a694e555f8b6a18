/** What stands before the service gives up sooner than the service answers. */
import { type Claim, type Family, refuted, short, supported } from '../claim.ts'
import { errorsNow } from '../failures.ts'
import { traffic, trafficLately } from '../traffic.ts'
import type { Evidence } from '../verdict.ts'
import { instant, probesOf, type View } from '../view.ts'
import { edgeWorkload } from './proxies.ts'
import { timeouts } from './stream-cuts.ts'

/** Requests that callers gave up on (499 by convention), in the window of the traffic, from which it is no chance. */
const fewestGivenUp = 5

export const edge: Family = (view) => [...gaveUp(view), ...misled(view)]

function gaveUp(view: View): Claim[] {
  const asked = probesOf(view, 'edge')[0]
  const behind = probesOf(view, 'service').find((p) => p.result.state === 'ok' && p.result.value.status < 500)
  const slow = instant(view, 'p99')?.[0]?.points.at(-1)?.[1]
  const gone = traffic(view)?.byStatus.get('499') ?? 0
  const short_ = timeouts(view)
    .filter((t) => t.subject.kind === 'Ingress')
    .sort((a, b) => a.seconds - b.seconds)
    .find((t) => slow !== undefined && Number.isFinite(slow) && slow >= 0.8 * t.seconds)
  const gateway = asked?.result.state === 'ok' && asked.result.value.status === 504 ? asked : undefined
  // A time-out that is short is no fault while nobody runs into it.
  if (!gateway && !(short_ && gone >= fewestGivenUp)) {
    return asked?.result.state === 'ok' && asked.result.value.status < 500
      ? [refuted('edge_timeout', view.subject, `the edge answers ${asked.result.value.status}`)]
      : []
  }
  if (gateway && !behind) return []
  const evidence: Evidence[] = [
    ...(gateway?.result.state === 'ok'
      ? [
          {
            source: 'probe' as const,
            asked: `GET ${gateway.path} at the edge ${gateway.name}`,
            observed: short(`504 after ${gateway.result.value.seconds.toFixed(1)} s: ${gateway.result.value.body}`, 120),
            expected: 'an answer of the service',
          },
        ]
      : []),
    ...(behind?.result.state === 'ok'
      ? [
          {
            source: 'probe' as const,
            asked: `GET ${behind.path} through service/${behind.name}`,
            observed: `${behind.result.value.status} after ${behind.result.value.seconds.toFixed(2)} s`,
            expected: 'an answer',
          },
        ]
      : []),
    ...(slow === undefined || !Number.isFinite(slow)
      ? []
      : [{ source: 'prometheus' as const, asked: 'time of requests, 99th percentile', observed: `${slow.toFixed(2)} s` }]),
    ...(gone >= fewestGivenUp
      ? [{ source: 'prometheus' as const, asked: 'requests that the other side gave up (499)', observed: String(Math.round(gone)) }]
      : []),
    ...(short_ ? [short_.evidence] : []),
  ]
  return [
    supported({
      code: 'edge_timeout',
      subject: short_?.subject ?? edgeWorkload(view) ?? { kind: 'Dependency', name: gateway?.name ?? 'edge' },
      since: short_?.at,
      confidence: short_ && gateway ? 0.95 : short_ ? 0.85 : 0.8,
      summary: short_
        ? `${short_.what} gives up after ${short_.seconds} s; the slowest requests take ${slow!.toFixed(1)} s`
        : `the edge ${gateway!.name} answers 504 by itself while the Service behind it answers`,
      evidence,
    }),
    refuted('bad_release', view.subject, 'the service answers; what stands before it gives up first'),
  ]
}

/** The edge finds nobody (502, 503) while the Service answers and counts no error: it asks somewhere else. */
function misled(view: View): Claim[] {
  const asked = probesOf(view, 'edge')[0]
  const behind = probesOf(view, 'service').find((p) => p.result.state === 'ok' && p.result.value.status < 500)
  const now = traffic(view)
  // An answer of the service itself would be among those it counts.
  if (asked?.result.state !== 'ok' || ![502, 503].includes(asked.result.value.status) || behind?.result.state !== 'ok') return []
  if (now === undefined || errorsNow(view) || (trafficLately(view)?.bad ?? 0) > 0) return []
  const { status, seconds, body } = asked.result.value
  return [
    supported({
      code: 'ingress_misroute',
      subject: edgeWorkload(view) ?? { kind: 'Dependency', name: asked.name },
      confidence: 0.85,
      summary: `the edge ${asked.name} answers ${status} by itself: where it looks for the service nobody is, and the Service answers`,
      evidence: [
        {
          source: 'probe',
          asked: `GET ${asked.path} at the edge ${asked.name}`,
          observed: short(`${status} after ${seconds.toFixed(1)} s: ${body}`, 120),
          expected: 'an answer of the service',
        },
        {
          source: 'probe',
          asked: `GET ${behind.path} through service/${behind.name}`,
          observed: `${behind.result.value.status} after ${behind.result.value.seconds.toFixed(2)} s`,
          expected: 'an answer',
        },
        {
          source: now.source,
          asked: 'requests that reached the service, and its errors among them',
          observed: `${Math.round(now.total)} in ${Math.round(now.seconds)} s, ${Math.round(now.bad)}`,
        },
      ],
    }),
    refuted('bad_release', view.subject, 'the service answers and counts no error; what stands before it does not reach it'),
  ]
}
