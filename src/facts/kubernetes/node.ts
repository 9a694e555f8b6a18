/** Where pods run, and what decides who runs first. */
import type { Condition, KubeObject, Quantities } from './object.ts'

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

export interface NodeMetrics extends KubeObject {
  timestamp?: string
  usage: Quantities
}

export interface PriorityClass extends KubeObject {
  value?: number
  preemptionPolicy?: string
}

export interface RuntimeClass extends KubeObject {
  handler?: string
}
