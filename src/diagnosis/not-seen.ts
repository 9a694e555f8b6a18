/** What was not seen, what it could have changed, and what to look at next. Pure. */
import type { ResourceName } from '../facts/kubernetes/resources.ts'
import type { Part } from '../facts/snapshot.ts'
import { traffic } from './traffic.ts'
import type { NotSeen } from './verdict.ts'
import type { View } from './view.ts'

const what: Readonly<Partial<Record<ResourceName, string>>> = {
  pods: 'every cause',
  deployments: 'which revision runs, and every cause that a release carries',
  replicasets: 'what the last revision changed',
  services: 'routing causes',
  endpointslices: 'routing causes',
  events: 'the words of the scheduler and the kubelet',
  configmaps: 'missing or edited ConfigMaps',
  secrets: 'missing or changed Secrets (their names and times, and the dates of certificates; nothing else of them is kept)',
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

/** The parts of the look that failed, with what each could have changed. */
export function notSeen(view: View): NotSeen[] {
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
    ...(snapshot.certificates && snapshot.cluster.secrets?.state === 'ok'
      ? [['certificates', snapshot.certificates, 'whether one has expired'] as [string, Part<unknown>, string]]
      : []),
  ]
  if (snapshot.inside) others.push(['the view from inside a pod', snapshot.inside, 'whether names resolve and ports answer there'])
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

/** What would decide, where the verdict is inconclusive. */
export function deciders(view: View, unseen: readonly NotSeen[]): string[] {
  const first = unseen
    .filter((n) => ['pods', 'deployments', 'replicasets', 'services', 'endpointslices', 'logs', 'Prometheus', 'requests'].includes(n.what))
    .map((n) => `see ${n.what}: ${n.couldChange}`)
  return first.length
    ? first
    : [
        `look again in a minute: task-mcp diagnose -n ${view.service.namespace}`,
        'read the logs of one request that failed, from the caller to the dependency',
      ]
}
