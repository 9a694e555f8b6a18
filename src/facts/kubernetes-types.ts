/**
 * The Kubernetes objects that we read, cut down to the fields that a judgement uses. Names are the API's own;
 * every field may be missing, as on the wire. Quantities are strings as the API writes them ("100m", "64Mi").
 */

export type Labels = Record<string, string>

export interface OwnerReference {
  apiVersion?: string
  kind: string
  name: string
  uid: string
  controller?: boolean
}

/** A managedFields entry, with the field set kept as the API sends it (`f:data` -> `f:key`). */
export interface ManagedField {
  manager?: string
  operation?: string
  time?: string
  subresource?: string
  fieldsV1?: FieldSet
}
export interface FieldSet {
  [field: string]: FieldSet
}

export interface Meta {
  name: string
  namespace?: string
  uid?: string
  resourceVersion?: string
  generation?: number
  creationTimestamp?: string
  deletionTimestamp?: string
  labels?: Labels
  annotations?: Labels
  ownerReferences?: OwnerReference[]
  finalizers?: string[]
  managedFields?: ManagedField[]
}

export interface KubeObject {
  apiVersion?: string
  kind?: string
  metadata: Meta
}

export interface Condition {
  type: string
  status: string
  reason?: string
  message?: string
  lastTransitionTime?: string
  lastUpdateTime?: string
}
export interface LabelSelector {
  matchLabels?: Labels
  matchExpressions?: { key: string; operator: string; values?: string[] }[]
}
export interface Quantities {
  cpu?: string
  memory?: string
  'ephemeral-storage'?: string
  [resource: string]: string | undefined
}

