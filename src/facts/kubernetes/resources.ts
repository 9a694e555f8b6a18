/** Every resource that we read, and where it lives in the API. */
import type { LimitRange, Namespace, ResourceQuota, ServiceAccount, WebhookConfiguration } from './admission.ts'
import type { KubeEvent } from './event.ts'
import type { EndpointSlice, Ingress, IngressClass, NetworkPolicy, Service } from './network.ts'
import type { Node, NodeMetrics, PriorityClass, RuntimeClass } from './node.ts'
import type { Pod, PodMetrics } from './pod.ts'
import type { Role, RoleBinding } from './rights.ts'
import type { ConfigMap, Secret } from './settings.ts'
import type { PersistentVolumeClaim, StorageClass } from './storage.ts'
import type {
  ControllerRevision,
  DaemonSet,
  Deployment,
  HorizontalPodAutoscaler,
  Job,
  PodDisruptionBudget,
  ReplicaSet,
  StatefulSet,
} from './workload.ts'

export interface Resources {
  pods: Pod
  deployments: Deployment
  replicasets: ReplicaSet
  statefulsets: StatefulSet
  daemonsets: DaemonSet
  services: Service
  endpointslices: EndpointSlice
  events: KubeEvent
  nodes: Node
  namespaces: Namespace
  configmaps: ConfigMap
  secrets: Secret
  resourcequotas: ResourceQuota
  limitranges: LimitRange
  networkpolicies: NetworkPolicy
  persistentvolumeclaims: PersistentVolumeClaim
  storageclasses: StorageClass
  horizontalpodautoscalers: HorizontalPodAutoscaler
  poddisruptionbudgets: PodDisruptionBudget
  ingresses: Ingress
  ingressclasses: IngressClass
  serviceaccounts: ServiceAccount
  jobs: Job
  validatingwebhookconfigurations: WebhookConfiguration
  mutatingwebhookconfigurations: WebhookConfiguration
  roles: Role
  rolebindings: RoleBinding
  clusterroles: Role
  clusterrolebindings: RoleBinding
  priorityclasses: PriorityClass
  runtimeclasses: RuntimeClass
  podmetrics: PodMetrics
  nodemetrics: NodeMetrics
  controllerrevisions: ControllerRevision
}

export type ResourceName = keyof Resources

/** Where a resource lives in the API: group and version, plural name, kind, and whether it is in a namespace. */
export interface ResourcePlace {
  group: string
  version: string
  plural: string
  kind: string
  namespaced: boolean
}

const place = (group: string, version: string, plural: string, kind: string, namespaced = true): ResourcePlace => ({
  group,
  version,
  plural,
  kind,
  namespaced,
})

export const resources: Readonly<Record<ResourceName, ResourcePlace>> = {
  pods: place('', 'v1', 'pods', 'Pod'),
  deployments: place('apps', 'v1', 'deployments', 'Deployment'),
  replicasets: place('apps', 'v1', 'replicasets', 'ReplicaSet'),
  statefulsets: place('apps', 'v1', 'statefulsets', 'StatefulSet'),
  daemonsets: place('apps', 'v1', 'daemonsets', 'DaemonSet'),
  services: place('', 'v1', 'services', 'Service'),
  endpointslices: place('discovery.k8s.io', 'v1', 'endpointslices', 'EndpointSlice'),
  events: place('', 'v1', 'events', 'Event'),
  nodes: place('', 'v1', 'nodes', 'Node', false),
  namespaces: place('', 'v1', 'namespaces', 'Namespace', false),
  configmaps: place('', 'v1', 'configmaps', 'ConfigMap'),
  secrets: place('', 'v1', 'secrets', 'Secret'),
  resourcequotas: place('', 'v1', 'resourcequotas', 'ResourceQuota'),
  limitranges: place('', 'v1', 'limitranges', 'LimitRange'),
  networkpolicies: place('networking.k8s.io', 'v1', 'networkpolicies', 'NetworkPolicy'),
  persistentvolumeclaims: place('', 'v1', 'persistentvolumeclaims', 'PersistentVolumeClaim'),
  storageclasses: place('storage.k8s.io', 'v1', 'storageclasses', 'StorageClass', false),
  horizontalpodautoscalers: place('autoscaling', 'v2', 'horizontalpodautoscalers', 'HorizontalPodAutoscaler'),
  poddisruptionbudgets: place('policy', 'v1', 'poddisruptionbudgets', 'PodDisruptionBudget'),
  ingresses: place('networking.k8s.io', 'v1', 'ingresses', 'Ingress'),
  ingressclasses: place('networking.k8s.io', 'v1', 'ingressclasses', 'IngressClass', false),
  serviceaccounts: place('', 'v1', 'serviceaccounts', 'ServiceAccount'),
  jobs: place('batch', 'v1', 'jobs', 'Job'),
  validatingwebhookconfigurations: place(
    'admissionregistration.k8s.io',
    'v1',
    'validatingwebhookconfigurations',
    'ValidatingWebhookConfiguration',
    false,
  ),
  mutatingwebhookconfigurations: place(
    'admissionregistration.k8s.io',
    'v1',
    'mutatingwebhookconfigurations',
    'MutatingWebhookConfiguration',
    false,
  ),
  roles: place('rbac.authorization.k8s.io', 'v1', 'roles', 'Role'),
  rolebindings: place('rbac.authorization.k8s.io', 'v1', 'rolebindings', 'RoleBinding'),
  clusterroles: place('rbac.authorization.k8s.io', 'v1', 'clusterroles', 'ClusterRole', false),
  clusterrolebindings: place('rbac.authorization.k8s.io', 'v1', 'clusterrolebindings', 'ClusterRoleBinding', false),
  priorityclasses: place('scheduling.k8s.io', 'v1', 'priorityclasses', 'PriorityClass', false),
  runtimeclasses: place('node.k8s.io', 'v1', 'runtimeclasses', 'RuntimeClass', false),
  podmetrics: place('metrics.k8s.io', 'v1beta1', 'pods', 'PodMetrics'),
  nodemetrics: place('metrics.k8s.io', 'v1beta1', 'nodes', 'NodeMetrics', false),
  controllerrevisions: place('apps', 'v1', 'controllerrevisions', 'ControllerRevision'),
}
