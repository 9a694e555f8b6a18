/**
 * What every Kubernetes object has, and the small shapes that several share. Objects are cut down to the fields that a judgement
 * uses, here and in the files beside this one. Names are the API's own; every field may be missing, as on the wire. Quantities are
 * strings as the API writes them ("100m", "64Mi").
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