export interface KeyRef {
  name?: string
  key: string
  optional?: boolean
}
export interface EnvVar {
  name: string
  value?: string
  valueFrom?: { configMapKeyRef?: KeyRef; secretKeyRef?: KeyRef; fieldRef?: { fieldPath: string }; resourceFieldRef?: { resource: string } }
}
export interface EnvFrom {
  prefix?: string
  configMapRef?: { name?: string; optional?: boolean }
  secretRef?: { name?: string; optional?: boolean }
}
export interface HttpGet {
  path?: string
  port: number | string
  scheme?: string
  host?: string
}
export interface Probe {
  httpGet?: HttpGet
  tcpSocket?: { port: number | string }
  exec?: { command?: string[] }
  grpc?: { port: number; service?: string }
  initialDelaySeconds?: number
  periodSeconds?: number
  timeoutSeconds?: number
  failureThreshold?: number
  successThreshold?: number
}
export interface ContainerPort {
  name?: string
  containerPort: number
  protocol?: string
  hostPort?: number
}
export interface SecurityContext {
  runAsNonRoot?: boolean
  runAsUser?: number
  privileged?: boolean
  allowPrivilegeEscalation?: boolean
  readOnlyRootFilesystem?: boolean
  capabilities?: { add?: string[]; drop?: string[] }
  seccompProfile?: { type: string }
}
export interface Container {
  name: string
  image?: string
  imagePullPolicy?: string
  command?: string[]
  args?: string[]
  workingDir?: string
  env?: EnvVar[]
  envFrom?: EnvFrom[]
  ports?: ContainerPort[]
  resources?: { requests?: Quantities; limits?: Quantities }
  livenessProbe?: Probe
  readinessProbe?: Probe
  startupProbe?: Probe
  volumeMounts?: { name: string; mountPath: string; subPath?: string; readOnly?: boolean }[]
  securityContext?: SecurityContext
  restartPolicy?: string
}
export interface KeyItems {
  key: string
  path: string
}
export interface VolumeSource {
  configMap?: { name?: string; optional?: boolean; items?: KeyItems[] }
  secret?: { secretName?: string; optional?: boolean; items?: KeyItems[] }
}
export interface Volume extends VolumeSource {
  name: string
  persistentVolumeClaim?: { claimName: string }
  emptyDir?: { sizeLimit?: string; medium?: string }
  hostPath?: { path: string }
  projected?: {
    sources?: {
      configMap?: { name?: string; optional?: boolean; items?: KeyItems[] }
      secret?: { name?: string; optional?: boolean; items?: KeyItems[] }
    }[]
  }
  nfs?: { server: string }
  csi?: { driver: string }
}
export interface Toleration {
  key?: string
  operator?: string
  value?: string
  effect?: string
}
export interface NodeSelectorTerm {
  matchExpressions?: { key: string; operator: string; values?: string[] }[]
  matchFields?: { key: string; operator: string; values?: string[] }[]
}
export interface PodAffinityTerm {
  labelSelector?: LabelSelector
  topologyKey: string
  namespaces?: string[]
}
export interface Affinity {
  nodeAffinity?: { requiredDuringSchedulingIgnoredDuringExecution?: { nodeSelectorTerms: NodeSelectorTerm[] } }
  podAffinity?: { requiredDuringSchedulingIgnoredDuringExecution?: PodAffinityTerm[] }
  podAntiAffinity?: { requiredDuringSchedulingIgnoredDuringExecution?: PodAffinityTerm[] }
}
export interface PodSpec {
  containers: Container[]
  initContainers?: Container[]
  /** Of the pod as a whole. */
  resources?: { requests?: Quantities; limits?: Quantities }
  volumes?: Volume[]
  nodeName?: string
  nodeSelector?: Labels
  affinity?: Affinity
  tolerations?: Toleration[]
  topologySpreadConstraints?: { maxSkew: number; topologyKey: string; whenUnsatisfiable: string; labelSelector?: LabelSelector }[]
  serviceAccountName?: string
  imagePullSecrets?: { name?: string }[]
  priorityClassName?: string
  priority?: number
  runtimeClassName?: string
  schedulerName?: string
  schedulingGates?: { name: string }[]
  hostNetwork?: boolean
  hostPID?: boolean
  hostIPC?: boolean
  dnsPolicy?: string
  dnsConfig?: { nameservers?: string[]; searches?: string[]; options?: { name: string; value?: string }[] }
  securityContext?: SecurityContext & { fsGroup?: number }
  terminationGracePeriodSeconds?: number
  restartPolicy?: string
  readinessGates?: { conditionType: string }[]
}
export interface PodTemplate {
  metadata?: { labels?: Labels; annotations?: Labels }
  spec: PodSpec
}

