/** Finding objects in a Snapshot. */
import type { ServiceSettings } from '../settings.ts'
import type { KubeObject } from './kubernetes/object.ts'
import type { Container, Pod, PodTemplate } from './kubernetes/pod.ts'
import type { ResourceName, Resources } from './kubernetes/resources.ts'
import type { DaemonSet, Deployment, ReplicaSet, StatefulSet } from './kubernetes/workload.ts'
import type { Snapshot } from './snapshot.ts'

export type Workload = Deployment | StatefulSet | DaemonSet

/** The objects of a kind that were seen; empty where none or not seen. Ask `sees` before you conclude from emptiness. */
export function all<K extends ResourceName>(snapshot: Snapshot, kind: K): Resources[K][] {
  const part = snapshot.cluster[kind]
  return part?.state === 'ok' ? (part.value as Resources[K][]) : []
}

/** Whether a kind was read, and whole. */
export function sees(snapshot: Snapshot, kind: ResourceName): boolean {
  const part = snapshot.cluster[kind]
  return part?.state === 'ok' && !part.truncated
}

export function find<K extends ResourceName>(
  snapshot: Snapshot,
  kind: K,
  name: string | undefined,
  namespace?: string,
): Resources[K] | undefined {
  return all(snapshot, kind).find(
    (o) =>
      o.metadata.name === name && (namespace === undefined || o.metadata.namespace === undefined || o.metadata.namespace === namespace),
  )
}

const workloadKinds = { Deployment: 'deployments', StatefulSet: 'statefulsets', DaemonSet: 'daemonsets' } as const

export function findWorkload(snapshot: Snapshot, kind: keyof typeof workloadKinds, name: string, namespace: string): Workload | undefined {
  return find(snapshot, workloadKinds[kind], name, namespace)
}

const owned = (object: KubeObject, by: KubeObject): boolean =>
  (object.metadata.ownerReferences ?? []).some((o) => (o.uid && by.metadata.uid ? o.uid === by.metadata.uid : o.name === by.metadata.name))

/** ReplicaSets of a Deployment, newest revision first. */
export function replicaSetsOf(snapshot: Snapshot, deployment: KubeObject): ReplicaSet[] {
  const number = (r: ReplicaSet): number => Number(r.metadata.annotations?.['deployment.kubernetes.io/revision'] ?? 0)
  return all(snapshot, 'replicasets')
    .filter((r) => r.metadata.namespace === deployment.metadata.namespace && owned(r, deployment))
    .sort((a, b) => number(b) - number(a))
}

/** The name that a Deployment gives the ReplicaSet of a pod: its own, and the hash of the template that the pod is labelled with. */
const replicaSetName = (workload: Workload, pod: Pod): string =>
  `${workload.metadata.name}-${pod.metadata.labels?.['pod-template-hash'] ?? '?'}`

/** Pods that belong to a workload: by owner, through its ReplicaSets, or by the names of these where they were not seen. */
export function podsOf(snapshot: Snapshot, workload: Workload): Pod[] {
  const owners: KubeObject[] = [workload, ...replicaSetsOf(snapshot, workload)]
  const names = new Set(owners.map((o) => o.metadata.uid ?? o.metadata.name))
  const unseen = !sees(snapshot, 'replicasets')
  return all(snapshot, 'pods')
    .filter(
      (p) =>
        p.metadata.namespace === workload.metadata.namespace &&
        (p.metadata.ownerReferences ?? []).some(
          (o) => names.has(o.uid) || names.has(o.name) || (unseen && o.kind === 'ReplicaSet' && o.name === replicaSetName(workload, p)),
        ),
    )
    .sort(
      (a, b) =>
        (millis(b.metadata.creationTimestamp) ?? 0) - (millis(a.metadata.creationTimestamp) ?? 0) ||
        (a.metadata.name < b.metadata.name ? -1 : 1),
    )
}

/** The container that serves requests. */
export function mainContainer(template: PodTemplate | undefined, service: ServiceSettings): Container | undefined {
  const containers = template?.spec.containers ?? []
  return (
    containers.find((c) => c.name === service.container) ??
    containers.find((c) => c.ports?.some((p) => p.containerPort === service.port)) ??
    containers[0]
  )
}

/** RFC 3339 to milliseconds; undefined where there is none or it does not parse. */
export function millis(time: string | undefined): number | undefined {
  const value = time === undefined ? Number.NaN : Date.parse(time)
  return Number.isNaN(value) ? undefined : value
}

/** Replicas that a workload asks for; a DaemonSet asks for as many as nodes want it. */
export function replicasOf(workload: Workload): number {
  if ('replicas' in workload.spec || workload.kind !== 'DaemonSet') return (workload as Deployment).spec.replicas ?? 1
  return (workload as DaemonSet).status?.desiredNumberScheduled ?? 0
}
