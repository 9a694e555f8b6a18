/** YAML inside a Markdown file, read so that every complaint names the file, the line and the key. */
import { LineCounter, parseDocument } from 'yaml'
import { UsageError } from '../errors.ts'

/** A YAML mapping and where it stands. Every accessor throws a UsageError with file and line when the value has another form. */
export interface Mapping {
  fail(key: string | undefined, problem: string): never
  has(key: string): boolean
  text(key: string): string
  /** One of a closed list of words. */
  word<T extends string>(key: string, words: readonly T[]): T
  number(key: string): number
  /** A list of words; empty when the key is missing. */
  words(key: string): string[]
  /** The keys of a mapping below this one; undefined when the key is missing. */
  below(key: string, allowed: readonly string[]): Mapping | undefined
  /** A list of mappings; empty when the key is missing. */
  each(key: string, allowed: readonly string[]): Mapping[]
}

/**
 * Takes the text of a YAML mapping, the number of its first line in `file`, and the keys that it may have.
 * Throws UsageError on broken YAML, on anything but a mapping, and on an unknown key.
 */
export function readMapping(text: string, file: string, firstLine: number, allowed: readonly string[]): Mapping {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines })
  const where = (offset: number | undefined) => `${file}:${firstLine + (offset === undefined ? 0 : lines.linePos(offset).line - 1)}`
  const broken = document.errors[0]
  if (broken)
    throw new UsageError(`${where(broken.pos[0])}: ${broken.message.split('\n')[0]?.replace(/ at line .*$/, '')}`, 'correct the YAML there')

  const lineOf = (path: readonly (string | number)[]): string => {
    for (let depth = path.length; depth > 0; depth--) {
      const node = document.getIn(path.slice(0, depth), true) as { range?: [number, number, number] } | undefined
      if (node?.range) return where(node.range[0])
    }
    return where(undefined)
  }
  return wrap(document.toJS(), [], allowed)

  function wrap(value: unknown, path: readonly (string | number)[], keys: readonly string[]): Mapping {
    const fail = (key: string | undefined, problem: string): never => {
      throw new UsageError(`${lineOf(key === undefined ? path : [...path, key])}: ${problem}`, 'docs/runbooks.md has the form of a runbook')
    }
    if (typeof value !== 'object' || value === null || Array.isArray(value)) fail(undefined, 'expected "key: value" lines here')
    const map = value as Record<string, unknown>
    for (const key of Object.keys(map)) if (!keys.includes(key)) fail(key, `unknown key "${key}"; known here: ${keys.join(', ')}`)

    const self: Mapping = {
      fail,
      has: (key) => map[key] !== undefined && map[key] !== null,
      text: (key) => {
        const found = map[key]
        return typeof found === 'string' && found.trim() !== '' ? found : fail(key, `"${key}" must be a text`)
      },
      word: (key, words) =>
        words.find((word) => word === map[key]) ?? fail(key, `"${key}" is ${show(map[key])}; it must be one of ${words.join(', ')}`),
      number: (key) => {
        const found = map[key]
        return typeof found === 'number' && Number.isFinite(found) && found >= 0
          ? found
          : fail(key, `"${key}" is ${show(found)}; it must be a number, zero or more`)
      },
      words: (key) => {
        if (!self.has(key)) return []
        const found = map[key]
        return Array.isArray(found) && found.every((entry) => typeof entry === 'string')
          ? found
          : fail(key, `"${key}" must be a list of words`)
      },
      below: (key, allowedBelow) => (self.has(key) ? wrap(map[key], [...path, key], allowedBelow) : undefined),
      each: (key, allowedBelow) => {
        if (!self.has(key)) return []
        const found = map[key]
        if (!Array.isArray(found)) return fail(key, `"${key}" must be a list`)
        return found.map((entry, index) => wrap(entry, [...path, key, index], allowedBelow))
      },
    }
    return self
  }
}

function show(value: unknown): string {
  return value === undefined ? 'missing' : JSON.stringify(value)
}
