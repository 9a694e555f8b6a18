/** Pods: what they ask for, and what became of their containers. */
import type { Condition, KubeObject, LabelSelector, Labels, Quantities } from './object.ts'

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
  lifecycle?: { postStart?: object; preStop?: object }
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
  hostAliases?: { ip: string; hostnames?: string[] }[]
  hostname?: string
  subdomain?: string
  automountServiceAccountToken?: boolean
  shareProcessNamespace?: boolean
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

/** metrics.k8s.io */
export interface PodMetrics extends KubeObject {
  timestamp?: string
  window?: string
  containers: { name: string; usage: Quantities }[]
}
