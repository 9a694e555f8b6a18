/** What a rollout means for those who use the service, and for how long. Pure. */
import type { Deployment } from '../facts/kubernetes/workload.ts'
import type { Target } from './look.ts'

const replicasOf = (target: Target): number => ('replicas' in target.object.spec ? (target.object.spec.replicas ?? 1) : 1)

/** A count or a percentage of the replicas, rounded as the Deployment controller rounds it. */
function countOf(value: number | string | undefined, fallback: string, replicas: number, up: boolean): number {
  const given = value ?? fallback
  if (typeof given === 'number') return given
  const exact = (Number.parseFloat(given) / 100) * replicas
  return up ? Math.ceil(exact) : Math.floor(exact)
}

/** What users notice while pods are replaced. */
export function rolloutNotice(target: Target): string {
  const replicas = replicasOf(target)
  if (target.kind === 'Deployment') {
    const { strategy } = (target.object as Deployment).spec
    if (strategy?.type === 'Recreate')
      return 'the service is away from the first pod that stops to the first that is ready: its strategy is Recreate'
    const away = countOf(strategy?.rollingUpdate?.maxUnavailable, '25%', replicas, false)
    const surge = countOf(strategy?.rollingUpdate?.maxSurge, '25%', replicas, true)
    if (away === 0)
      return `nothing, if pods end their requests when told to stop: up to ${surge} more at a time, none fewer than ${replicas}`
    return `up to ${away} of ${replicas} pods away at a time`
  }
  return replicas > 1 ? 'one pod away at a time' : 'the service is away while its one pod is replaced'
}

/** How long replacing every pod should take. */
export function rolloutTime(target: Target): string {
  const { spec } = target.object.spec.template
  const slowest = Math.max(
    ...spec.containers.map(
      ({ readinessProbe: probe }) => (probe?.initialDelaySeconds ?? 0) + (probe?.periodSeconds ?? 10) * (probe?.successThreshold ?? 1),
    ),
  )
  const seconds = replicasOf(target) * (slowest + 5)
  return seconds < 90 ? `about ${Math.max(10, Math.round(seconds / 10) * 10)} s` : `about ${Math.round(seconds / 60)} min`
}
