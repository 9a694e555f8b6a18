/** Volumes. */
import type { Condition, KubeObject, Quantities } from './object.ts'

export interface PersistentVolumeClaim extends KubeObject {
  spec?: { storageClassName?: string; volumeName?: string; accessModes?: string[]; resources?: { requests?: Quantities } }
  status?: { phase?: string; capacity?: Quantities; conditions?: Condition[] }
}

export interface StorageClass extends KubeObject {
  provisioner?: string
  volumeBindingMode?: string
}
