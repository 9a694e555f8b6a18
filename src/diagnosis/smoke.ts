/** Whether a deploy may stay: from the rollout, the walk and the comparison of new pods with old ones to pass or fail. Pure. */
import type { Side } from '../facts/sides.ts'
import type { Part } from '../facts/snapshot.ts'
import type { WalkStep } from '../facts/walk.ts'
import type { Thresholds } from '../settings.ts'
import { wilson } from '../slo/confidence.ts'
import type { PodLine, Rollout } from './rollout.ts'

export interface SmokeFacts {
  /** RFC 3339. */
  startedAt: string
  /** Seconds. */
  took: number
  target: { namespace: string; kind: string; workload: string; endpoint: string }
  /** The last look at it, seconds waited, and the pods then and at the end of the comparison. */
  rollout: Part<Rollout & { waited: number; pods: PodLine[] }>
  walk: WalkStep[]
  /** How the new pods did for `seconds`, and the old ones for as long before the rollout. */
  comparison: Part<{ seconds: number; new: Side; old: Side; podsAfter: PodLine[] }>
  thresholds: Thresholds
}

export interface SmokeCheck {
  name: string
  state: 'ok' | 'failed' | 'unknown' | 'skipped'
  seconds?: number | undefined
  says: string
  next?: string | undefined
}

/** What `task-mcp smoke --json` prints. */
export interface SmokeReport {
  schemaVersion: 1
  verdict: 'pass' | 'fail' | 'unknown'
  /** One line: why. */
  why: string
  startedAt: string
  took: number
  target: SmokeFacts['target']
  checks: SmokeCheck[]
}

export function judgeSmoke(facts: SmokeFacts): SmokeReport {
  const { startedAt, took, target } = facts
  const checks = [rolloutCheck(facts), ...facts.walk.map(walkCheck), ...comparisonChecks(facts)]
  const failed = checks.filter((check) => check.state === 'failed')
  const walked = facts.walk.length > 0 && facts.walk.every((step) => step.state === 'ok')
  const verdict = failed.length > 0 ? 'fail' : walked && checks[0]?.state !== 'unknown' ? 'pass' : 'unknown'
  const said =
    verdict === 'pass'
      ? passText(checks)
      : (verdict === 'fail' ? failed : checks.filter((check) => check.state === 'unknown'))
          .map((check) => `${check.name}: ${check.says}`)
          .join('; ')
  return { schemaVersion: 1, verdict, why: said, startedAt, took, target, checks }
}

function passText(checks: readonly SmokeCheck[]): string {
  const [rollout, ...rest] = checks
  const steps = rest.filter((check) => check.name.startsWith('walk'))
  const seconds = steps.reduce((sum, step) => sum + (step.seconds ?? 0), 0)
  const others = rest.filter((check) => !check.name.startsWith('walk') && check.state !== 'skipped').map((check) => check.says)
  return [...(rollout?.state === 'ok' ? [rollout.says] : []), `${steps.length} MCP steps in ${seconds.toFixed(2)} s`, ...others].join('; ')
}

function rolloutCheck({ rollout }: SmokeFacts): SmokeCheck {
  const name = 'rollout'
  if (rollout.state === 'absent') return { name, state: 'skipped', says: rollout.reason, next: rollout.next }
  if (rollout.state !== 'ok') return { name, state: 'unknown', says: rollout.reason, next: rollout.next }
  const { state, revision, ready, wanted, updated, waited, pods } = rollout.value
  const number = revision === undefined || revision === 0 ? '' : ` of revision ${revision}`
  if (state === 'done' && ready >= wanted)
    return { name, state: 'ok', seconds: waited, says: `rollout${number} done, ${ready} of ${wanted} ready` }
  const waits = [...new Set(pods.filter((pod) => !pod.ready).map((pod) => pod.state))].join(', ')
  const why =
    state === 'stopped'
      ? 'scaled to 0'
      : `${state === 'done' ? 'not all ready' : state} after ${Math.round(waited)} s, ${updated} of ${wanted} updated, ${ready} ready`
  return {
    name,
    state: 'failed',
    seconds: waited,
    says: `${why}${waits === '' ? '' : ` (${waits})`}`,
    next: 'task-mcp diagnose service-downtime',
  }
}

