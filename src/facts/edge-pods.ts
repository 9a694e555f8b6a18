/** What stands before the service, where `service.edge` names a Service of the cluster that is not the service's own. Pure. */
import type { ServiceSettings } from '../settings.ts'
import type { Pod } from './kubernetes/pod.ts'
import { all } from './lookup.ts'
import type { ClusterParts, Snapshot } from './snapshot.ts'

/** Its pods that are not being deleted; none where the edge is no Service that was seen. */
export function edgePods(cluster: ClusterParts, { edge, service }: ServiceSettings): Pod[] {
  if (edge === undefined || !URL.canParse(edge)) return []
  const host = new URL(edge).hostname
  const seen = { cluster } as Snapshot
  const front = all(seen, 'services').find(
    ({ metadata, spec }) =>
      metadata.name !== service &&
      (spec.clusterIP === host || host === metadata.name || host.startsWith(`${metadata.name}.${metadata.namespace}`)),
  )
  const wanted = Object.entries(front?.spec.selector ?? {})
  if (front === undefined || wanted.length === 0) return []
  return all(seen, 'pods').filter(
    ({ metadata }) =>
      metadata.namespace === front.metadata.namespace &&
      metadata.deletionTimestamp === undefined &&
      wanted.every(([key, value]) => metadata.labels?.[key] === value),
  )
}
