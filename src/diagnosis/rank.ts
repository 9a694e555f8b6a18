/** From claims to causes: one root per causal chain with its effects folded under it, independent causes side by side, rivals named. Pure. */
import type { Claim } from './claim.ts'
import type { CauseCode } from './codes.ts'
import { knownOf, refusalsOf, remediesOf } from './remedies.ts'
import { millis } from './time.ts'
import type { Cause, Effect, Rival, Symptom } from './verdict.ts'
import type { View } from './view.ts'

/** Causes that take the service away or break its answers come before causes that only may. */
const lesser = new Set<CauseCode>([
  'hpa_no_metrics',
  'hpa_capped',
  'pdb_blocks',
  'traffic_policy_local',
  'telemetry_gap',
  'rollout_strategy',
  'service_selector_pollution',
  'session_affinity',
  'secret_in_logs',
  'insufficient_traffic',
  'preempted',
])

/** Causes whose whole effect is one runbook's subject; asked for by that runbook they come first. */
const subjects: Readonly<Record<string, readonly CauseCode[]>> = {
  'cpu-issues': ['single_bad_pod', 'cpu_throttling', 'event_loop_block', 'noisy_neighbour', 'traffic_surge'],
  'memory-issues': ['memory_leak', 'memory_limit_low', 'v8_heap_limit', 'sidecar_oom', 'node_pressure', 'disk_full', 'ephemeral_storage'],
  'performance-degradation': [
    'cpu_throttling',
    'event_loop_block',
    'noisy_neighbour',
    'dependency_slow',
    'pool_exhausted',
    'hpa_no_metrics',
    'hpa_capped',
    'traffic_surge',
    'single_bad_pod',
    'edge_timeout',
    'cache_ineffective',
    'retry_storm',
  ],
  'streaming-issues': ['stream_limit', 'stream_leak', 'idle_timeout', 'session_affinity', 'slow_consumers'],
  'slo-violations': ['slo_fast_burn', 'slo_slow_burn', 'budget_exhausted', 'insufficient_traffic'],
  'security-incidents': ['brute_force', 'credential_stuffing', 'recon_scan', 'auth_config', 'secret_in_logs', 'rbac_denied'],
}

/** Runbooks whose question is why answers are late. */
export const slowMatters: ReadonlySet<string> = new Set(['performance-degradation', 'cpu-issues', 'slo-violations'])

/** Causes that make answers late. Where the question is another, they are named only when users get no answers and nothing else explains it. */
const onlySlow = new Set<CauseCode>(['dependency_slow', 'noisy_neighbour', 'cache_ineffective'])
const broken = (felt: readonly Symptom[]): boolean =>
  felt.some((s) => ['down', 'unavailable_replicas', 'error_ratio', 'service_probe'].includes(s.code))

const aboutRequests = ['high-error-rate', 'performance-degradation', 'slo-violations']
/** Causes that are an answer to these questions alone: to another they would be an alarm about something that nobody felt. */
const onlyAsked: Readonly<Partial<Record<CauseCode, readonly string[]>>> = {
  slo_fast_burn: ['slo-violations'],
  slo_slow_burn: ['slo-violations'],
  budget_exhausted: ['slo-violations'],
  insufficient_traffic: ['slo-violations'],
  brute_force: ['security-incidents', 'performance-degradation', 'cpu-issues'],
  credential_stuffing: ['security-incidents', 'performance-degradation', 'cpu-issues'],
  recon_scan: ['security-incidents'],
  secret_in_logs: ['security-incidents'],
  log_spam: ['cpu-issues', 'performance-degradation', 'memory-issues'],
  idle_timeout: ['streaming-issues'],
  slow_consumers: ['streaming-issues', 'memory-issues'],
  session_affinity: ['streaming-issues', ...aboutRequests],
  telemetry_gap: aboutRequests,
}

const answers = (code: CauseCode, runbook: string): boolean => onlyAsked[code]?.includes(runbook) ?? true

const same = (a: Claim, b: Claim): boolean =>
  a.code === b.code && a.subject.kind === b.subject.kind && a.subject.name === b.subject.name && a.subject.container === b.subject.container

/** Supported claims, one for each code and subject: the surest, with the evidence of all. */
function distinct(claims: readonly Claim[]): Claim[] {
  const kept: Claim[] = []
  for (const claim of claims) {
    const at = kept.findIndex((k) => same(k, claim))
    if (at < 0) kept.push(claim)
    else if (claim.confidence > kept[at]!.confidence) kept[at] = claim
  }
  return kept
}

