/** How a cause is known, and the refusals and groups that many causes share. */
import type { CauseCode } from '../codes.ts'
import type { ActionName, Refusal } from '../verdict.ts'

export interface Knowledge {
  /** Causes that this one brings about: found together, they are its effects and no causes of their own. */
  folds?: readonly CauseCode[]
  /** Remedies, best first: action, and why it cures. `revision` restricts it to faults that the newest revision brought in. */
  cures: readonly { action: ActionName; why: string; revision?: boolean }[]
  never: readonly Refusal[]
  owner: string
}

export type KnownCauses = Readonly<Partial<Record<CauseCode, Knowledge>>>

/** Going back helps only where the newest revision brought the fault in. */
export const rollBack = (why: string) => ({ action: 'rollback' as const, why, revision: true })

const refusal = (action: ActionName, why: string): Refusal => ({ action, why })
export const restartFails = refusal('restart', 'new pods fail the same way, and the ones that still serve are lost')
export const moreFail = refusal('scale', 'more pods of the same kind fail the same way')
export const notTheRelease = refusal('rollback', 'the template did not cause this; an older release fails the same way')
export const placesAreLost = refusal('restart', 'it gives up places that cannot be had again')
export const podsAreLost = refusal('restart', 'every pod that goes cannot be made again')
export const samePolicy = refusal('restart', 'new pods are behind the same policy')
export const neverReached = refusal('restart', 'requests never reach the pods')
export const restartedAlready = refusal('restart', 'the kubelet restarts them already; that is the trouble')

/** What is seen of pods that cannot be there: a rollout that stands still, probes that fail. */
export const notRunning: readonly CauseCode[] = [
  'rollout_stuck',
  'rollout_strategy',
  'readiness_misconfig',
  'liveness_misconfig',
  'liveness_too_aggressive',
  'bad_release',
  'config_change',
  'hpa_no_metrics',
  'single_bad_pod',
  'traffic_policy_local',
]
/** The same, of pods whose program cannot even begin. */
export const cannotRun: readonly CauseCode[] = [...notRunning, 'crash_on_start']
