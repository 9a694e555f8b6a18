/** The judgement: a Snapshot and a runbook's name in, a Verdict out. Pure: the same Snapshot gives the same bytes. */
import type { ResourceName } from '../facts/kubernetes-types.ts'
import type { Part, Snapshot } from '../facts/snapshot.ts'
import { dependencies } from './causes/dependencies.ts'
import { image } from './causes/image.ts'
import { load } from './causes/load.ts'
import { missing } from './causes/missing.ts'
import { placement } from './causes/placement.ts'
import { policies } from './causes/policies.ts'
import { probes } from './causes/probes.ts'
import { refused } from './causes/refused.ts'
import { release } from './causes/release.ts'
import { resourcesFamily } from './causes/resources.ts'
import { routing } from './causes/routing.ts'
import { scale } from './causes/scale.ts'
import { sight } from './causes/sight.ts'
import { start } from './causes/start.ts'
import type { Claim, Family } from './claim.ts'
import { rank, slowMatters } from './rank.ts'
import { symptoms } from './symptoms.ts'
import { traffic } from './traffic.ts'
import { type Cause, type NotSeen, type Symptom, type Verdict, type VerdictWord, verdictVersion } from './verdict.ts'
import { makeView, type View } from './view.ts'

const families: readonly Family[] = [
  sight,
  scale,
  refused,
  placement,
  image,
  missing,
  start,
  probes,
  routing,
  policies,
  dependencies,
  resourcesFamily,
  release,
  load,
]

export interface Judgement {
  verdict: Verdict
  view: View
}

/** Judges without steps: these are walked by the runbook room, from the same view. */
export function judge(snapshot: Snapshot, runbook: string): Judgement {
  const view = makeView(snapshot)
  const claims: Claim[] = families.flatMap((family) => family(view))
  const causes = rank(claims, view, runbook)
  const felt = symptoms(view)
  const unseen = notSeen(view)
  const word = wordFor(view, runbook, causes, felt)
  const { service } = view
  const { context } = snapshot.target
  return {
    view,
    verdict: {
      schemaVersion: verdictVersion,
      verdict: word,
      runbook,
      headline: headline(view, word, causes, felt),
      causes,
      symptoms: felt,
      steps: [],
      notSeen: unseen,
      wouldDecide: word === 'inconclusive' ? deciders(view, unseen) : [],
      capabilities: capabilities(snapshot),
      target: { context, namespace: service.namespace, kind: service.kind, workload: service.workload, service: service.service },
      window: { start: new Date(view.now - snapshot.target.lookbackSeconds * 1000).toISOString(), end: snapshot.takenAt },
      startedAt: snapshot.takenAt,
      took: snapshot.took,
      requests: snapshot.requests,
    },
  }
}

const busy: ReadonlySet<string> = new Set(['cpu', 'restarts'])
const late: ReadonlySet<string> = new Set([...busy, 'latency_p95', 'latency_p99'])

/** Runbooks whose whole question is how requests are answered. */
const aboutRequests: ReadonlySet<string> = new Set(['high-error-rate', 'performance-degradation'])

function wordFor(view: View, runbook: string, causes: readonly Cause[], felt: readonly Symptom[]): VerdictWord {
  if (causes.some((c) => c.code === 'access_denied')) return 'inconclusive'
  const critical = felt.some((s) => s.severity === 'critical')
  if (causes.length > 0) return critical || causes[0]!.confidence >= 0.9 ? 'faulty' : 'degraded'
  if (!seesEnough(view)) return 'inconclusive'
  // Whether requests fail cannot be told without seeing one counter of them.
  if (aboutRequests.has(runbook) && traffic(view) === undefined) return 'inconclusive'
  // An alert that fires, and load that is merely high, are no fault by themselves; late answers are no outage.
  const beside = slowMatters.has(runbook) ? busy : late
  return felt.some((s) => s.severity !== 'info' && !beside.has(s.code)) ? 'inconclusive' : 'healthy'
}

/** Whether what must be seen to call a service healthy was seen. */
const seesEnough = (view: View): boolean =>
  view.snapshot.target.url !== undefined
    ? view.snapshot.probes.some((p) => p.result.state === 'ok')
    : ['pods', 'services', 'endpointslices'].every((k) => view.snapshot.cluster[k as ResourceName]?.state === 'ok') &&
      view.workload !== undefined

