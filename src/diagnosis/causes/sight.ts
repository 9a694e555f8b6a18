/** When the trouble is with looking: the wrong name, no permission, no measurements. */
import { all, find, findWorkload } from '../../facts/lookup.ts'
import { nearest } from '../../nearest.ts'
import { type Claim, type Family, supported } from '../claim.ts'
import { millis } from '../time.ts'
import { traffic } from '../traffic.ts'
import type { Evidence } from '../verdict.ts'
import { instant, podIsReady, range, type View } from '../view.ts'

export const sight: Family = (view) => [...target(view), ...access(view), ...measurements(view)]

function target(view: View): Claim[] {
  const { service, snapshot } = view
  const kinds = { Deployment: 'deployments', StatefulSet: 'statefulsets', DaemonSet: 'daemonsets' } as const
  const part = snapshot.cluster[kinds[service.kind]]
  if (view.workload || part?.state !== 'ok') return []
  const spaces = snapshot.cluster.namespaces
  const noSpace = spaces?.state === 'ok' && !find(snapshot, 'namespaces', service.namespace)
  const names = (['Deployment', 'StatefulSet', 'DaemonSet'] as const).flatMap((kind) =>
    all(snapshot, kinds[kind])
      .filter((w) => w.metadata.namespace === service.namespace)
      .map((w) => ({ kind, name: w.metadata.name })),
  )
  const otherKind = (['Deployment', 'StatefulSet', 'DaemonSet'] as const).find(
    (kind) => kind !== service.kind && findWorkload(snapshot, kind, service.workload, service.namespace),
  )
  const hint = noSpace
    ? nearest(
        service.namespace,
        all(snapshot, 'namespaces').map((n) => n.metadata.name),
      )
    : nearest(
        service.workload,
        names.map((n) => n.name),
      )
  const what = noSpace
    ? `namespace ${service.namespace} does not exist`
    : `there is no ${service.kind} ${service.workload} in ${service.namespace}`
  return [
    supported({
      code: 'wrong_target',
      subject: noSpace ? { kind: 'Namespace', name: service.namespace } : view.subject,
      confidence: 0.97,
      summary: `${what}${otherKind ? `; there is a ${otherKind} of that name` : hint ? `; did you mean ${hint}?` : ''}`,
      evidence: [
        {
          source: 'kubernetes',
          asked: `${service.kind.toLowerCase()}s in ${service.namespace}`,
          observed: names.map((n) => n.name).join(', ') || 'none',
          expected: service.workload,
        },
      ],
      hints: { ...(hint && { name: hint }) },
    }),
  ]
}

/** Nothing of the service can be seen for want of permission. */
function access(view: View): Claim[] {
  const { pods, deployments } = view.snapshot.cluster
  const denied = [pods, deployments].filter((p) => p?.state === 'denied')
  if (denied.length < 2) return []
  return [
    supported({
      code: 'access_denied',
      subject: { kind: 'Namespace', name: view.service.namespace },
      confidence: 0.97,
      summary: `you may not read pods and deployments in ${view.service.namespace}, so nothing can be said of the service`,
      evidence: denied.flatMap((p) =>
        p?.state === 'denied' ? [{ source: 'kubernetes' as const, asked: 'list', observed: p.reason, expected: 'allowed' }] : [],
      ),
    }),
  ]
}

/** A minute is the longest interval between scrapes in common use; discovery of a new pod takes another half: milliseconds. */
const scrapedWithin = 90_000

/** Prometheus is there, and does not have what the service measures: nobody scrapes its pods, or the counter of requests has another name. */
function measurements(view: View): Claim[] {
  const { requests } = view.service.metrics
  const known = instant(view, 'up')
  const counted = instant(view, 'errors_by_route')
  const running = view.pods.filter((p) => podIsReady(p) && view.now - (millis(p.metadata.creationTimestamp) ?? view.now) > scrapedWithin)
  if (known === undefined || counted === undefined || running.length === 0 || (range(view, 'requests')?.length ?? 0) > 0) return []
  if (traffic(view) !== undefined) return []
  const { direct } = view.snapshot
  const told = direct.state === 'ok' ? new Set(direct.value.flatMap((d) => d.samples.map((s) => s.name))) : undefined
  const scraped = known.filter((s) => s.points.at(-1)?.[1] === 1)
  const others = (instant(view, 'request_metrics') ?? []).map((s) => s.labels.__name__).filter((n) => n !== undefined)
  const up: Evidence = {
    source: 'prometheus',
    asked: `up of the pods of ${view.service.workload}`,
    observed: known.length === 0 ? 'no target' : `${scraped.length} of ${known.length} can be scraped`,
    expected: `${running.length} that can be scraped`,
  }
  const itself: Evidence[] = told
    ? [
        {
          source: 'metrics',
          asked: `${requests} in ${view.service.metrics.path} of the pods, through the API server`,
          observed: told.has(requests) ? 'there' : `not among ${told.size} metrics`,
          expected: 'there',
        },
      ]
    : []
  if (scraped.length === 0)
    return told?.has(requests)
      ? [
          supported({
            code: 'telemetry_gap',
            subject: view.subject,
            confidence: 0.93,
            summary: `Prometheus ${known.length === 0 ? 'does not scrape the pods' : 'cannot scrape the pods'}, which do tell what they measure`,
            evidence: [up, ...itself],
          }),
        ]
      : []
  if (told?.has(requests)) return []
  const alike = nearest(requests, others) ?? others[0]
  return [
    supported({
      code: 'telemetry_gap',
      subject: view.subject,
      confidence: told || others.length ? 0.9 : 0.8,
      summary: `no pod tells ${requests}, by which requests would be counted${alike ? `; there is ${alike}` : ''}`,
      evidence: [
        up,
        {
          source: 'prometheus',
          asked: `series of ${requests} of these pods`,
          observed: others.length ? `none; alike are ${others.slice(0, 3).join(', ')}` : 'none',
          expected: 'at least one',
        },
        ...itself,
      ],
      hints: { ...(alike && { metric: alike }) },
    }),
  ]
}
