/** The service at a glance, from the same Snapshot that a diagnosis reads. Pure. */
import type { Part, ProbeResult } from '../facts/snapshot.ts'
import { type Change, changes } from './changes.ts'
import { historiesOf } from './charts.ts'
import { errorRatio, requestsByPod, tally } from './checks/requests.ts'
import { latestOf as newest } from './checks/result.ts'
import { type PodLine, podLines, type Rollout, rolloutOf } from './rollout.ts'
import { millis } from './time.ts'
import { instant, type View } from './view.ts'

export interface Health {
  hop: string
  purpose: string
  asked: number
  /** Those that answered 200 to 399. */
  well: number
  /** What the first one that is not well answered or why it could not be asked. */
  says: string | undefined
}

export interface Traffic {
  from: string
  /** Requests in the window, probes left out. */
  requests: number
  failed: number
  /** undefined without traffic. */
  errorRatio: number | undefined
  /** Seconds. */
  p95: number | undefined
  p99: number | undefined
  /** [unix seconds, value] over the look-back: failed over all, and p95 in seconds. Empty where there is no history. */
  errorHistory: [number, number][]
  p95History: [number, number][]
}

export interface FiringAlert {
  name: string
  severity: string | undefined
  /** RFC 3339. */
  since: string
  /** Whether its labels name this namespace or workload. */
  ours: boolean
}

/** What is left of each error budget, 1 for all of it and below 0 for overspent; objectives without traffic are left out. */
export interface BudgetsLeft {
  left: { title: string; fraction: number }[]
  policy: string
}

/** What `task-mcp status --json` prints. */
export interface StatusReport {
  schemaVersion: 1
  takenAt: string
  /** `unknown` where the workload or its pods were not seen. */
  state: 'well' | 'unwell' | 'unknown'
  /** Why not `well`, in a few words each. */
  because: string[]
  target: { context: string; namespace: string; kind: string; workload: string; service: string }
  lookback: { start: number; end: number }
  thresholds: { errorRatio: number; p95Seconds: number }
  rollout: Part<Rollout>
  pods: Part<PodLine[]>
  health: Health[]
  traffic: Part<Traffic>
  budget: Part<BudgetsLeft>
  alerts: Part<FiringAlert[]>
  /** Newest first, without what was created together with the workload. */
  changes: Change[]
  /** RFC 3339, where the workload was created within the look-back. */
  createdAt: string | undefined
}

export function statusOf(view: View, budget: Part<BudgetsLeft>): StatusReport {
  const { snapshot, service, thresholds } = view
  const rollout = rolloutOf(view)
  const pods = podLines(view)
  const health = healthOf(view)
  const traffic = trafficOf(view)
  const because = reasons(rollout, health, traffic, thresholds)
  return {
    schemaVersion: 1,
    takenAt: snapshot.takenAt,
    state: rollout.state !== 'ok' || pods.state !== 'ok' ? 'unknown' : because.length > 0 ? 'unwell' : 'well',
    because,
    target: {
      context: snapshot.target.context,
      namespace: service.namespace,
      kind: service.kind,
      workload: service.workload,
      service: service.service,
    },
    lookback: { start: view.now / 1000 - snapshot.target.lookbackSeconds, end: view.now / 1000 },
    thresholds: { errorRatio: thresholds.errorRatio, p95Seconds: thresholds.p95Seconds },
    rollout,
    pods,
    health,
    traffic,
    budget,
    alerts: alertsOf(view),
    ...birth(view),
  }
}

/** Objects that came within so many milliseconds of a new workload came with it. */
const together = 60_000

function birth(view: View): Pick<StatusReport, 'changes' | 'createdAt'> {
  const all = changes(view)
  const born = millis(view.workload?.metadata.creationTimestamp)
  if (born === undefined || born < view.now - view.snapshot.target.lookbackSeconds * 1000) return { changes: all, createdAt: undefined }
  const later = all.filter((change) => !change.created || Math.abs((millis(change.at) ?? 0) - born) > together)
  return { changes: later, createdAt: view.workload?.metadata.creationTimestamp }
}

