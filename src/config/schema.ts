/** The JSON Schema of task-mcp.yaml, for editors. Made from the table; `npm run generate` writes schemas/task-mcp.schema.json. */

import { dependencyFields, serviceFields } from './entry-fields.ts'
import { escalationSchema } from './escalation-schema.ts'
import type { SettingKind, SettingRow } from './setting-row.ts'
import { settingTable, workloadKinds } from './table.ts'

type Schema = Record<string, unknown>

const duration = { type: ['string', 'number'], pattern: '^(\\d+(\\.\\d+)?|(\\d+(\\.\\d+)?(ms|s|m|h|d|w))+)$', exclusiveMinimum: 0 }

const schemaOf: Readonly<Record<Exclude<SettingKind, 'dependencies' | 'services' | 'escalation'>, Schema>> = {
  text: { type: ['string', 'number'] },
  url: { type: 'string', pattern: '^https?://' },
  file: { type: 'string' },
  directory: { type: 'string' },
  path: { type: 'string', pattern: '^/' },
  port: { type: 'integer', minimum: 1, maximum: 65_535 },
  duration,
  ratio: { type: ['number', 'string'], minimum: 0, maximum: 1, pattern: '^\\d+(\\.\\d+)?%?$' },
  map: { type: 'object', additionalProperties: { type: ['string', 'number', 'boolean'] } },
  kind: { enum: workloadKinds },
}

/** The whole schema. */
export function settingsSchema(): Schema {
  const root: Schema = {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'task-mcp.yaml',
    description: 'Settings of the task-mcp command line tool. See docs/configuration.md.',
    type: 'object',
    additionalProperties: false,
    properties: {},
  }
  for (const row of settingTable) {
    for (const path of [row.path, ...(row.aliases ?? [])]) place(root, path.split('.'), rowSchema(row))
  }
  return root
}

function rowSchema(row: SettingRow): Schema {
  const about = { description: row.help.replaceAll('`', ''), ...(row.fallback === undefined ? {} : { default: writtenDefault(row) }) }
  if (row.kind === 'escalation') return orNothing({ description: about.description, ...escalationSchema() })
  if (row.kind !== 'dependencies' && row.kind !== 'services')
    return orNothing({ ...about, ...(row.choices ? { enum: row.choices } : schemaOf[row.kind]) })
  const fields = row.kind === 'services' ? serviceFields : dependencyFields
  const properties = Object.fromEntries(fields.map((field) => [field.name, { description: field.help, ...schemaOf[field.kind] }]))
  return orNothing({ ...about, type: 'array', items: { type: 'object', additionalProperties: false, required: ['name'], properties } })
}

/** An empty value (`container:`) is the same as none. */
function orNothing(schema: Schema): Schema {
  if (schema.enum) return { ...schema, enum: [...(schema.enum as unknown[]), null] }
  return { ...schema, type: [...[schema.type].flat(), 'null'] }
}

/** The default as it would be written in the file. */
export function writtenDefault(row: SettingRow): unknown {
  if (row.kind !== 'duration') return row.fallback
  const seconds = row.fallback as number
  if (seconds < 1) return `${seconds * 1000}ms`
  return seconds % 3600 === 0 ? `${seconds / 3600}h` : `${seconds}s`
}

function place(root: Schema, keys: readonly string[], leaf: Schema): void {
  let node = root
  for (const key of keys.slice(0, -1)) {
    const properties = node.properties as Record<string, Schema>
    properties[key] ??= { type: ['object', 'null'], additionalProperties: false, properties: {} }
    node = properties[key]
  }
  ;(node.properties as Record<string, Schema>)[keys.at(-1)!] = leaf
}
