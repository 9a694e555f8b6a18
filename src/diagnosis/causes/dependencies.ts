/** What the service needs and does not get: a dependency that is down or outside our reach. */
import { find, replicasOf, sees } from '../../facts/lookup.ts'
import { editedAt, editedSinceMade, recentDiff } from '../changes.ts'
import { type Claim, type Family, refuted, seen, short, supported } from '../claim.ts'
import { type Dependency, namesDependency } from '../dependencies.ts'
import { logEvidence, matching, patterns } from '../logs.ts'
import { mapSelects, selectorText } from '../selectors.ts'
import { failing } from '../start-failure.ts'
import { millis } from '../time.ts'
import type { Evidence, Subject } from '../verdict.ts'
import { endpointsOf, eventsOf, eventTime, instant, logsOf, podIsReady, probesOf, type View } from '../view.ts'

const kindName = (d: Dependency): string => d.workloadKind

/** Whether a dependency in the cluster cannot answer: no ready endpoint behind its Service, no ready pod, or no Service at all. */
export function isDown(view: View, d: Dependency): boolean {
  if (d.external) return false
  if (d.serviceName && !d.service) return sees(view.snapshot, 'services') && (d.declared || d.workload !== undefined || unresolved(view, d))
  if (d.service && !d.service.spec.selector && d.slices.length === 0) return false
  if (d.service?.spec.type === 'ExternalName') return false
  if (d.service && sees(view.snapshot, 'endpointslices')) return !endpointsOf(d.slices).some((e) => e.ready)
  return d.workload !== undefined && sees(view.snapshot, 'pods') && !d.pods.some(podIsReady)
}

/** Whether the program says that the name of an undeclared dependency does not resolve, and the newest revision did not bring that name in. */
const unresolved = (view: View, d: Dependency): boolean => !broughtIn(view, d) && complaints(view, d, patterns.dns).length > 0

/** Whether the newest revision changed the variable that names a dependency: what is wrong with the name came with it. */
export const broughtIn = (view: View, d: Dependency): boolean =>
  recentDiff(view)?.some((c) => c.field === 'env' && d.from === `env ${c.name}`) ?? false

/** Lines and bad health answers of the last minutes that name a dependency and match a pattern, as quoted texts. */
function complaints(view: View, d: Dependency, pattern: RegExp): string[] {
  const named = namesDependency(d)
  const bodies = view.snapshot.probes.flatMap((p) => (p.result.state === 'ok' && p.result.value.status >= 500 ? [p.result.value.body] : []))
  return [...matching(logsOf(view), pattern, view.now - 300_000).map((l) => l.text), ...bodies].filter(
    (t) => pattern.test(t) && named.test(t),
  )
}

/** Any word of a dependency that is not to be had, but late. */
const trouble = new RegExp(`${patterns.refused.source}|${patterns.error.source}|unreachable|unavailable|not ready`, 'i')

/** What a Service in front of a dependency leads to, where no container of its pods says that it listens there and callers are refused; undefined where it fits. */
function deadPort(view: View, d: Dependency): string | undefined {
  const port = d.service?.spec.ports?.find((p) => p.port === d.port) ?? d.service?.spec.ports?.[0]
  const open = d.pods.flatMap((p) => p.spec.containers.flatMap((c) => c.ports ?? []))
  if (!port || !d.service?.spec.selector || open.length === 0) return undefined
  const target = port.targetPort ?? port.port
  if (open.some((p) => p.containerPort === Number(target) || p.name === target)) return undefined
  const named = typeof target === 'string' && !/^\d+$/.test(target)
  // A program that does not say how it fails to reach it is believed where somebody has edited the Service.
  const complained = complaints(view, d, editedSinceMade(d.service) ? trouble : patterns.refused).length > 0
  return named || complained ? String(target) : undefined
}

export const dependencies: Family = (view) => [...view.dependencies.flatMap((d) => down(view, d)), ...external(view)]

