/** The tables of docs/configuration.md and the schema of task-mcp.yaml, made from the table of settings. */
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { dependencyFields, serviceFields } from '../src/config/entry-fields.ts'
import { settingsSchema, writtenDefault } from '../src/config/schema.ts'
import { type SettingRow, variableOf } from '../src/config/setting-row.ts'
import { settingTable } from '../src/config/table.ts'

/** schemas/task-mcp.schema.json, as text. */
export const schemaText = (): string => `${JSON.stringify(settingsSchema(), null, 2)}\n`

/** Everything between `<!-- settings -->` and `<!-- /settings -->` in docs/configuration.md. */
export function settingsTables(): string {
  const sections = new Map<string, SettingRow[]>()
  for (const row of settingTable) {
    const section = row.path.includes('.') ? row.path.split('.')[0]! : 'the whole tool'
    sections.set(section, [...(sections.get(section) ?? []), row])
  }
  const parts = [...sections].map(([section, rows]) =>
    [
      `### ${section === 'the whole tool' ? 'The whole tool' : `\`${section}\``}`,
      '',
      '| setting | default | meaning | flag | environment |',
      '|---|---|---|---|---|',
      ...rows.map((row) =>
        cells([
          `\`${row.path}\``,
          defaultText(row),
          row.help,
          row.flag ? `\`${/--[a-z-]+/.exec(row.flag)![0]}\`` : '',
          variableOf(row) ? `\`${variableOf(row)}\`` : '',
        ]),
      ),
    ].join('\n'),
  )
  return [...parts, entryTable('service.dependencies', dependencyFields), entryTable('services', serviceFields)].join('\n\n')
}

const entryTable = (of: string, fields: readonly { name: string; help: string }[]): string =>
  [
    `### One entry of \`${of}\``,
    '',
    '| field | meaning |',
    '|---|---|',
    ...fields.map((field) => cells([`\`${field.name}\``, field.name === 'name' ? `${field.help} (needed)` : field.help])),
  ].join('\n')

/** A document with the part between two markers replaced. Throws when the markers are not there. */
export function withPart(document: string, name: string, part: string): string {
  const pattern = new RegExp(`(<!-- ${name} -->\\n)[\\s\\S]*?(\\n<!-- /${name} -->)`)
  if (!pattern.test(document)) throw new Error(`no <!-- ${name} --> ... <!-- /${name} --> in the document`)
  return document.replace(pattern, (_, start: string, end: string) => `${start}${part}${end}`)
}

const cells = (texts: readonly string[]): string => `| ${texts.map((text) => text.replaceAll('|', '\\|')).join(' | ')} |`

function defaultText(row: SettingRow): string {
  if (row.sameAs) return `\`${row.sameAs}\``
  const value = writtenDefault(row)
  if (value === undefined || (typeof value === 'object' && Object.keys(value as object).length === 0)) return ''
  return `\`${String(value)}\``
}

if (import.meta.main) {
  const root = path.resolve(import.meta.dirname, '..')
  const document = path.join(root, 'docs/configuration.md')
  writeFileSync(path.join(root, 'schemas/task-mcp.schema.json'), schemaText())
  writeFileSync(document, withPart(readFileSync(document, 'utf8'), 'settings', settingsTables()))
}
