/** What stands before the service and is itself a workload of the cluster. Pure. */
import { edgePods } from '../../facts/edge-pods.ts'
import type { Pod } from '../../facts/kubernetes/pod.ts'
import { all } from '../../facts/lookup.ts'
import type { Subject } from '../verdict.ts'
import type { View } from '../view.ts'
import { callers } from './callers.ts'

/** The workload behind the Service by which users come in, where `service.edge` names one of the cluster that is not ours. */
export function edgeWorkload(view: View): Subject | undefined {
  const pod = edgePods(view.snapshot.cluster, view.service)[0]
  return pod && ownerOf(view, pod)
}

/** The one workload of the namespace that names our Service and is itself behind a Service: a proxy of ours. */
export function proxyBefore(view: View): Subject | undefined {
  const fronted = callers(view).filter((p) =>
    all(view.snapshot, 'endpointslices').some(
      (s) => s.metadata.namespace === p.metadata.namespace && s.endpoints?.some((e) => e.targetRef?.name === p.metadata.name),
    ),
  )
  const sets = new Set(fronted.map((p) => p.metadata.ownerReferences?.[0]?.name))
  return sets.size === 1 ? ownerOf(view, fronted[0]!) : undefined
}

/** What made the ReplicaSet of a pod; what made the pod where that was not seen. */
function ownerOf(view: View, pod: Pod): Subject | undefined {
  const set = pod.metadata.ownerReferences?.[0]
  const owner = all(view.snapshot, 'replicasets').find((r) => r.metadata.name === set?.name)?.metadata.ownerReferences?.[0] ?? set
  return owner && { kind: owner.kind ?? 'Deployment', namespace: pod.metadata.namespace, name: owner.name }
}