/** Whether the service itself says that it suffers: not ready, not starting, or answering with errors; by lines since then, where there are such. */
function suffers(view: View, d: Dependency, since: string | undefined): Evidence[] {
  const probe = probesOf(view, 'pod').find((p) => p.result.state === 'ok' && p.result.value.status >= 500)
  const all = matching(logsOf(view), namesDependency(d)).filter(
    (l) => patterns.refused.test(l.text) || patterns.timeout.test(l.text) || patterns.dns.test(l.text) || patterns.error.test(l.text),
  )
  const fresh = all.filter((l) => (millis(l.time) ?? 0) >= (millis(since) ?? 0))
  const lines = fresh.length > 0 ? fresh : all
  return [
    ...(probe?.result.state === 'ok'
      ? [
          {
            source: 'probe' as const,
            asked: `GET ${probe.path} of pod/${probe.name}:${probe.port}`,
            observed: short(`${probe.result.value.status} ${probe.result.value.body}`),
            expected: '200',
          },
        ]
      : []),
    ...(lines.length ? [logEvidence(lines)] : []),
  ]
}

function down(view: View, d: Dependency): Claim[] {
  const subject: Subject = { kind: kindName(d), namespace: d.namespace, name: d.workload?.metadata.name ?? d.name }
  const dead = deadPort(view, d)
  if (!isDown(view, d) && dead === undefined) {
    return d.external || !d.service
      ? []
      : [
          refuted(
            'dependency_down',
            subject,
            `${endpointsOf(d.slices).filter((e) => e.ready).length} ready endpoints behind service/${d.serviceName}`,
          ),
        ]
  }
  const since = downSince(view, d)
  const felt = suffers(view, d, since)
  const evidence: Evidence[] = []
  const wanted = d.workload && replicasOf(d.workload)
  const slice = d.service
    ? seen('Service', d.service, 'ready endpoints', `${endpointsOf(d.slices).filter((e) => e.ready).length}`, 'at least 1')
    : { source: 'kubernetes' as const, asked: `service/${d.serviceName} in ${d.namespace}`, observed: 'not found', expected: 'present' }
  evidence.push(slice)
  let target = subject
  let what = 'has no ready endpoint'
  const readyPods = d.pods.filter((p) => podIsReady(p) && !p.metadata.deletionTimestamp)
  if (d.serviceName && !d.service) {
    target = { kind: 'Service', namespace: d.namespace, name: d.serviceName }
    what = 'its Service does not exist'
  } else if (d.service && d.workload && !mapSelects(d.service.spec.selector, d.workload.spec.template.metadata?.labels)) {
    target = { kind: 'Service', namespace: d.namespace, name: d.service.metadata.name }
    what = `its Service selects ${selectorText(d.service.spec.selector)}, which no pod of it carries`
  } else if (dead !== undefined && !isDown(view, d)) {
    target = { kind: 'Service', namespace: d.namespace, name: d.service!.metadata.name }
    what = `its Service leads to port ${dead}, on which no container of it listens`
    evidence.push(seen('Service', d.service!, 'spec.ports.targetPort', dead, 'a port of its pods', editedAt(d.service!)))
  } else if (d.workload) {
    evidence.push(seen(kindName(d), d.workload, 'spec.replicas, ready', `${wanted}, ${readyPods.length}`, 'at least 1 ready'))
    what = wanted === 0 ? 'is scaled to 0' : 'has no ready pod'
    const why = failing(d.pods)[0]
    if (why) {
      evidence.push(
        seen(
          'Pod',
          why.pod,
          `container ${why.container}`,
          short(`${why.reason}: ${why.message || `exit ${why.ended?.exitCode}`}`),
          'running',
        ),
      )
      what += ` (${why.reason})`
    }
    const stuck = d.pods.flatMap((p) => p.status?.conditions ?? []).find((c) => c.type === 'PodScheduled' && c.status === 'False')
    if (stuck) what += ` (${stuck.reason})`
  }
  return [
    supported({
      code: dead !== undefined && !isDown(view, d) ? 'service_target_port' : 'dependency_down',
      subject: target,
      since,
      confidence: felt.length ? 0.97 : d.declared ? 0.9 : 0.75,
      summary: `dependency ${d.name} ${what}`,
      evidence: [...evidence, ...felt],
      effects: view.pods
        .filter((p) => !podIsReady(p))
        .map((p) => ({ what: 'not ready without it', subject: { kind: 'Pod', namespace: p.metadata.namespace, name: p.metadata.name } })),
      hints: {
        dependency: d.name,
        kind: target.kind.toLowerCase(),
        name: target.name,
        ...(wanted === 0 && { replicas: earlierReplicas(view, d) }),
      },
    }),
  ]
}