function reasons(rollout: Part<Rollout>, health: readonly Health[], traffic: Part<Traffic>, thresholds: View['thresholds']): string[] {
  const found: string[] = []
  if (rollout.state === 'ok') {
    const { ready, wanted, state } = rollout.value
    if (state === 'stopped') found.push('it is scaled to 0')
    else if (ready < wanted) found.push(`${ready} of ${wanted} pods ready`)
    if (state === 'stuck') found.push('the rollout is stuck')
  }
  // A path that is not there says more about the settings than about the service; the pods' own readiness is counted above.
  const front = health.find((one) => one.hop === 'service' && one.well < one.asked)
  if (front && !/answered 4\d\d$/.test(front.says ?? '')) found.push(`the Service does not answer (${front.says})`)
  if (traffic.state === 'ok') {
    const { errorRatio, p95 } = traffic.value
    if (errorRatio !== undefined && errorRatio > thresholds.errorRatio) found.push(`${(errorRatio * 100).toFixed(1)}% of requests fail`)
    if (p95 !== undefined && p95 > thresholds.p95Seconds) found.push(`p95 is ${(p95 * 1000).toFixed(0)} ms`)
  }
  return found
}

/** Each object counts once for each purpose: the first question about a pod is the one that its own probe asks. */
function healthOf(view: View): Health[] {
  const asked = new Map<string, Map<string, ProbeResult>>()
  for (const probe of view.snapshot.probes) {
    const key = `${probe.hop} ${probe.purpose}`
    const objects = asked.get(key) ?? new Map<string, ProbeResult>()
    if (!objects.has(probe.name)) objects.set(probe.name, probe)
    asked.set(key, objects)
  }
  return [...asked.values()].map((objects) => {
    const probes = [...objects.values()]
    const bad = probes.filter(({ result }) => result.state !== 'ok' || result.value.status < 200 || result.value.status >= 400)
    const [first] = bad
    return {
      hop: probes[0]!.hop,
      purpose: probes[0]!.purpose,
      asked: probes.length,
      well: probes.length - bad.length,
      says: first && answerOf(first),
    }
  })
}

function answerOf({ name, path, result }: ProbeResult): string {
  if (result.state === 'ok') return `${name}: ${path} answered ${result.value.status}`
  return `${name}: ${result.reason.replace(/^the API server \S+ answered \d+: (error trying to reach service: )?/, '')}`
}

function trafficOf(view: View): Part<Traffic> {
  const requests = requestsByPod(view)
  if (!requests || requests.counts.length === 0) {
    const { ranges, direct } = view.snapshot
    const first = ranges.state === 'ok' ? `Prometheus has no ${view.service.metrics.requests} of this workload` : ranges.reason
    const then = direct.state === 'ok' ? 'its pods count no requests themselves' : direct.reason
    return { state: ranges.state === 'ok' ? 'absent' : ranges.state, reason: `${first}; ${then}` }
  }
  const { failed, all } = tally(requests.counts)
  const histories = historiesOf(view)
  const latency = (name: string): number | undefined => newest(instant(view, name)?.[0])
  return {
    state: 'ok',
    value: {
      from: requests.from,
      requests: Math.round(all),
      failed: Math.round(failed),
      errorRatio: errorRatio(view),
      p95: latency('p95'),
      p99: latency('p99'),
      errorHistory: histories.errorRatio,
      p95History: histories.p95,
    },
  }
}

/** Alerts that fire, ours first, then the oldest. Watchdogs, which always fire, are left out. */
function alertsOf(view: View): Part<FiringAlert[]> {
  const { alerts } = view.snapshot
  if (alerts.state !== 'ok') return alerts
  const { namespace, workload } = view.service
  const value = alerts.value
    .filter((alert) => alert.state === 'active' && alert.name !== 'Watchdog' && alert.labels.severity !== 'none')
    .map((alert) => ({
      name: alert.name,
      severity: alert.labels.severity,
      since: alert.startsAt,
      ours:
        alert.labels.namespace === namespace ||
        Object.values(alert.labels).some((label) => label === workload || label.startsWith(`${workload}-`)),
    }))
  return {
    state: 'ok',
    value: value.sort(
      (a, b) => Number(b.ours) - Number(a.ours) || (millis(a.since) ?? 0) - (millis(b.since) ?? 0) || (a.name < b.name ? -1 : 1),
    ),
  }
}
