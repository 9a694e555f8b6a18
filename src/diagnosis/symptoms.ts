/** What a user of the service would notice, against the runbook's thresholds. Pure. */
import type { Pod } from '../facts/kubernetes/pod.ts'
import type { Deployment } from '../facts/kubernetes/workload.ts'
import { sees } from '../facts/lookup.ts'
import { short } from './claim.ts'
import { errorsNow } from './failures.ts'
import { quantile, warmingUp } from './latency.ts'
import { ms, percent } from './quantity.ts'
import { failing } from './start-failure.ts'
import { millis } from './time.ts'
import { traffic } from './traffic.ts'
import { cpuShare, memoryShare } from './usage.ts'
import type { Symptom } from './verdict.ts'
import { endpointsOf, podIsReady, probesOf, type View } from './view.ts'

/** How long a pod may take to become ready before it counts as missing, where nothing says that it fails. Its own probes may give it longer. */
const settlingSeconds = 45

/** Seconds that the template itself allows a pod before its first answer is due: a startup probe's patience, and the delay of the readiness probe. */
const allowedSeconds = (pod: Pod): number =>
  Math.max(
    0,
    ...pod.spec.containers.map(({ startupProbe: s, readinessProbe: r }) => {
      const startup = s ? (s.initialDelaySeconds ?? 0) + (s.periodSeconds ?? 10) * (s.failureThreshold ?? 3) : 0
      return startup + (r?.initialDelaySeconds ?? 0) + (r?.periodSeconds ?? 10)
    }),
  )

/** Pods that are merely starting: young, nothing failed yet. */
function starting(view: View, pod: Pod): boolean {
  const young = view.now - (millis(pod.metadata.creationTimestamp) ?? 0) < Math.max(settlingSeconds, allowedSeconds(pod)) * 1000
  const failed =
    failing([pod]).some((f) => f.kind !== 'init-running') ||
    pod.status?.conditions?.some((c) => c.type === 'PodScheduled' && c.status === 'False')
  return young && !failed
}

export function symptoms(view: View): Symptom[] {
  return [...availability(view), ...answers(view), ...latency(view), ...saturation(view), ...alerts(view)]
}

/** Whether answers are late or fail. */
export const feltByUsers = (view: View): boolean => [...answers(view), ...latency(view)].length > 0

function availability(view: View): Symptom[] {
  const found: Symptom[] = []
  const { subject, service } = view
  if (!view.workload || !sees(view.snapshot, 'pods')) return found
  const ready = view.pods.filter(podIsReady)
  const wanted = view.replicas ?? 0
  const missing = wanted - ready.length
  const merelyStarting =
    view.pods.filter((p) => !podIsReady(p)).every((p) => starting(view, p)) && view.pods.length >= wanted && ready.length > 0
  const allowed = (view.workload as Deployment).spec.strategy?.rollingUpdate?.maxUnavailable
  if (wanted === 0)
    found.push({ code: 'no_replicas', summary: 'no pod is asked for', severity: 'critical', observed: '0 replicas', subject })
  else if (ready.length === 0)
    found.push({
      code: 'down',
      summary: `no pod of ${service.workload} is ready`,
      severity: 'critical',
      observed: `0 of ${wanted} ready`,
      subject,
    })
  else if (missing > 0 && !merelyStarting)
    found.push({
      code: 'unavailable_replicas',
      summary: `${missing} of ${wanted} replicas are not ready`,
      severity: 'warning',
      observed: `${ready.length} of ${wanted} ready`,
      threshold: allowed === undefined ? undefined : `maxUnavailable ${allowed}`,
      subject,
    })
  const stuck = view.newPods.filter((p) => !podIsReady(p) && !starting(view, p))
  if (missing <= 0 && stuck.length)
    found.push({
      code: 'rollout_blocked',
      summary: `${stuck.length} pods of the newest revision do not become ready`,
      severity: 'warning',
      observed: `${stuck.length} not ready`,
      subject,
    })
  if (
    view.front?.spec.selector &&
    sees(view.snapshot, 'endpointslices') &&
    ready.length > 0 &&
    !endpointsOf(view.slices).some((e) => e.ready)
  )
    found.push({
      code: 'no_endpoints',
      summary: `Service ${view.front.metadata.name} has no ready endpoint`,
      severity: 'critical',
      observed: '0 endpoints',
      subject: { kind: 'Service', namespace: service.namespace, name: service.service },
    })
  return found
}

