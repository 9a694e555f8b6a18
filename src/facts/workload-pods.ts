/** The pods of the workload and what owns them: the least that the look-only commands need, with a namespaced read Role. */
import type { Context } from '../context.ts'
import { AbsentError, DeniedError, UnreachableError } from '../errors.ts'
import type { Settings } from '../settings.ts'
import type { Cluster } from '../targets/ports.ts'
import type { Pod } from './kubernetes/pod.ts'
import { all, findWorkload, podsOf, type Workload } from './lookup.ts'
import { gatherRollout } from './rollout.ts'
import type { Part, Snapshot, Unseen } from './snapshot.ts'

export interface WorkloadPods {
  snapshot: Snapshot
  /** Newest first, those that are being deleted too. */
  pods: Pod[]
}

/**
 * Reads the workload and its pods. Where the workload itself may not be seen, pods are known by the selector of the settings, else by
 * how their names begin. Throws DeniedError with the rule where pods may not be listed, AbsentError where there is no such workload.
 */
export async function workloadPods(
  settings: Settings,
  cluster: Cluster,
  context: Pick<Context, 'clock' | 'version' | 'signal'>,
): Promise<WorkloadPods> {
  const snapshot = await gatherRollout(settings, cluster, context.clock, context.version, context.signal)
  seen(snapshot.cluster.pods)
  const { namespace, kind, workload, selector } = settings.service
  const found = findWorkload(snapshot, kind, workload, namespace)
  if (found) return { snapshot, pods: podsOf(snapshot, found) }
  const part = snapshot.cluster[kindParts[kind]]
  const pods = all(snapshot, 'pods').filter((pod) =>
    selector
      ? Object.entries(selector).every(([key, value]) => pod.metadata.labels?.[key] === value)
      : part?.state !== 'ok' && pod.metadata.name.startsWith(`${workload}-`),
  )
  if (pods.length > 0) return { snapshot, pods }
  if (part && part.state !== 'ok') seen(part)
  throw absent(settings)
}

/** The workload in a Snapshot; throws as `workloadPods` where it is not there or may not be seen. */
export function workloadOf(snapshot: Snapshot, settings: Settings): Workload {
  const { namespace, kind, workload } = settings.service
  const found = findWorkload(snapshot, kind, workload, namespace)
  if (found) return found
  const part = snapshot.cluster[kindParts[kind]]
  if (part && part.state !== 'ok') seen(part)
  throw absent(settings)
}

const kindParts = { Deployment: 'deployments', StatefulSet: 'statefulsets', DaemonSet: 'daemonsets' } as const

const absent = ({ service }: Settings): AbsentError =>
  new AbsentError(
    `there is no ${service.kind} ${service.workload} in namespace ${service.namespace}`,
    'check --namespace and --workload; task-mcp config says where they come from',
  )

/** What a part holds; throws the error behind one that was not seen. */
export function seen<T>(part: Part<T> | undefined): T {
  if (part?.state === 'ok') return part.value
  throw errorOf(part ?? { state: 'unreachable', reason: 'it was not looked at' })
}

function errorOf({ state, reason, next }: Unseen): Error {
  if (state === 'denied') return new DeniedError(reason, next)
  return state === 'absent' ? new AbsentError(reason, next) : new UnreachableError(reason, next)
}
