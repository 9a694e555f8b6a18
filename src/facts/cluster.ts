/** Lists the objects that a judgement reads, all at once, pruned and redacted as they arrive. */
import type { Cluster } from '../targets/ports.ts'
import type { KubeObject } from './kubernetes/object.ts'
import type { ResourceName } from './kubernetes/resources.ts'
import { part } from './part.ts'
import { prune } from './prune.ts'
import type { Fingerprint } from './redact.ts'
import type { ClusterParts, Part } from './snapshot.ts'

const inNamespace: readonly ResourceName[] = [
  'pods',
  'deployments',
  'replicasets',
  'statefulsets',
  'daemonsets',
  'services',
  'endpointslices',
  'events',
  'configmaps',
  'secrets',
  'resourcequotas',
  'limitranges',
  'networkpolicies',
  'persistentvolumeclaims',
  'horizontalpodautoscalers',
  'poddisruptionbudgets',
  'ingresses',
  'serviceaccounts',
  'jobs',
  'roles',
  'rolebindings',
  'podmetrics',
]
const clusterWide: readonly ResourceName[] = [
  'nodes',
  'namespaces',
  'validatingwebhookconfigurations',
  'mutatingwebhookconfigurations',
  'storageclasses',
  'ingressclasses',
  'priorityclasses',
  'runtimeclasses',
  'nodemetrics',
]
/** What a dependency in another namespace, and the cluster's DNS, are judged by. */
const elsewhere: readonly ResourceName[] = ['pods', 'deployments', 'statefulsets', 'services', 'endpointslices']
const metadataOnly = new Set<ResourceName>(['configmaps', 'secrets'])
const mostOfAnyKind = 5000

async function listed(
  cluster: Cluster,
  resource: ResourceName,
  namespace: string | undefined,
  labelSelector: string | undefined,
  fingerprint: Fingerprint,
  signal: AbortSignal,
): Promise<Part<KubeObject[]>> {
  const read = await part(
    () =>
      cluster.list(
        resource,
        {
          namespace,
          limit: mostOfAnyKind,
          metadataOnly: metadataOnly.has(resource),
          ...(labelSelector && { labelSelector }),
        },
        signal,
      ),
    signal,
  )
  return read.state === 'ok'
    ? {
        state: 'ok',
        value: (read.value.items as KubeObject[]).map((o) => prune(resource, o, fingerprint)),
        ...(read.value.truncated && { truncated: true }),
      }
    : read
}

/** Reads the namespace of the service, what is cluster-wide, and from other namespaces only what a dependency or DNS needs. */
export async function gatherCluster(
  cluster: Cluster,
  namespace: string,
  others: readonly string[],
  fingerprint: Fingerprint,
  signal: AbortSignal,
): Promise<ClusterParts> {
  const parts: Record<string, Part<KubeObject[]>> = {}
  const merge = (resource: ResourceName, more: Part<KubeObject[]>): void => {
    const base = parts[resource]
    if (base?.state === 'ok' && more.state === 'ok') base.value.push(...more.value)
  }
  await Promise.all([
    ...inNamespace.map(async (r) => {
      parts[r] = await listed(cluster, r, namespace, undefined, fingerprint, signal)
    }),
    ...clusterWide.map(async (r) => {
      parts[r] = await listed(cluster, r, undefined, undefined, fingerprint, signal)
    }),
  ])
  const further: [ResourceName, string, string | undefined][] = [
    ...others.filter((o) => o !== namespace).flatMap((o) => elsewhere.map((r): [ResourceName, string, undefined] => [r, o, undefined])),
    ...(namespace === 'kube-system'
      ? []
      : (['pods', 'services', 'endpointslices'] as const).map((r): [ResourceName, string, string] => [
          r,
          'kube-system',
          'k8s-app=kube-dns',
        ])),
  ]
  const read = await Promise.all(
    further.map(async ([r, ns, selector]) => [r, await listed(cluster, r, ns, selector, fingerprint, signal)] as const),
  )
  for (const [resource, more] of read) merge(resource, more)
  return parts as ClusterParts
}
