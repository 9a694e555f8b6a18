/** JSON patch (RFC 6902: add, replace, remove, test) and merge patch (RFC 7386), as the API server applies them. */

export type PatchOperation = { op: 'add' | 'replace' | 'test'; path: string; value?: unknown } | { op: 'remove'; path: string }

export class PatchFailed extends Error {}

const steps = (path: string): string[] =>
  path
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))

const same = (a: unknown, b: unknown): boolean => JSON.stringify(sorted(a)) === JSON.stringify(sorted(b))

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sorted(inner)]),
  )
}

type Box = Record<string, unknown> | unknown[]

/** The document after the operations; the given one is left as it is. PatchFailed when a test fails or a path is not there. */
export function jsonPatch<T>(document: T, operations: readonly PatchOperation[]): T {
  const root = { doc: structuredClone(document) as unknown }
  for (const operation of operations) {
    const path = ['doc', ...steps(operation.path)]
    const key = path.pop()!
    const parent = path.reduce<unknown>(
      (at, step) => (typeof at === 'object' && at !== null ? (at as Record<string, unknown>)[step] : undefined),
      root,
    )
    if (typeof parent !== 'object' || parent === null) throw new PatchFailed(`nothing at ${operation.path}`)
    one(parent as Box, key, operation)
  }
  return root.doc as T
}

function one(parent: Box, key: string, operation: PatchOperation): void {
  const record = parent as Record<string, unknown>
  const there = key in record && record[key] !== undefined
  if (operation.op === 'test') {
    if (!there || !same(record[key], operation.value)) throw new PatchFailed(`testing value ${operation.path} failed`)
    return
  }
  if (operation.op !== 'add' && !there) throw new PatchFailed(`nothing at ${operation.path}`)
  if (Array.isArray(parent)) {
    const index = key === '-' ? parent.length : Number(key)
    if (operation.op === 'remove') parent.splice(index, 1)
    else if (operation.op === 'add') parent.splice(index, 0, structuredClone(operation.value))
    else parent[index] = structuredClone(operation.value)
  } else if (operation.op === 'remove') delete record[key]
  else record[key] = structuredClone(operation.value)
}

/** The document with the patch merged in: null removes, objects go down, anything else replaces. */
export function mergePatch<T>(document: T, patch: unknown): T {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return structuredClone(patch) as T
  const result: Record<string, unknown> =
    typeof document === 'object' && document !== null && !Array.isArray(document) ? { ...document } : {}
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key]
    else result[key] = mergePatch(result[key], value)
  }
  return result as T
}
