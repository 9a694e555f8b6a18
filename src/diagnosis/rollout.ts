/** How far a rollout is, and how each pod does. Pure. */
import type { Pod } from '../facts/kubernetes/pod.ts'
import type { Deployment } from '../facts/kubernetes/workload.ts'
import type { Part, Unseen } from '../facts/snapshot.ts'
import { rolledOutAt } from './changes.ts'
import { containerStatuses, podIsReady, type View } from './view.ts'

export interface Rollout {
  state: 'done' | 'in progress' | 'stuck' | 'paused' | 'stopped'
  wanted: number
  ready: number
  /** Pods of the newest revision. */
  updated: number
  revision: number | undefined
  image: string | undefined
  /** RFC 3339; when the newest revision began to roll out. */
  since: string | undefined
}

export interface PodLine {
  name: string
  ready: boolean
  /** What the pod or the first of its containers that is not well says: `Running`, `CrashLoopBackOff`, `Pending`. */
  state: string
  restarts: number
  /** RFC 3339. */
  startedAt: string | undefined
  node: string | undefined
  template: 'new' | 'old'
}

/** The part of the kind that the workload is of, where it was not seen. */
function unseenWorkload(view: View): Unseen {
  const kind = ({ Deployment: 'deployments', StatefulSet: 'statefulsets', DaemonSet: 'daemonsets' } as const)[view.service.kind]
  const part = view.snapshot.cluster[kind]
  if (part && part.state !== 'ok') return part
  const { namespace, workload } = view.service
  return {
    state: 'absent',
    reason: `there is no ${view.service.kind} ${workload} in namespace ${namespace}`,
    next: 'task-mcp config says where its name comes from',
  }
}

export function rolloutOf(view: View): Part<Rollout> {
  const { workload, replicas: wanted, newPods, oldPods, pods, revisions } = view
  if (!workload || wanted === undefined) return unseenWorkload(view)
  const ready = pods.filter(podIsReady).length
  const { spec, status } = workload as Deployment
  const stuck = status?.conditions?.some(
    (one) => one.type === 'Progressing' && one.status === 'False' && one.reason === 'ProgressDeadlineExceeded',
  )
  const moving = oldPods.length > 0 || newPods.length !== wanted || (status?.observedGeneration ?? 0) < (workload.metadata.generation ?? 0)
  const state = spec.paused ? 'paused' : stuck ? 'stuck' : wanted === 0 && pods.length === 0 ? 'stopped' : moving ? 'in progress' : 'done'
  return {
    state: 'ok',
    value: {
      state,
      wanted,
      ready,
      updated: newPods.length,
      revision: revisions[0]?.number,
      image: view.main?.image,
      since: rolledOutAt(view),
    },
  }
}

export function podLines(view: View): Part<PodLine[]> {
  const part = view.snapshot.cluster.pods
  if (part?.state !== 'ok') return part ?? { state: 'absent', reason: 'pods were not looked at' }
  const older = new Set(view.oldPods)
  return { state: 'ok', value: view.pods.map((pod) => podLine(pod, older.has(pod) ? 'old' : 'new')) }
}

function podLine(pod: Pod, template: 'new' | 'old'): PodLine {
  const statuses = containerStatuses(pod)
  const waiting = statuses.find((one) => one.state?.waiting?.reason && one.state.waiting.reason !== 'PodInitializing')
  const ended = statuses.find((one) => !one.init && one.state?.terminated)
  return {
    name: pod.metadata.name,
    ready: podIsReady(pod),
    state: waiting?.state?.waiting?.reason ?? ended?.state?.terminated?.reason ?? pod.status?.reason ?? pod.status?.phase ?? 'Unknown',
    restarts: statuses.reduce((sum, one) => sum + one.restartCount, 0),
    startedAt: pod.status?.startTime ?? pod.metadata.creationTimestamp,
    node: pod.spec.nodeName,
    template,
  }
}