const walkCheck = ({ step, state, seconds, says, next }: WalkStep): SmokeCheck => ({ name: `walk: ${step}`, state, seconds, says, next })

/** Too few requests to say anything of a share of them. */
const fewest = 20
/** New over old from which the difference is more than noise, beside the test of proportions. */
const muchMore = 1.5

function comparisonChecks({ comparison, thresholds }: SmokeFacts): SmokeCheck[] {
  if (comparison.state !== 'ok')
    return [
      {
        name: 'comparison',
        state: 'skipped',
        says: `new pods were not held against old ones: ${comparison.reason}`,
        next: comparison.next,
      },
    ]
  const { seconds, old, podsAfter } = comparison.value
  const fresh = comparison.value.new
  const broken = podsAfter.filter((pod) => pod.template === 'new' && (!pod.ready || pod.restarts > 0))
  const pods: SmokeCheck =
    broken.length > 0
      ? {
          name: 'new pods',
          state: 'failed',
          says: broken.map((pod) => `${pod.name} ${pod.ready ? `restarted ${pod.restarts} times` : `is ${pod.state}`}`).join(', '),
          next: 'task-mcp diagnose service-downtime',
        }
      : { name: 'new pods', state: 'ok', says: 'no restart' }
  return [pods, errorCheck(fresh, old, seconds, thresholds), latencyCheck(fresh, old, thresholds)]
}

function errorCheck(fresh: Side, old: Side, seconds: number, thresholds: Thresholds): SmokeCheck {
  const name = 'errors'
  if (fresh.requests === 0) return { name, state: 'skipped', says: `no requests reached the new pods in ${Math.round(seconds)} s` }
  const before = old.requests === 0 ? 'the old ones had none before' : `old ${share(old)}`
  const says = `new pods fail ${share(fresh)}, ${before}`
  // One or two failures may have any cause: a caller that left, a pod that went.
  const over = fresh.failed >= 3 && (wilson({ bad: fresh.failed, total: fresh.requests })?.low ?? 0) > thresholds.errorRatio
  const worse = fresh.failed >= 5 && ratio(fresh) > muchMore * ratio(old) && zOf(fresh, old) > 2.58
  return over || worse ? { name, state: 'failed', says, next: 'task-mcp diagnose high-error-rate' } : { name, state: 'ok', says }
}

function latencyCheck(fresh: Side, old: Side, thresholds: Thresholds): SmokeCheck {
  const name = 'latency'
  if (fresh.p95 === undefined || fresh.requests < fewest)
    return { name, state: 'skipped', says: 'too few requests to know the latency of the new pods' }
  const known = old.p95 !== undefined && old.requests >= fewest
  const says = `new p95 ${milliseconds(fresh.p95)}${known ? `, old ${milliseconds(old.p95!)}` : ''}`
  const slow = fresh.p95 > thresholds.p95Seconds && (!known || fresh.p95 > muchMore * old.p95!)
  return slow ? { name, state: 'failed', says, next: 'task-mcp diagnose performance-degradation' } : { name, state: 'ok', says }
}

const ratio = (side: Side): number => (side.requests === 0 ? 0 : side.failed / side.requests)
const share = (side: Side): string => `${Number((ratio(side) * 100).toFixed(2))}% of ${side.requests}`
const milliseconds = (value: number): string => `${(value * 1000).toFixed(0)} ms`

/** Two-proportion z statistic of new over old; 0 where there was nothing old to compare with. */
function zOf(fresh: Side, old: Side): number {
  if (old.requests === 0) return 0
  const pooled = (fresh.failed + old.failed) / (fresh.requests + old.requests)
  const error = Math.sqrt(pooled * (1 - pooled) * (1 / fresh.requests + 1 / old.requests))
  return error === 0 ? 0 : (ratio(fresh) - ratio(old)) / error
}