/** When a dependency went: its controller says so when it deletes a pod, and writes its status when one is no longer ready. `kubectl scale` leaves no other trace. */
function downSince(view: View, { workload, workloadKind }: Dependency): string | undefined {
  if (!workload) return undefined
  const deleted = eventsOf(view, workloadKind, workload.metadata.name, /^(SuccessfulDelete|ScalingReplicaSet)$/)[0]
  const status = workload.metadata.managedFields?.find((field) => field.subresource === 'status')?.time
  return (deleted && eventTime(deleted)) ?? status ?? editedAt(workload)
}

/** How many replicas a workload had before it was scaled to none: its ReplicaSets remember, else 1. */
function earlierReplicas(view: View, d: Dependency): string {
  const set = find(view.snapshot, 'horizontalpodautoscalers', d.workload?.metadata.name, d.namespace)
  return String(set?.spec.minReplicas ?? 1)
}

/** Share of the calls to a dependency that may fail, and calls that tell of one. */
const mostFailing = 0.1
const fewestCalls = 5

/** Dependencies of which the service itself says that calls fail, and how many of how many did in two minutes. */
export function failingCalls(view: View): { name: string; total: number; bad: number }[] {
  const outcomes = instant(view, 'dependency_outcomes') ?? []
  const names = [...new Set(outcomes.map((s) => s.labels.dependency).filter((n) => n !== undefined))]
  return names.flatMap((name) => {
    const of = outcomes.filter((s) => s.labels.dependency === name)
    const value = (s: (typeof of)[number]): number => s.points.at(-1)?.[1] ?? 0
    const total = of.reduce((sum, s) => sum + value(s), 0)
    const bad = of.filter((s) => !/^(ok|success|2xx)$/.test(s.labels.outcome ?? '')).reduce((sum, s) => sum + value(s), 0)
    return total >= fewestCalls && bad / total > mostFailing ? [{ name, total, bad }] : []
  })
}

/** Something outside the cluster, or one whose state we cannot see, named as failing by the service itself. */
function external(view: View): Claim[] {
  return failingCalls(view).flatMap(({ name, total, bad }): Claim[] => {
    const known = view.dependencies.find((d) => !d.external && (d.name === name || d.serviceName === name))
    if (known && isDown(view, known)) return []
    const evidence: Evidence[] = [
      {
        source: 'prometheus',
        asked: `increase(dependency_requests_total{dependency="${name}"}[2m]) by outcome`,
        observed: `${bad.toFixed(0)} of ${total.toFixed(0)} requests failed`,
        expected: 'none or few',
      },
    ]
    if (known)
      return [
        supported({
          code: 'dependency_slow',
          subject: { kind: known.workloadKind, namespace: known.namespace, name: known.workload?.metadata.name ?? known.name },
          confidence: 0.7,
          summary: `dependency ${name} is up but fails ${bad.toFixed(0)} of ${total.toFixed(0)} requests`,
          evidence,
        }),
      ]
    return [
      supported({
        code: 'external_dependency',
        subject: { kind: 'Dependency', name },
        confidence: 0.9,
        summary: `external dependency ${name} fails ${bad.toFixed(0)} of ${total.toFixed(0)} requests`,
        evidence,
      }),
    ]
  })
}
