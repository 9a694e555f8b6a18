/** One value of a setting, from the text, number or mapping that somebody wrote. */
import path from 'node:path'
import { parseDuration } from '../duration.ts'
import { nearest } from '../nearest.ts'
import { dependencyFields, serviceFields } from './entry-fields.ts'
import { readEscalation } from './escalation.ts'
import type { SettingRow } from './setting-row.ts'
import { workloadKinds } from './table.ts'

/** Where a value was said, for the things that are relative to it. */
export interface Place {
  directory: string
  home: string
}

/** The value, or a sentence about what it should be: `must be a port (1 to 65535)`. */
export type Read = { value: unknown } | { wrong: string }

/** Read `raw` (text, number, mapping of texts, or list of mappings) as the row's kind says. Durations become seconds, ratios 0..1, files absolute. */
export function readValue(row: Pick<SettingRow, 'kind' | 'canBeNone' | 'choices'>, raw: unknown, place: Place): Read {
  if (row.kind === 'dependencies') return readList(raw, place, dependencyFields, ['dependencies', 'a dependency'])
  if (row.kind === 'services') return readList(raw, place, serviceFields, ['services', 'a service'])
  if (row.kind === 'escalation') return readEscalation(raw, place)
  if (row.kind === 'map') return readMap(raw)
  if (typeof raw !== 'string' && typeof raw !== 'number') return { wrong: `must be ${wanted[row.kind]}` }
  const text = String(raw).trim()
  if (row.canBeNone && text === 'none') return { value: undefined }
  if (row.choices && !row.choices.includes(text)) return { wrong: `must be one of ${row.choices.join(', ')}, not "${text}"` }
  const value = read[row.kind](text, place)
  return value === undefined ? { wrong: `must be ${wanted[row.kind]}, not "${text}"` } : { value }
}

type Plain = Exclude<SettingRow['kind'], 'dependencies' | 'services' | 'escalation' | 'map'>

const wanted: Readonly<Record<Plain, string>> = {
  text: 'a text',
  url: 'a URL that begins with http:// or https://',
  file: 'the name of a file',
  directory: 'the name of a directory',
  path: 'a path that begins with /',
  port: 'a port (1 to 65535)',
  duration: 'a duration such as 200ms, 10s, 5m or 1h30m',
  ratio: 'a ratio from 0 to 1, or a percentage such as 5%',
  kind: `one of ${workloadKinds.join(', ')}`,
}

const read: Readonly<Record<Plain, (text: string, place: Place) => unknown>> = {
  text: (text) => text || undefined,
  url: (text) => (/^https?:\/\/[^/]/.test(text) && URL.canParse(text) ? text.replace(/\/+$/, '') : undefined),
  file: absolute,
  directory: absolute,
  path: (text) => (/^\/\S*$/.test(text) ? text : undefined),
  port: (text) => (/^\d+$/.test(text) && Number(text) >= 1 && Number(text) <= 65_535 ? Number(text) : undefined),
  duration: (text) => parseDuration(text) || undefined,
  ratio: (text) => {
    const ratio = text.endsWith('%') ? Number(text.slice(0, -1)) / 100 : Number(text)
    return text !== '' && ratio >= 0 && ratio <= 1 ? ratio : undefined
  },
  kind: (text) => workloadKinds.find((kind) => kind.toLowerCase() === text.toLowerCase()),
}

function absolute(text: string, place: Place): string | undefined {
  if (text === '') return undefined
  return text.startsWith('~/') ? path.join(place.home, text.slice(2)) : path.resolve(place.directory, text)
}

function readMap(raw: unknown): Read {
  const wrong = { wrong: 'must be a mapping of names to texts (key=value,key=value outside a file)' }
  if (typeof raw === 'string') {
    const pairs = raw.split(',').map((pair) => /^\s*([^=\s]+)\s*=\s*(.*?)\s*$/.exec(pair))
    return pairs.every((pair) => pair !== null) ? { value: Object.fromEntries(pairs.map((pair) => [pair[1]!, pair[2]!])) } : wrong
  }
  if (!isRecord(raw) || !Object.values(raw).every(isScalar)) return wrong
  return { value: Object.fromEntries(Object.entries(raw).map(([key, value]) => [key, String(value)])) }
}

type Field = Pick<SettingRow, 'kind' | 'canBeNone'> & { readonly name: string }

/** A list of mappings with these fields, each with a name. `words` are what they are called, and one of them. */
function readList(raw: unknown, place: Place, fields: readonly Field[], words: readonly [several: string, one: string]): Read {
  if (!Array.isArray(raw)) return { wrong: `must be a list of ${words[0]}, each with a name` }
  const found: Record<string, unknown>[] = []
  for (const [index, item] of raw.entries()) {
    const said = `has ${words[1]} (number ${index + 1})`
    if (!isRecord(item) || item.name === undefined) return { wrong: `${said} without a name` }
    const entry: Record<string, unknown> = {}
    for (const [key, value] of Object.entries(item)) {
      const field = fields.find(({ name }) => name === key)
      if (!field) {
        const meant = nearest(
          key,
          fields.map(({ name }) => name),
        )
        return { wrong: `${said} with "${key}", which is not a field of one${meant ? `: did you mean ${meant}?` : ''}` }
      }
      if (value === null) continue
      const one = readValue(field, value, place)
      if ('wrong' in one) return { wrong: `${said} whose ${key} ${one.wrong}` }
      entry[key] = one.value
    }
    found.push(entry)
  }
  return { value: found }
}

const isScalar = (value: unknown): value is string | number | boolean => ['string', 'number', 'boolean'].includes(typeof value)
const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)