/** Whether both are about an object that was edited, and `a` knows what of it matters. */
const saysMore = (a: Claim, b: Claim): boolean =>
  b.code === 'config_change' && a.code !== 'config_change' && a.subject.kind === b.subject.kind && a.subject.name === b.subject.name

/** Whether `a` brings `b` about, by itself or through others that were found. */
function explains(a: Claim, b: Claim, found: readonly Claim[], passed: Set<Claim> = new Set()): boolean {
  if (a === b || passed.has(a)) return false
  passed.add(a)
  const folds = knownOf(a).folds ?? []
  if (folds.includes(b.code) || saysMore(a, b)) return true
  return found.some((c) => c !== b && folds.includes(c.code) && explains(c, b, found, passed))
}

export function rank(claims: readonly Claim[], view: View, runbook: string, felt: readonly Symptom[]): Cause[] {
  const found = distinct(claims.filter((c) => c.status === 'supported'))
  const denied = found.find((c) => c.code === 'access_denied' || c.code === 'wrong_target')
  // Where the service itself was not seen, or is not the one meant, nothing else that was found is about it.
  const about = (denied && (denied.code === 'access_denied' || denied.subject.kind !== 'Service') ? [denied] : found).filter((c) =>
    answers(c.code, runbook),
  )
  // What cannot be seen is an answer only where nothing was found.
  const seen = about.some((c) => c.code !== 'telemetry_gap') ? about.filter((c) => c.code !== 'telemetry_gap') : about
  const pool = slowMatters.has(runbook)
    ? seen
    : seen.filter((c) => !onlySlow.has(c.code) || (seen.every((o) => onlySlow.has(o.code)) && broken(felt)))
  const roots = pool.filter((b) => !pool.some((a) => explains(a, b, pool) && !(explains(b, a, pool) && weaker(a, b))))
  const weight = (c: Claim): number => (subjects[runbook]?.includes(c.code) ? 0 : lesser.has(c.code) ? 2 : 1)
  const ordered = roots.sort(
    (a, b) =>
      weight(a) - weight(b) ||
      b.confidence - a.confidence ||
      (millis(a.since) ?? Number.POSITIVE_INFINITY) - (millis(b.since) ?? Number.POSITIVE_INFINITY) ||
      (a.code < b.code ? -1 : 1) ||
      (a.subject.name < b.subject.name ? -1 : 1),
  )
  const cured = ordered.find((c) => !promises.has(c.code))
  return ordered.map((root) => {
    const folded = pool.filter((c) => c !== root && explains(root, c, pool))
    // A promise is kept again when what broke it is cured.
    const cure = promises.has(root.code) && cured && root.code !== 'insufficient_traffic' ? cured : root
    return {
      code: root.code,
      subject: root.subject,
      since: root.since,
      confidence: root.confidence,
      summary: root.summary,
      evidence: root.evidence,
      effects: [...(root.effects ?? []), ...folded.map((c): Effect => ({ what: c.summary, subject: c.subject }))].slice(0, 12),
      rivals: rivalsOf(root, claims, pool),
      remedies: remediesOf(cure, view),
      never: refusalsOf(cure),
      owner: knownOf(cure).owner,
    }
  })
}

/** What was promised and is not kept: arithmetic that stands beside its cause. */
const promises = new Set<CauseCode>(['slo_fast_burn', 'slo_slow_burn', 'budget_exhausted', 'insufficient_traffic'])

/** Of two claims that explain each other, the surer stands; at a tie the one seen first. */
const weaker = (a: Claim, b: Claim): boolean =>
  a.confidence < b.confidence ||
  (a.confidence === b.confidence && (millis(a.since) ?? Number.POSITIVE_INFINITY) > (millis(b.since) ?? Number.POSITIVE_INFINITY))

/** What else was considered: refuted or open, each code once. */
function rivalsOf(root: Claim, claims: readonly Claim[], found: readonly Claim[]): Rival[] {
  const rivals = new Map<CauseCode, Rival>()
  for (const c of claims) {
    if (c.status === 'supported' || c.code === root.code || found.some((f) => f.code === c.code) || rivals.has(c.code)) continue
    rivals.set(c.code, { code: c.code, status: c.status, fact: c.fact ?? '' })
  }
  return [...rivals.values()].slice(0, 8)
}
