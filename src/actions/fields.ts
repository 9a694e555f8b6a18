/** Field changes of one object, and the JSON patch that makes them only while the object is what it was. Pure. */
import type { KubeObject } from '../facts/kubernetes/object.ts'

/** Where a field is, step by step: `['spec', 'selector', 'app.kubernetes.io/name']`, array positions as numbers in text. */
export type FieldPath = readonly string[]

/** `undefined` is absent. */
export interface FieldChange {
  path: FieldPath
  from: unknown
  to: unknown
}

export type Operation = { op: 'test' | 'add' | 'replace'; path: string; value: unknown } | { op: 'remove'; path: string }

/**
 * What must still be so for a patch to be applied, beside the uid. `generation`: nobody changed the spec; for kinds whose status
 * lives on the same object. `resourceVersion`: nobody touched it at all. `fields`: the fields themselves;
 * for kinds without a generation whose status changes all the time.
 */
export type Guard = 'generation' | 'resourceVersion' | 'fields'

/** A JSON pointer (RFC 6901). */
export const pointer = (path: FieldPath): string => path.map((step) => `/${step.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')

/** The value at a path, or undefined. */
export function valueAt(object: unknown, path: FieldPath): unknown {
  return path.reduce<unknown>(
    (at, step) => (typeof at === 'object' && at !== null ? (at as Record<string, unknown>)[step] : undefined),
    object,
  )
}

/** The change of one field of an object to a value; undefined removes it. */
export const changeField = (object: KubeObject, path: FieldPath, to: unknown): FieldChange => ({ path, from: valueAt(object, path), to })

/** JSON with sorted keys: equal values read equal. */
export function canonical(value: unknown): string {
  return (
    JSON.stringify(value, (_key, inner: unknown) =>
      typeof inner === 'object' && inner !== null && !Array.isArray(inner)
        ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
        : inner,
    ) ?? 'undefined'
  )
}

export const equal = (a: unknown, b: unknown): boolean => canonical(a) === canonical(b)

/** Whether the object has what every change leads to. */
export const hasAll = (object: unknown, changes: readonly FieldChange[]): boolean =>
  changes.every((change) => equal(valueAt(object, change.path), change.to))

/** Whether the object has what every change starts from. */
export const startsAt = (object: unknown, changes: readonly FieldChange[]): boolean =>
  changes.every((change) => equal(valueAt(object, change.path), change.from))

/** The same changes backwards, last first. */
export const reversed = (changes: readonly FieldChange[]): FieldChange[] =>
  changes.map(({ path, from, to }) => ({ path, from: to, to: from })).reverse()

/**
 * The patch for an object as it was read. Applying it twice fails the second time (`test` operations), so it can be sent again
 * after an answer was lost. `extra` are annotations to set that are no part of what is guarded.
 */
export function patchFor(
  object: KubeObject,
  changes: readonly FieldChange[],
  guard: Guard,
  extra: Readonly<Record<string, string>> = {},
): Operation[] {
  const { uid, generation, resourceVersion } = object.metadata
  const operations: Operation[] = [{ op: 'test', path: '/metadata/uid', value: uid }]
  if (guard === 'generation' && generation !== undefined) operations.push({ op: 'test', path: '/metadata/generation', value: generation })
  if (guard === 'resourceVersion' || (guard === 'generation' && generation === undefined))
    operations.push({ op: 'test', path: '/metadata/resourceVersion', value: resourceVersion })
  const made = new Set<string>()
  const annotations: FieldChange[] = Object.entries(extra).map(([key, to]) => changeField(object, ['metadata', 'annotations', key], to))
  for (const { path, from, to } of [...changes, ...annotations]) {
    // Under the other guards the version tells; here the values do.
    const tested = guard === 'fields' && from !== undefined && !annotations.some((change) => change.path === path)
    if (tested) operations.push({ op: 'test', path: pointer(path), value: from })
    if (to === undefined) {
      if (from !== undefined) operations.push({ op: 'remove', path: pointer(path) })
      continue
    }
    for (let depth = 1; depth < path.length; depth++) {
      const parent = path.slice(0, depth)
      if (valueAt(object, parent) !== undefined || made.has(pointer(parent))) continue
      made.add(pointer(parent))
      operations.push({ op: 'add', path: pointer(parent), value: {} })
    }
    operations.push({ op: from === undefined ? 'add' : 'replace', path: pointer(path), value: to })
  }
  return operations
}