export interface Terminated {
  exitCode: number
  signal?: number
  reason?: string
  message?: string
  startedAt?: string
  finishedAt?: string
}
export interface ContainerState {
  waiting?: { reason?: string; message?: string }
  running?: { startedAt?: string }
  terminated?: Terminated
}
export interface ContainerStatus {
  name: string
  ready: boolean
  started?: boolean
  restartCount: number
  image?: string
  imageID?: string
  state?: ContainerState
  lastState?: ContainerState
}
export interface Pod extends KubeObject {
  spec: PodSpec
  status?: {
    phase?: string
    reason?: string
    message?: string
    podIP?: string
    hostIP?: string
    startTime?: string
    qosClass?: string
    nominatedNodeName?: string
    conditions?: Condition[]
    containerStatuses?: ContainerStatus[]
    initContainerStatuses?: ContainerStatus[]
  }
}
export interface Deployment extends KubeObject {
  spec: {
    replicas?: number
    paused?: boolean
    selector: LabelSelector
    template: PodTemplate
    strategy?: { type?: string; rollingUpdate?: { maxSurge?: number | string; maxUnavailable?: number | string } }
    progressDeadlineSeconds?: number
    minReadySeconds?: number
    revisionHistoryLimit?: number
  }
  status?: {
    observedGeneration?: number
    replicas?: number
    readyReplicas?: number
    updatedReplicas?: number
    availableReplicas?: number
    unavailableReplicas?: number
    conditions?: Condition[]
  }
}
export interface ReplicaSet extends KubeObject {
  spec: { replicas?: number; selector: LabelSelector; template: PodTemplate }
  status?: { replicas?: number; readyReplicas?: number; availableReplicas?: number; conditions?: Condition[] }
}
export interface StatefulSet extends KubeObject {
  spec: {
    replicas?: number
    selector: LabelSelector
    template: PodTemplate
    serviceName?: string
    podManagementPolicy?: string
    updateStrategy?: { type?: string; rollingUpdate?: { partition?: number } }
    volumeClaimTemplates?: { metadata: Meta; spec?: { storageClassName?: string } }[]
  }
  status?: {
    replicas?: number
    readyReplicas?: number
    updatedReplicas?: number
    currentRevision?: string
    updateRevision?: string
    observedGeneration?: number
    conditions?: Condition[]
  }
}
export interface DaemonSet extends KubeObject {
  spec: { selector: LabelSelector; template: PodTemplate }
  status?: { desiredNumberScheduled?: number; numberReady?: number; updatedNumberScheduled?: number; observedGeneration?: number }
}
export interface ServicePort {
  name?: string
  port: number
  targetPort?: number | string
  protocol?: string
  nodePort?: number
}
export interface Service extends KubeObject {
  spec: {
    selector?: Labels
    ports?: ServicePort[]
    type?: string
    clusterIP?: string
    externalName?: string
    externalTrafficPolicy?: string
    internalTrafficPolicy?: string
    sessionAffinity?: string
    publishNotReadyAddresses?: boolean
    ipFamilies?: string[]
  }
}
export interface Endpoint {
  addresses: string[]
  conditions?: { ready?: boolean; serving?: boolean; terminating?: boolean }
  nodeName?: string
  targetRef?: { kind?: string; name?: string; uid?: string; namespace?: string }
}
export interface EndpointSlice extends KubeObject {
  addressType?: string
  endpoints?: Endpoint[]
  ports?: { name?: string; port?: number; protocol?: string }[]
}
export interface KubeEvent extends KubeObject {
  involvedObject: { kind?: string; namespace?: string; name?: string; uid?: string; fieldPath?: string }
  reason?: string
  message?: string
  type?: string
  count?: number
  firstTimestamp?: string
  lastTimestamp?: string
  eventTime?: string
  series?: { count?: number; lastObservedTime?: string }
  reportingComponent?: string
  source?: { component?: string; host?: string }
}
export interface Node extends KubeObject {
  spec?: { unschedulable?: boolean; taints?: { key: string; value?: string; effect: string; timeAdded?: string }[] }
  status?: {
    allocatable?: Quantities
    capacity?: Quantities
    conditions?: Condition[]
    nodeInfo?: { architecture?: string; kubeletVersion?: string; operatingSystem?: string }
    addresses?: { type: string; address: string }[]
  }
}
export interface Namespace extends KubeObject {
  status?: { phase?: string; conditions?: Condition[] }
}
export interface ConfigMap extends KubeObject {
  data?: Record<string, string>
  binaryData?: Record<string, string>
  immutable?: boolean
}
export interface Secret extends KubeObject {
  type?: string
}
export interface ResourceQuota extends KubeObject {
  spec?: {
    hard?: Quantities
    scopes?: string[]
    scopeSelector?: { matchExpressions?: { scopeName: string; operator: string; values?: string[] }[] }
  }
  status?: { hard?: Quantities; used?: Quantities }
}
export interface LimitRange extends KubeObject {
  spec?: { limits?: { type: string; max?: Quantities; min?: Quantities; default?: Quantities; defaultRequest?: Quantities }[] }
}
export interface PolicyPeer {
  podSelector?: LabelSelector
  namespaceSelector?: LabelSelector
  ipBlock?: { cidr: string; except?: string[] }
}
export interface PolicyPort {
  port?: number | string
  endPort?: number
  protocol?: string
}
export interface NetworkPolicy extends KubeObject {
  spec: {
    podSelector?: LabelSelector
    policyTypes?: string[]
    ingress?: { from?: PolicyPeer[]; ports?: PolicyPort[] }[]
    egress?: { to?: PolicyPeer[]; ports?: PolicyPort[] }[]
  }
}
export interface PersistentVolumeClaim extends KubeObject {
  spec?: { storageClassName?: string; volumeName?: string; accessModes?: string[]; resources?: { requests?: Quantities } }
  status?: { phase?: string; capacity?: Quantities; conditions?: Condition[] }
}
export interface StorageClass extends KubeObject {
  provisioner?: string
  volumeBindingMode?: string
}
export interface HorizontalPodAutoscaler extends KubeObject {
  spec: {
    scaleTargetRef: { kind: string; name: string }
    minReplicas?: number
    maxReplicas: number
    metrics?: { type: string; resource?: { name: string; target?: { averageUtilization?: number } } }[]
  }
  status?: {
    currentReplicas?: number
    desiredReplicas?: number
    lastScaleTime?: string
    conditions?: Condition[]
    currentMetrics?: { type: string; resource?: { name: string; current?: { averageUtilization?: number } } }[]
  }
}
export interface PodDisruptionBudget extends KubeObject {
  spec?: { minAvailable?: number | string; maxUnavailable?: number | string; selector?: LabelSelector }
  status?: { disruptionsAllowed?: number; currentHealthy?: number; desiredHealthy?: number; expectedPods?: number }
}
export interface Ingress extends KubeObject {
  spec?: {
    ingressClassName?: string
    tls?: { hosts?: string[]; secretName?: string }[]
    defaultBackend?: IngressBackend
    rules?: { host?: string; http?: { paths: { path?: string; pathType?: string; backend: IngressBackend }[] } }[]
  }
  status?: { loadBalancer?: { ingress?: { ip?: string; hostname?: string }[] } }
}
export interface IngressBackend {
  service?: { name: string; port?: { number?: number; name?: string } }
}
export interface IngressClass extends KubeObject {
  spec?: { controller?: string }
}
export interface ServiceAccount extends KubeObject {
  imagePullSecrets?: { name?: string }[]
}
export interface Job extends KubeObject {
  spec?: { template?: PodTemplate }
  status?: { succeeded?: number; failed?: number; active?: number; completionTime?: string; conditions?: Condition[] }
}
export interface Webhook {
  name: string
  failurePolicy?: string
  timeoutSeconds?: number
  clientConfig?: { service?: { name: string; namespace: string; port?: number; path?: string }; url?: string }
  namespaceSelector?: LabelSelector
  objectSelector?: LabelSelector
  rules?: { apiGroups?: string[]; apiVersions?: string[]; operations?: string[]; resources?: string[]; scope?: string }[]
}
export interface WebhookConfiguration extends KubeObject {
  webhooks?: Webhook[]
}
export interface RoleBinding extends KubeObject {
  roleRef: { kind: string; name: string }
  subjects?: { kind: string; name: string; namespace?: string }[]
}
export interface PolicyRule {
  apiGroups?: string[]
  resources?: string[]
  resourceNames?: string[]
  verbs: string[]
  nonResourceURLs?: string[]
}
export interface Role extends KubeObject {
  rules?: PolicyRule[]
}
export interface PriorityClass extends KubeObject {
  value?: number
  preemptionPolicy?: string
}
export interface RuntimeClass extends KubeObject {
  handler?: string
}
/** metrics.k8s.io */
export interface PodMetrics extends KubeObject {
  timestamp?: string
  window?: string
  containers: { name: string; usage: Quantities }[]
}
export interface NodeMetrics extends KubeObject {
  timestamp?: string
  usage: Quantities
}
export interface ControllerRevision extends KubeObject {
  revision?: number
}

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
