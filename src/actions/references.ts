/** Whether what a pod template refers to is there, with its keys. */
import { AbsentError, ExpectedError, InterruptedError } from '../errors.ts'
import type { KubeObject } from '../facts/kubernetes/object.ts'
import type { PodTemplate } from '../facts/kubernetes/pod.ts'
import type { ConfigMap } from '../facts/kubernetes/settings.ts'
import type { PersistentVolumeClaim } from '../facts/kubernetes/storage.ts'
import type { Look } from './look.ts'
import { type Reference, referencesOf } from './template.ts'

const resourceOf = {
  ConfigMap: 'configmaps',
  Secret: 'secrets',
  PersistentVolumeClaim: 'persistentvolumeclaims',
  ServiceAccount: 'serviceaccounts',
} as const

export interface References {
  /** One sentence for each that is not there, lacks a key, or cannot be used. */
  missing: string[]
  /** What could not be seen. */
  unseen: string[]
}

/** Look up everything that a template refers to. Values of Secrets are never read: their keys are known from who wrote them. `coming` is a ConfigMap as it will be by then. */
export async function checkReferences(look: Look, namespace: string, template: PodTemplate, coming?: ConfigMap): Promise<References> {
  const outcomes = await Promise.all(referencesOf(template).map((reference) => checkOne(look, namespace, reference, coming)))
  return { missing: outcomes.flatMap((outcome) => outcome.missing), unseen: outcomes.flatMap((outcome) => outcome.unseen) }
}

async function checkOne(look: Look, namespace: string, reference: Reference, coming: ConfigMap | undefined): Promise<References> {
  const called = `${reference.kind} ${reference.name}`
  let object: KubeObject
  try {
    if (reference.kind === 'ConfigMap' && coming !== undefined && coming.metadata.name === reference.name) object = coming
    else object = await look.cluster.get(resourceOf[reference.kind], { namespace, name: reference.name }, look.signal)
  } catch (error) {
    if (error instanceof AbsentError) return { missing: [`${called} does not exist (${reference.use})`], unseen: [] }
    if (error instanceof InterruptedError || !(error instanceof ExpectedError)) throw error
    return { missing: [], unseen: [`${called}: ${error.message}`] }
  }
  if (reference.kind === 'PersistentVolumeClaim') return { missing: claimTrouble(object as PersistentVolumeClaim), unseen: [] }
  const keys = reference.keys.length === 0 ? undefined : keysOf(object)
  if (reference.keys.length > 0 && keys === undefined) return { missing: [], unseen: [`the keys of ${called}`] }
  return {
    missing: reference.keys.filter((key) => !keys?.has(key)).map((key) => `${called} has no key ${key} (${reference.use})`),
    unseen: [],
  }
}

/** Keys of a ConfigMap from its data, of a Secret from its managedFields; undefined where those do not say. */
function keysOf(object: KubeObject): Set<string> | undefined {
  const { data, binaryData } = object as ConfigMap & { binaryData?: Record<string, string> }
  if (data !== undefined || binaryData !== undefined) return new Set([...Object.keys(data ?? {}), ...Object.keys(binaryData ?? {})])
  const managed = object.metadata.managedFields
  if (managed === undefined || managed.length === 0) return object.kind === 'ConfigMap' ? new Set() : undefined
  // A Secret applied with stringData is managed under that name, though it is kept as data.
  const named = managed.flatMap((field) =>
    ['f:data', 'f:stringData', 'f:binaryData'].flatMap((group) => Object.keys(field.fieldsV1?.[group] ?? {})),
  )
  return new Set(named.filter((key) => key.startsWith('f:')).map((key) => key.slice(2)))
}

/** A claim that waits for its first pod is fine; one that waits for a volume that nobody makes is not, but only the binding mode of its class tells them apart. */
function claimTrouble(claim: PersistentVolumeClaim): string[] {
  const phase = claim.status?.phase
  return phase === 'Lost' ? [`PersistentVolumeClaim ${claim.metadata.name} has lost its volume`] : []
}
