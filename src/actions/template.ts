/** Pod templates: what they refer to, and as they stand in a Deployment rather than in its ReplicaSet. Pure. */
import type { Container, PodTemplate } from '../facts/kubernetes/pod.ts'

export interface Reference {
  kind: 'ConfigMap' | 'Secret' | 'PersistentVolumeClaim' | 'ServiceAccount'
  name: string
  /** Keys that must be in it. */
  keys: string[]
  /** For what, in words. */
  use: string
}

/** A ReplicaSet's template as its Deployment had it: without the controller's hash label. */
export function withoutHash(template: PodTemplate): PodTemplate {
  const { 'pod-template-hash': _, ...labels } = template.metadata?.labels ?? {}
  return { ...template, metadata: { ...template.metadata, labels } }
}

/** Everything that must exist before a pod of this template can start; what is optional is left out. */
export function referencesOf(template: PodTemplate): Reference[] {
  const { spec } = template
  const found: Reference[] = []
  const add = (kind: Reference['kind'], name: string | undefined, key: string | undefined, use: string) => {
    if (!name) return
    const have = found.find((reference) => reference.kind === kind && reference.name === name)
    if (!have) found.push({ kind, name, keys: key === undefined ? [] : [key], use })
    else if (key !== undefined && !have.keys.includes(key)) have.keys.push(key)
  }
  for (const container of [...(spec.initContainers ?? []), ...spec.containers]) environmentOf(container, add)
  for (const volume of spec.volumes ?? []) {
    const sources = [volume, ...(volume.projected?.sources ?? [])]
    for (const { configMap } of sources) {
      if (!configMap || configMap.optional) continue
      for (const key of configMap.items?.map((item) => item.key) ?? [undefined])
        add('ConfigMap', configMap.name, key, `volume ${volume.name}`)
    }
    const secrets = [
      volume.secret && { ...volume.secret, name: volume.secret.secretName },
      ...(volume.projected?.sources ?? []).map((source) => source.secret),
    ]
    for (const secret of secrets) {
      if (!secret || secret.optional) continue
      for (const key of secret.items?.map((item) => item.key) ?? [undefined]) add('Secret', secret.name, key, `volume ${volume.name}`)
    }
    add('PersistentVolumeClaim', volume.persistentVolumeClaim?.claimName, undefined, `volume ${volume.name}`)
  }
  for (const secret of spec.imagePullSecrets ?? []) add('Secret', secret.name, undefined, 'pulling images')
  if (spec.serviceAccountName !== undefined && spec.serviceAccountName !== 'default')
    add('ServiceAccount', spec.serviceAccountName, undefined, 'the pod')
  return found
}

function environmentOf(
  container: Container,
  add: (kind: Reference['kind'], name: string | undefined, key: string | undefined, use: string) => void,
): void {
  for (const { name, valueFrom } of container.env ?? []) {
    const { configMapKeyRef: map, secretKeyRef: secret } = valueFrom ?? {}
    if (map && !map.optional) add('ConfigMap', map.name, map.key, `variable ${name}`)
    if (secret && !secret.optional) add('Secret', secret.name, secret.key, `variable ${name}`)
  }
  for (const { configMapRef: map, secretRef: secret } of container.envFrom ?? []) {
    if (map && !map.optional) add('ConfigMap', map.name, undefined, `the environment of ${container.name}`)
    if (secret && !secret.optional) add('Secret', secret.name, undefined, `the environment of ${container.name}`)
  }
}
