/** Why a container of a pod does not run: sorted by the state that the kubelet reports, before anyone asks for a cause. Pure. */
import { span } from '../duration.ts'
import type { Container, ContainerStatus, Pod, Terminated } from '../facts/kubernetes/pod.ts'
import { containerStatuses } from './view.ts'

export type StartFailure = 'pull' | 'config' | 'create' | 'crash' | 'oom' | 'init-running' | 'mount'

export interface Failing {
  pod: Pod
  container: string
  init: boolean
  status: ContainerStatus | undefined
  spec: Container | undefined
  kind: StartFailure
  /** The kubelet's reason and message, as they stand in the status. */
  reason: string
  message: string
  /** The last end of the container, where it ran at all. */
  ended: Terminated | undefined
}

const pullReasons = new Set([
  'ErrImagePull',
  'ImagePullBackOff',
  'InvalidImageName',
  'ErrImageNeverPull',
  'RegistryUnavailable',
  'ImageInspectError',
  'SignatureValidationFailed',
])
const createReasons = new Set([
  'CreateContainerError',
  'RunContainerError',
  'StartError',
  'ContainerCannotRun',
  'PostStartHookError',
  'PreCreateHookError',
])
/** A container that the kernel killed while runc still set it up. */
const oomWhileStarting = /OOM-killed|init was OOM|memory limit too low|failed to (?:write|apply).*memory\.|minimum memory limit/i

const ended = (s: ContainerStatus): Terminated | undefined => s.state?.terminated ?? s.lastState?.terminated

function classify(pod: Pod, s: ContainerStatus & { init: boolean }): { kind: StartFailure; reason: string; message: string } | undefined {
  const waiting = s.state?.waiting
  const end = ended(s)
  const reason = waiting?.reason ?? end?.reason ?? ''
  const message = [waiting?.message, end?.message].filter(Boolean).join('; ')
  if (pullReasons.has(reason)) return { kind: 'pull', reason, message }
  if (reason === 'CreateContainerConfigError') return { kind: 'config', reason, message }
  const neverRan = end !== undefined && (end.reason === 'StartError' || end.reason === 'ContainerCannotRun')
  if ((createReasons.has(reason) || neverRan) && oomWhileStarting.test(message)) return { kind: 'oom', reason: 'OOMKilled', message }
  if (createReasons.has(reason) || neverRan) return { kind: 'create', reason: end?.reason ?? reason, message }
  // What ended well, or runs again and has been ready since, is history.
  if (end?.reason === 'OOMKilled' && (s.restartCount > 0 || !s.ready)) return { kind: 'oom', reason: 'OOMKilled', message }
  if (s.init) {
    if (end && end.exitCode !== 0 && !s.state?.running) return { kind: 'crash', reason: reason || 'Error', message }
    if (end && end.exitCode !== 0 && s.restartCount > 0) return { kind: 'crash', reason: reason || 'Error', message }
    return s.state?.running && pod.status?.phase === 'Pending' && !isSidecar(pod, s.name)
      ? { kind: 'init-running', reason: 'PodInitializing', message }
      : undefined
  }
  const crashed = reason === 'CrashLoopBackOff' || s.state?.terminated !== undefined || (s.restartCount > 0 && !s.ready)
  return crashed && end ? { kind: 'crash', reason: waiting?.reason ?? end.reason ?? 'Error', message } : undefined
}

const isSidecar = (pod: Pod, name: string): boolean => pod.spec.initContainers?.find((c) => c.name === name)?.restartPolicy === 'Always'

/** A run of this many seconds was no failed start: the program worked until it ended. */
export const servedSeconds = 10
/** Ends of such runs, the last this many milliseconds ago at most, that make a program one that does not stay up, ready as it may be between them. */
const fewestEnds = 2
const lately = 180_000

/** The end of a container that runs and is ready now, and keeps ending: after a while each time. */
function returning({ ready, restartCount, lastState, init }: ContainerStatus & { init: boolean }, now: number): Terminated | undefined {
  const end = lastState?.terminated
  const recent = end !== undefined && now - Date.parse(end.finishedAt ?? '') < lately
  const served = (lastedSeconds(end) ?? 0) >= servedSeconds
  return !init && ready && restartCount >= fewestEnds && recent && served && end.exitCode !== 0 ? end : undefined
}

/** Containers of some pods that fail to start or stay up; with the time now, in milliseconds, also those that are up between two ends. */
export function failing(pods: readonly Pod[], now?: number): Failing[] {
  return pods.flatMap((pod) => {
    const found = containerStatuses(pod).flatMap((status): Failing[] => {
      const again = now === undefined ? undefined : returning(status, now)
      const failure =
        classify(pod, status) ?? (again && { kind: 'crash' as const, reason: again.reason ?? 'Error', message: again.message ?? '' })
      const spec = [...(pod.spec.initContainers ?? []), ...pod.spec.containers].find((c) => c.name === status.name)
      return failure ? [{ pod, container: status.name, init: status.init, status, spec, ended: ended(status), ...failure }] : []
    })
    return found
  })
}

/** How long the last run lasted, in words. */
export function lastedText(end: Terminated | undefined): string {
  const seconds = lastedSeconds(end)
  return seconds === undefined ? 'an unknown time' : span(seconds)
}

/** Seconds that the last run lasted; undefined where it never ran. */
export function lastedSeconds(end: Terminated | undefined): number | undefined {
  const [start, stop] = [Date.parse(end?.startedAt ?? ''), Date.parse(end?.finishedAt ?? '')]
  return Number.isNaN(start) || Number.isNaN(stop) ? undefined : (stop - start) / 1000
}