function answers(view: View): Symptom[] {
  const found: Symptom[] = []
  const errors = errorsNow(view)
  if (errors)
    found.push({
      code: 'error_ratio',
      summary: `${percent(errors.ratio)} of requests fail`,
      severity: (errors.ratio ?? 0) > 0.05 ? 'critical' : 'warning',
      observed: percent(errors.ratio),
      threshold: percent(view.thresholds.errorRatio),
      subject: view.subject,
    })
  for (const p of probesOf(view, 'service')) {
    if (p.result.state === 'unreachable' || (p.result.state === 'ok' && p.result.value.status >= 500)) {
      found.push({
        code: 'service_probe',
        summary: `GET ${p.path} through Service ${p.name} fails`,
        severity: 'critical',
        observed: p.result.state === 'ok' ? String(p.result.value.status) : short(p.result.reason, 120),
        subject: { kind: 'Service', namespace: view.service.namespace, name: p.name },
      })
    }
  }
  // Where it cannot be reached from here, others may well reach it; an answer of 5xx is what users get.
  for (const p of probesOf(view, 'edge'))
    if (p.result.state === 'ok' && p.result.value.status >= 500)
      found.push({
        code: 'edge_probe',
        summary: `GET ${p.path} at the edge ${p.name} fails`,
        severity: 'critical',
        observed: `${p.result.value.status} after ${p.result.value.seconds.toFixed(1)} s`,
        subject: view.subject,
      })
  return found
}

function latency(view: View): Symptom[] {
  const [p95, p99] = [quantile(view, 'p95'), quantile(view, 'p99')]
  const busy = (traffic(view)?.rate ?? 0) > 0.1 && !warmingUp(view)
  const found: Symptom[] = []
  if (busy && p95 !== undefined && p95 > view.thresholds.p95Seconds)
    found.push({
      code: 'latency_p95',
      summary: `95% of requests take up to ${ms(p95)}`,
      severity: 'warning',
      observed: ms(p95),
      threshold: ms(view.thresholds.p95Seconds),
      subject: view.subject,
    })
  if (busy && p99 !== undefined && p99 > view.thresholds.p99Seconds)
    found.push({
      code: 'latency_p99',
      summary: `99% of requests take up to ${ms(p99)}`,
      severity: 'critical',
      observed: ms(p99),
      threshold: ms(view.thresholds.p99Seconds),
      subject: view.subject,
    })
  return found
}

function saturation(view: View): Symptom[] {
  const found: Symptom[] = []
  for (const [code, what, shares, threshold] of [
    ['memory', 'memory', memoryShare(view), view.thresholds.memoryRatio],
    ['cpu', 'CPU', cpuShare(view), view.thresholds.cpuRatio],
  ] as const) {
    const worst = [...shares].sort((a, b) => b[1].share - a[1].share)[0]
    if (worst && worst[1].share > threshold)
      found.push({
        code,
        summary: `pod ${worst[0]} uses ${percent(worst[1].share)} of its ${what} limit`,
        severity: 'warning',
        observed: percent(worst[1].share),
        threshold: percent(threshold),
        subject: { kind: 'Pod', namespace: view.service.namespace, name: worst[0] },
      })
  }
  const restarted = view.pods.filter((p) =>
    (p.status?.containerStatuses ?? []).some(
      (s) => s.restartCount > 0 && view.now - (millis(s.lastState?.terminated?.finishedAt) ?? 0) < 600_000,
    ),
  )
  if (restarted.length)
    found.push({
      code: 'restarts',
      summary: `${restarted.length} pods restarted in the last 10 min`,
      severity: 'warning',
      observed: `${restarted.length}`,
      subject: view.subject,
    })
  return found
}

function alerts(view: View): Symptom[] {
  const { alerts: part } = view.snapshot
  if (part.state !== 'ok') return []
  return part.value
    .filter(
      (a) =>
        a.state === 'active' &&
        a.name !== 'Watchdog' &&
        (a.labels.namespace === view.service.namespace || a.labels.service === view.service.service),
    )
    .map((a) => ({
      code: 'alert',
      summary: `alert ${a.name} fires`,
      severity: 'info' as const,
      observed: a.annotations.summary ?? a.name,
      since: a.startsAt,
    }))
}
