/** Sessions that one pod alone knows: callers that are sent to another, or all to one. */
import { editedAt } from '../changes.ts'
import { type Claim, refuted, seen, supported } from '../claim.ts'
import { answeredOver, heldSince, shareOf } from '../history.ts'
import { percent } from '../quantity.ts'
import { millis, rfc3339 } from '../time.ts'
import { traffic } from '../traffic.ts'
import { cpuShare } from '../usage.ts'
import type { Evidence } from '../verdict.ts'
import { instant, ofPod, podIsReady, type View } from '../view.ts'

export function affinity(view: View): Claim[] {
  const front = view.front
  if (!front || view.pods.filter(podIsReady).length < 2) return []
  return front.spec.sessionAffinity === 'ClientIP' ? crowded(view) : lost(view)
}

/** How services say that they do not know a session. */
const unknownSession = /^(400|404|410|440)$/
const fewestLost = 20
const muchLost = 0.2
/** Of what a change brought, the share that may have been there before it. */
const before = 0.25

/** Requests about sessions that the pod asked does not hold, since there is more than one pod to be asked or the Service stopped keeping callers with theirs. */
function lost(view: View): Claim[] {
  const front = view.front!
  const { routeLabel, statusLabel } = view.service.metrics
  const sessions = (instant(view, 'sessions') ?? []).filter((s) => (s.points.at(-1)?.[1] ?? 0) >= 1)
  if (sessions.length < 2) return []
  const rows = (instant(view, 'errors_by_route') ?? []).map((s) => ({
    route: s.labels[routeLabel] ?? '',
    status: s.labels[statusLabel] ?? '',
    n: s.points.at(-1)?.[1] || 0,
  }))
  const routes = [...new Set(rows.map((r) => r.route))].flatMap((route) => {
    const of = rows.filter((r) => r.route === route)
    const all = of.reduce((sum, r) => sum + r.n, 0)
    const unknown = of.filter((r) => unknownSession.test(r.status)).reduce((sum, r) => sum + r.n, 0)
    const served = of.filter((r) => /^2/.test(r.status)).reduce((sum, r) => sum + r.n, 0)
    return unknown >= fewestLost && unknown / all > muchLost && served > 0 ? [{ route, all, unknown }] : []
  })
  const worst = routes.sort((a, b) => b.unknown - a.unknown)[0]
  if (!worst) return []
  const history = answeredOver(view)
  const now = history.at(-1)
  const onset = now && heldSince(history, (h) => shareOf(h, unknownSession) > before * shareOf(now, unknownSession))
  const started = view.pods.map((p) => millis(p.metadata.creationTimestamp) ?? 0)
  const grown = Math.max(...started) - Math.min(...started) > 60_000 ? Math.max(...started) : undefined
  const edited = millis(editedAt(front))
  const near = (ms: number | undefined): boolean => ms !== undefined && onset !== undefined && Math.abs(ms - onset * 1000) < 180_000
  if (onset === undefined || onset === history[0]?.at || !(near(edited) || near(grown))) return []
  return [
    supported({
      code: 'session_affinity',
      subject: { kind: 'Service', namespace: view.service.namespace, name: front.metadata.name },
      since: rfc3339(onset * 1000),
      confidence: near(edited) ? 0.88 : 0.8,
      summary: `${percent(worst.unknown / worst.all)} of requests to ${worst.route} name a session that the pod asked does not hold, since ${near(edited) ? 'the Service was changed' : 'a pod was added'}`,
      evidence: [
        seen('Service', front, 'spec.sessionAffinity', front.spec.sessionAffinity ?? 'None', 'ClientIP', editedAt(front)),
        {
          source: 'prometheus',
          asked: `answers of ${worst.route}, 2 min`,
          observed: `${Math.round(worst.unknown)} of ${Math.round(worst.all)} are 400, 404 or 410`,
          expected: 'few',
        },
        {
          source: 'prometheus',
          asked: 'sessions by pod',
          observed: sessions.map((s) => `${s.labels.pod} ${s.points.at(-1)?.[1]}`).join(', '),
        },
      ],
    }),
    refuted('recon_scan', view.subject, 'the requests are for a route that the service has and answers'),
  ]
}

/** Share of all streams or requests from which one pod of several has too many, where that is twice its part; of two pods nearly all. */
const lopsided = 0.6
const nearlyAll = 0.85

/** A Service that keeps callers with one pod, and callers that all come from one address: one pod does the work of all. */
function crowded(view: View): Claim[] {
  const front = view.front!
  const ready = view.pods.filter(podIsReady).map((p) => p.metadata.name)
  const open = new Map((instant(view, 'streams') ?? []).map((s) => [s.labels.pod ?? '', s.points.at(-1)?.[1] ?? 0]))
  const requests = new Map([...(traffic(view)?.byPod ?? [])].map(([pod, of]) => [pod, of.total]))
  for (const [what, counts, fewest] of [
    ['open streams', open, 10],
    ['requests', requests, 100],
  ] as const) {
    const total = ready.reduce((sum, pod) => sum + (counts.get(pod) ?? 0), 0)
    const top = [...ready].sort((a, b) => (counts.get(b) ?? 0) - (counts.get(a) ?? 0))[0]!
    const share = (counts.get(top) ?? 0) / total
    if (!(total >= fewest) || share < lopsided || share < Math.min(nearlyAll, 2 / ready.length)) continue
    const limit = ofPod(view, 'streams_limit', top)
    const full = limit !== undefined && limit > 0 && (open.get(top) ?? 0) / limit > 0.9
    const hot = (cpuShare(view).get(top)?.share ?? 0) > view.thresholds.cpuRatio
    if (!full && !hot) return []
    const evidence: Evidence[] = [
      seen('Service', front, 'spec.sessionAffinity', 'ClientIP', 'None, where callers share an address', editedAt(front)),
      {
        source: 'prometheus',
        asked: `${what} by pod`,
        observed: ready.map((pod) => `${pod} ${Math.round(counts.get(pod) ?? 0)}`).join(', '),
        expected: 'alike',
      },
    ]
    return [
      supported({
        code: 'session_affinity',
        subject: { kind: 'Service', namespace: view.service.namespace, name: front.metadata.name },
        since: editedAt(front),
        confidence: 0.87,
        summary: `Service ${front.metadata.name} keeps callers with one pod: ${top} has ${percent(share)} of all ${what} and is at its limit`,
        evidence,
      }),
      refuted('single_bad_pod', view.subject, 'the pod has the work of all; it is not alone in being slow at the same work'),
    ]
  }
  return []
}
