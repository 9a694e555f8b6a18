/** What the API server would change, field by field, for people; secrets masked. Pure. */
import { keepsValue, redact } from '../facts/redact.ts'

export interface FieldDiff {
  /** `spec.template.spec.containers[web].image`. */
  field: string
  from: string | undefined
  to: string | undefined
}

const volatile = /^(status|metadata\.(managedFields|resourceVersion|generation|uid|creationTimestamp))(\.|\[|$)/

/** The differences between an object and what a dry run made of it, in the order of the fields. */
export function fieldDiff(before: unknown, after: unknown): FieldDiff[] {
  const [a, b] = [leaves(before), leaves(after)]
  return [...new Set([...a.keys(), ...b.keys()])]
    .filter((field) => !volatile.test(field) && a.get(field) !== b.get(field))
    .sort()
    .map((field) => ({ field, from: shown(field, a.get(field)), to: shown(field, b.get(field)) }))
}

function leaves(value: unknown, path = '', into = new Map<string, string>()): Map<string, string> {
  if (Array.isArray(value)) {
    value.forEach((item: unknown, index) => {
      const name = typeof item === 'object' && item !== null && 'name' in item ? String(item.name) : String(index)
      leaves(item, `${path}[${name}]`, into)
    })
    if (value.length === 0) into.set(path, '[]')
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, inner] of Object.entries(value)) leaves(inner, path === '' ? key : `${path}.${key}`, into)
    if (Object.keys(value).length === 0 && path !== '') into.set(path, '{}')
  } else if (value !== undefined && value !== null) into.set(path, String(value))
  return into
}

function shown(field: string, value: string | undefined): string | undefined {
  if (value === undefined) return undefined
  if (field.startsWith('metadata.annotations.kubectl.kubernetes.io/last-applied')) return '(what was last applied)'
  const variable = /\.env\[([^\]]+)\]\.value$/.exec(field)
  if (variable && !keepsValue(variable[1]!, value)) return '[redacted]'
  const text = redact(value)
  return text.length > 120 ? `${text.slice(0, 117)}...` : text
}