function headline(view: View, word: VerdictWord, causes: readonly Cause[], felt: readonly Symptom[]): string {
  const first = causes[0]
  if (first) return `${first.summary}${causes.length > 1 ? ` (and ${causes.length - 1} more)` : ''}`
  if (word === 'healthy') {
    const now = traffic(view)
    const served =
      now === undefined
        ? 'traffic not seen'
        : now.ratio === undefined
          ? 'no traffic'
          : `${now.rate.toFixed(1)} requests/s, ${(now.ratio * 100).toFixed(1)}% errors`
    const where = view.snapshot.target.url ?? `${view.pods.length} of ${view.replicas ?? '?'} pods`
    return `${view.service.workload} is healthy: ${where}, ${served}`
  }
  const seen = felt.filter((s) => s.severity !== 'info')
  if (seen.length) return `no cause found for: ${seen.map((s) => s.summary).join('; ')}`
  return seesEnough(view) ? 'the pods are well; whether requests fail was not seen' : 'not enough was seen to judge'
}

const what: Readonly<Partial<Record<ResourceName, string>>> = {
  pods: 'every cause',
  deployments: 'which revision runs, and every cause that a release carries',
  replicasets: 'what the last revision changed',
  services: 'routing causes',
  endpointslices: 'routing causes',
  events: 'the words of the scheduler and the kubelet',
  configmaps: 'missing or edited ConfigMaps',
  secrets: 'missing or changed Secrets (their names and times; values are never read)',
  resourcequotas: 'how much of a quota is used',
  networkpolicies: 'blocked paths',
  nodes: 'cordoned, full or missing nodes',
  namespaces: 'Pod Security levels',
  horizontalpodautoscalers: 'autoscaling causes',
  poddisruptionbudgets: 'blocked evictions',
  persistentvolumeclaims: 'volumes that are not bound',
  podmetrics: 'CPU and memory now',
  validatingwebhookconfigurations: 'which admission webhook is meant',
  ingresses: 'what stands before the Service',
  ingressclasses: 'whether the class of an Ingress exists',
}

function notSeen(view: View): NotSeen[] {
  const { snapshot } = view
  const found: NotSeen[] = []
  for (const [kind, couldChange] of Object.entries(what)) {
    const part = snapshot.cluster[kind as ResourceName]
    if (part && part.state !== 'ok') found.push({ what: kind, reason: part.reason, couldChange, next: part.next })
    else if (part?.truncated) found.push({ what: `${kind} (part)`, reason: 'more exist than were read', couldChange })
  }
  const others: [string, Part<unknown>, string][] = [
    ['Prometheus', snapshot.instant, 'error ratio, latency, CPU and memory over time, and since when'],
    ['logs', snapshot.logs, 'what the program itself says'],
    ['Alertmanager', snapshot.alerts, 'which alerts fire'],
  ]
  for (const [name, part, couldChange] of others)
    if (part.state !== 'ok') found.push({ what: name, reason: part.reason, couldChange, next: part.next })
  const unasked = snapshot.probes.flatMap((p) => (p.result.state === 'denied' ? [p.result] : []))
  if (unasked[0] && unasked.length === snapshot.probes.length)
    found.push({
      what: 'answers',
      reason: unasked[0].reason,
      couldChange: 'what pods and the Service answer: ports, probes, health',
      next: unasked[0].next,
    })
  if (snapshot.direct.state === 'ok')
    found.push({
      what: 'request history',
      reason: 'Prometheus has no requests of this service; rates rest on two scrapes of the pods a moment apart',
      couldChange: 'how long it has been so',
    })
  else if (traffic(view) === undefined && view.pods.length > 0)
    found.push({
      what: 'requests',
      reason: `no ${view.service.metrics.requests} was found for this service`,
      couldChange: 'whether requests fail',
    })
  return found
}

function deciders(view: View, unseen: readonly NotSeen[]): string[] {
  const first = unseen
    .filter((n) => ['pods', 'deployments', 'services', 'endpointslices', 'logs', 'Prometheus', 'requests'].includes(n.what))
    .map((n) => `see ${n.what}: ${n.couldChange}`)
  return first.length
    ? first
    : [
        `look again in a minute: task-mcp diagnose -n ${view.service.namespace}`,
        'read the logs of one request that failed, from the caller to the dependency',
      ]
}

function capabilities(snapshot: Snapshot): Verdict['capabilities'] {
  const state = (part: Part<unknown> | undefined): 'ok' | 'denied' | 'unreachable' | 'absent' => part?.state ?? 'absent'
  return {
    cluster: state(snapshot.cluster.pods),
    events: state(snapshot.cluster.events),
    nodes: state(snapshot.cluster.nodes),
    'metrics-server': state(snapshot.cluster.podmetrics),
    prometheus: state(snapshot.instant),
    alertmanager: state(snapshot.alerts),
    logs: state(snapshot.logs),
  }
}
