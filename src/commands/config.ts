/** `task-mcp config`: every setting, its value and where that came from. */

import type { SettingRow } from '../config/setting-row.ts'
import { settingTable } from '../config/table.ts'
import { loadSettings, type Origin, settingAt } from '../config.ts'
import type { Context } from '../context.ts'
import { durationText } from '../duration.ts'
import { type ExitCode, exit, UsageError } from '../errors.ts'
import { nearest } from '../nearest.ts'

/** One line of the answer; `value` is null when nothing was said and there is no default. */
interface Shown {
  path: string
  value: unknown
  origin: Origin
}

/** Print all settings, or the one that is named. */
export async function run(context: Context, [path]: readonly string[], options: { json: boolean }): Promise<ExitCode> {
  const resolved = await loadSettings(options, context)
  const rows = settingTable.filter((row) => path === undefined || row.path === path || row.aliases?.includes(path))
  if (path !== undefined && rows.length === 0) {
    const meant = nearest(
      path,
      settingTable.map((row) => row.path),
    )
    throw new UsageError(`there is no setting "${path}"`, `${meant ? `did you mean ${meant}?  ` : ''}task-mcp config lists them`)
  }
  const shown = rows.map(
    (row): Shown => ({ path: row.path, value: showable(row, settingAt(resolved.settings, row)), origin: resolved.origin(row.path) }),
  )
  const { terminal } = context
  if (options.json) terminal.out(`${JSON.stringify({ file: resolved.file ?? null, settings: shown }, null, 2)}\n`)
  else if (path !== undefined) terminal.out(`${valueText(rows[0]!, shown[0]!.value)}\n`)
  else terminal.out(table(rows, shown, resolved.file))
  return exit.ok
}

/** A value without anything secret in it: secret maps keep their names, URLs lose their passwords. */
function showable(row: SettingRow, value: unknown): unknown {
  if (value === undefined) return null
  if (row.secret) return Object.fromEntries(Object.keys(value as object).map((key) => [key, '(not shown)']))
  if (row.kind === 'url' && typeof value === 'string') return value.replace(/\/\/[^/@]*@/, '//(not shown)@')
  return value
}

function valueText(row: SettingRow, value: unknown): string {
  if (value === null) return row.canBeNone ? 'none' : '-'
  if (row.kind === 'duration') return durationText(value as number)
  if (row.kind === 'map') return pairs(value as object, ',') || '-'
  if (row.kind === 'dependencies' || row.kind === 'services') return (value as object[]).map((one) => pairs(one, ' ')).join('; ') || '-'
  if (row.kind === 'escalation')
    return (
      Object.entries(value as object)
        .map(([key, one]) => `${key}=${typeof one === 'string' ? one : Object.keys(one as object).length}`)
        .join(' ') || '-'
    )
  return String(value)
}

const pairs = (value: object, between: string): string =>
  Object.entries(value)
    .map(([key, text]) => `${key}=${text}`)
    .join(between)

function table(rows: readonly SettingRow[], shown: readonly Shown[], file: string | undefined): string {
  const lines = shown.map(({ path, value, origin }, at) => [path, valueText(rows[at]!, value), originText(origin)] as const)
  const widths = [0, 1].map((column) => Math.max(...lines.map((line) => (line[column]!.length > 44 ? 0 : line[column]!.length))))
  const body = lines.map(([path, value, origin]) => `${path.padEnd(widths[0]!)}  ${value.padEnd(widths[1]!)}  ${origin}`)
  return `${[`settings file: ${file ?? 'none'}`, '', ...body].join('\n')}\n`
}

function originText(origin: Origin): string {
  switch (origin.from) {
    case 'flag':
      return origin.flag
    case 'environment':
      return origin.variable
    case 'file':
      return `${origin.file.split('/').at(-1)}:${origin.line}`
    case 'discovery':
      return `found: ${origin.how}`
    case 'default':
      return origin.sameAs ? `default: same as ${origin.sameAs}` : 'default'
  }
}
