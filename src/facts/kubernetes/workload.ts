/** What makes pods and says how many. */
import type { Condition, KubeObject, LabelSelector, Meta } from './object.ts'
import type { PodTemplate } from './pod.ts'

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

export interface Job extends KubeObject {
  spec?: { template?: PodTemplate }
  status?: { succeeded?: number; failed?: number; active?: number; completionTime?: string; conditions?: Condition[] }
}

export interface ControllerRevision extends KubeObject {
  revision?: number
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
