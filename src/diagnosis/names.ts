/** ConfigMaps and Secrets by name and key, who uses them and who wrote them last. No value is in it, because none was read. Pure. */
import type { KubeObject } from '../facts/kubernetes/object.ts'
import { references } from './causes/missing.ts'
import { editedAt, keysOf, lastEdit } from './changes.ts'
import type { View } from './view.ts'

export interface NamedObject {
  kind: 'ConfigMap' | 'Secret'
  name: string
  type: string | null
  /** Key names; null where nothing tells them. */
  keys: string[] | null
  used: boolean
  /** Keys that the workload wants and that are not there. */
  missing: string[]
  /** false: the workload names it, and there is none. null: it could not be seen. */
  exists: boolean | null
  editedAt: string | null
  by: string | null
}

/** What the workload uses first, then the rest of the namespace. */
export function namedObjects(view: View): NamedObject[] {
  const wanted = view.template ? references(view.template.spec) : []
  const found = (['configmaps', 'secrets'] as const).flatMap((resource): NamedObject[] => {
    const kind = resource === 'secrets' ? 'Secret' : 'ConfigMap'
    const part = view.snapshot.cluster[resource]
    const objects = part?.state === 'ok' ? (part.value as (KubeObject & { type?: string })[]) : []
    const named = new Set([
      ...wanted.filter((one) => one.kind === kind).map((one) => one.name),
      ...objects.map((object) => object.metadata.name),
    ])
    return [...named]
      .filter((name) => name !== 'kube-root-ca.crt')
      .map((name): NamedObject => {
        const object = objects.find((one) => one.metadata.name === name)
        const uses = wanted.filter((one) => one.kind === kind && one.name === name)
        const keys = object && keysOf(object)
        const needs = uses.flatMap((one) => one.key ?? [])
        return {
          kind,
          name,
          type: object?.type ?? null,
          keys: keys ? [...keys].sort() : null,
          used: uses.length > 0,
          missing: keys ? [...new Set(needs)].filter((key) => !keys.has(key)) : [],
          exists: object ? true : part?.state === 'ok' ? false : null,
          editedAt: (object && editedAt(object)) ?? null,
          by: (object && lastEdit(object)?.manager) ?? null,
        }
      })
  })
  return found.sort((a, b) => Number(b.used) - Number(a.used) || (a.kind + a.name < b.kind + b.name ? -1 : 1))
}
