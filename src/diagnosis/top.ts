/** What each container uses beside what it may. Pure; cores and bytes. */
import type { Pod, PodMetrics } from '../facts/kubernetes/pod.ts'
import { quantity } from './quantity.ts'
import { podIsReady } from './view.ts'

export interface Use {
  used: number | undefined
  request: number | undefined
  limit: number | undefined
  /** Of the limit; undefined where there is none, or nothing was measured. */
  share: number | undefined
}

export interface ContainerUse {
  pod: string
  container: string
  node: string | undefined
  ready: boolean
  restarts: number
  cpu: Use
  memory: Use
}

/** A row for each container of the pods, the fullest memory first. `measured` gives cores or bytes by pod and container. */
export function containerUse(
  pods: readonly Pod[],
  measured: (pod: string, container: string, resource: 'cpu' | 'memory') => number | undefined,
): ContainerUse[] {
  return pods
    .flatMap((pod) =>
      pod.spec.containers.map((container): ContainerUse => {
        const use = (resource: 'cpu' | 'memory'): Use => {
          const used = measured(pod.metadata.name, container.name, resource)
          const limit = quantity(container.resources?.limits?.[resource])
          return {
            used,
            limit,
            request: quantity(container.resources?.requests?.[resource]),
            share: used === undefined || !limit ? undefined : used / limit,
          }
        }
        return {
          pod: pod.metadata.name,
          container: container.name,
          node: pod.spec.nodeName,
          ready: podIsReady(pod),
          restarts: pod.status?.containerStatuses?.find((status) => status.name === container.name)?.restartCount ?? 0,
          cpu: use('cpu'),
          memory: use('memory'),
        }
      }),
    )
    .sort(
      (a, b) => (b.memory.share ?? -1) - (a.memory.share ?? -1) || (b.memory.used ?? 0) - (a.memory.used ?? 0) || (a.pod < b.pod ? -1 : 1),
    )
}

/** A reader of what metrics-server lists. */
export function byMetricsServer(list: readonly PodMetrics[]) {
  const pods = new Map(list.map((one) => [one.metadata.name, one]))
  return (pod: string, container: string, resource: 'cpu' | 'memory'): number | undefined =>
    quantity(pods.get(pod)?.containers.find((one) => one.name === container)?.usage[resource])
}
