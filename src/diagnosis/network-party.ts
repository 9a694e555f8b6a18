/** Pods as network policies see them. Pure. */
import type { Pod } from '../facts/kubernetes/pod.ts'
import { all, find } from '../facts/lookup.ts'
import type { Party } from './network-rules.ts'
import type { View } from './view.ts'

/** Labels of a namespace; its name is one of them even where the namespace was not seen. */
export const namespaceLabels = (view: View, namespace: string): Record<string, string> => ({
  'kubernetes.io/metadata.name': namespace,
  ...find(view.snapshot, 'namespaces', namespace)?.metadata.labels,
})

/** A pod, with its address and the ports that it names. */
export function partyOf(view: View, pod: Pod): Party {
  const namespace = pod.metadata.namespace ?? view.service.namespace
  const named = pod.spec.containers
    .flatMap((container) => container.ports ?? [])
    .flatMap((port): [string, number][] => (port.name ? [[port.name, port.containerPort]] : []))
  return {
    namespace,
    labels: pod.metadata.labels ?? {},
    namespaceLabels: namespaceLabels(view, namespace),
    address: pod.status?.podIP,
    ports: Object.fromEntries(named),
  }
}

/** A pod of the cluster's DNS, where one was seen. */
export const dnsPod = (view: View): Pod | undefined =>
  all(view.snapshot, 'pods').find((pod) => pod.metadata.namespace === 'kube-system' && pod.metadata.labels?.['k8s-app'] === 'kube-dns')
