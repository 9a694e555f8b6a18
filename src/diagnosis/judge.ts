/** The judgement: a Snapshot and a runbook's name in, a Verdict out. Pure: the same Snapshot gives the same bytes. */
import type { ResourceName } from '../facts/kubernetes/resources.ts'
import type { Part, Snapshot } from '../facts/snapshot.ts'
import { families } from './causes/index.ts'
import type { Claim } from './claim.ts'
import type { CauseCode } from './codes.ts'
import { weighedFromInside } from './from-inside.ts'
import { matching, patterns } from './logs.ts'
import { deciders, notSeen } from './not-seen.ts'
import { rank, slowMatters } from './rank.ts'
import { firstFailures, nothingServed } from './settling.ts'
import { statusIn } from './sources.ts'
import { symptoms } from './symptoms.ts'
import { enough, traffic } from './traffic.ts'
import { usage } from './usage.ts'
import { type Cause, type Symptom, type Verdict, type VerdictWord, verdictVersion } from './verdict.ts'
import { logsOf, makeView, type View } from './view.ts'

export interface Judgement {
  verdict: Verdict
  view: View
}

/** Judges without steps: these are walked by the runbook room, from the same view. */
export function judge(snapshot: Snapshot, runbook: string): Judgement {
  const view = makeView(snapshot)
  const claims: Claim[] = weighedFromInside(
    families.flatMap((family) => family(view)),
    view,
  )
  const felt = symptoms(view)
  const causes = rank(claims, view, runbook, felt)
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
      headline: headline(view, runbook, word, causes, felt),
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

/** What a runbook asks about, and whether that was seen at all; runbooks that are not named here ask about what every look sees. */
const subjectMatter: Readonly<Record<string, { what: string; seen: (view: View) => boolean }>> = {
  'high-error-rate': { what: 'whether requests fail', seen: (view) => traffic(view) !== undefined },
  'performance-degradation': { what: 'how requests are answered', seen: (view) => traffic(view) !== undefined },
  'slo-violations': { what: 'how requests are answered', seen: (view) => traffic(view) !== undefined },
  'cpu-issues': { what: 'their CPU', seen: (view) => usage(view, 'cpu').size > 0 || view.pods.length === 0 },
  'memory-issues': { what: 'their memory', seen: (view) => usage(view, 'memory').size > 0 || view.pods.length === 0 },
  'streaming-issues': { what: 'their streams', seen: ({ snapshot }) => snapshot.instant.state === 'ok' || snapshot.direct.state === 'ok' },
  'security-incidents': { what: 'who asks', seen: (view) => traffic(view) !== undefined && view.snapshot.logs.state === 'ok' },
}

/** Causes that say why nothing can be said of the service. */
const cannotTell: ReadonlySet<CauseCode> = new Set(['telemetry_gap', 'insufficient_traffic'])

function wordFor(view: View, runbook: string, causes: readonly Cause[], felt: readonly Symptom[]): VerdictWord {
  if (causes.some((c) => c.code === 'access_denied') || (causes.length > 0 && causes.every((c) => cannotTell.has(c.code))))
    return 'inconclusive'
  const critical = felt.some((s) => s.severity === 'critical')
  if (causes.length > 0) return critical || causes[0]!.confidence >= 0.9 ? 'faulty' : 'degraded'
  if (!seesEnough(view)) return 'inconclusive'
  // Absent is never zero: whether requests fail cannot be told without seeing one counter of them.
  if (subjectMatter[runbook]?.seen(view) === false) return 'inconclusive'
  if (((traffic(view)?.total ?? 0) < enough && complains(view)) || firstFailures(view) || nothingServed(view)) return 'inconclusive'
  // An alert that fires, and load that is merely high, are no fault by themselves; late answers are no outage.
  const beside = slowMatters.has(runbook) ? busy : late
  return felt.some((s) => s.severity !== 'info' && !beside.has(s.code)) ? 'inconclusive' : 'healthy'
}

/** Lines of the last two minutes from which it is more than a stray one. */
const fewestComplaints = 3

/** Whether the program itself says that what it needs refuses it: enough not to call it well where nobody counted its answers. */
function complains(view: View): boolean {
  const since = view.now - 120_000
  const lines = [patterns.credentials, patterns.dns, patterns.pool, patterns.diskFull].flatMap((p) => matching(logsOf(view), p, since))
  // A line that tells of an answer tells of what a caller did wrong.
  return lines.filter((l) => statusIn(l.text) === undefined).length >= fewestComplaints
}

/** Whether what must be seen to call a service healthy was seen. */
const seesEnough = (view: View): boolean =>
  view.snapshot.target.url !== undefined
    ? view.snapshot.probes.some((p) => p.result.state === 'ok')
    : ['pods', 'services', 'endpointslices', ...(view.service.kind === 'Deployment' ? ['replicasets'] : [])].every(
        (k) => view.snapshot.cluster[k as ResourceName]?.state === 'ok',
      ) && view.workload !== undefined

function headline(view: View, runbook: string, word: VerdictWord, causes: readonly Cause[], felt: readonly Symptom[]): string {
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
  const early = firstFailures(view) ?? nothingServed(view)
  if (early) return `too early to tell: ${early}; ask again in 30 s`
  const seen = felt.filter((s) => s.severity !== 'info')
  if (seen.length) return `no cause found for: ${seen.map((s) => s.summary).join('; ')}`
  if (!seesEnough(view)) return 'not enough was seen to judge'
  const asked = subjectMatter[runbook]
  return asked && !asked.seen(view)
    ? `the pods are well; ${asked.what} was not seen`
    : 'the pods are well; what the program says of itself is not, and its answers were not counted'
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
