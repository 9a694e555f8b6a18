/** Finding objects in a Snapshot. */
import type { DaemonSet, Deployment, ResourceName, Resources, StatefulSet } from '../facts/kubernetes-types.ts'
import type { Snapshot } from '../facts/snapshot.ts'

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
