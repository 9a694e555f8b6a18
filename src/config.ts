/** What the tool was told, by whom: flags, then the environment, then task-mcp.yaml, then what was discovered, then defaults. */

import { readValue } from './config/read-value.ts'
import { type SettingRow, variableOf } from './config/setting-row.ts'
import { settingTable } from './config/table.ts'
import type { Context } from './context.ts'
import { UsageError } from './errors.ts'
import type { Settings } from './settings.ts'

/** Where a value came from. `how` is a phrase for people: `Service monitoring/prometheus-server, by its labels`. */
export type Origin =
  | { from: 'flag'; flag: string }
  | { from: 'environment'; variable: string }
  | { from: 'file'; file: string; line: number }
  | { from: 'discovery'; how: string }
  | { from: 'default'; sameAs?: string }

export interface Resolved {
  settings: Settings
  /** The settings file that was read. */
  file: string | undefined
  /** Where a setting's value came from, by its path in task-mcp.yaml (`service.workload`, `thresholds.p95`). */
  origin(path: string): Origin
}

interface Known {
  value: unknown
  origin: Origin
}

/**
 * All settings for a command. `flags` are its options as parsed (`--prometheus` is `prometheus`); those that fill no setting
 * are ignored. Contacts nothing. UsageError for a value that cannot be, naming the flag, variable, or file and line.
 */
export async function loadSettings(flags: object, context: Context): Promise<Resolved> {
  const said = flags as Record<string, unknown>
  const named = (said.config as string | undefined) ?? (context.env.TASK_MCP_CONFIG || undefined)
  const { findFile, readFile } = await import('./config/file.ts')
  const path = await findFile(named, context)
  const file = path === undefined ? undefined : await readFile(path, context)
  const known = new Map<string, Known>()
  for (const row of settingTable) {
    const flag = flagOf(row)
    const variable = variableOf(row)
    const fromFile = file?.values.get(row.path)
    const fromEnvironment = variable === undefined ? undefined : context.env[variable] || undefined
    if (flag !== undefined && said[camel(flag)] !== undefined) {
      known.set(row.path, { value: valueSaid(row, said[camel(flag)], flag, context), origin: { from: 'flag', flag } })
    } else if (variable !== undefined && fromEnvironment !== undefined) {
      known.set(row.path, { value: valueSaid(row, fromEnvironment, variable, context), origin: { from: 'environment', variable } })
    } else if (file !== undefined && fromFile !== undefined) {
      known.set(row.path, { value: fromFile.value, origin: { from: 'file', file: file.file, line: fromFile.line } })
    } else if (row.sameAs !== undefined) {
      known.set(row.path, { value: known.get(row.sameAs)?.value, origin: { from: 'default', sameAs: row.sameAs } })
    } else {
      known.set(row.path, { value: structuredClone(row.fallback), origin: { from: 'default' } })
    }
  }
  return resolvedFrom(known, file?.file)
}

/** The same settings with what was found by looking, for paths that nobody said; a value that was said stays. */
export function withDiscovered(resolved: Resolved, found: readonly { path: string; value: unknown; how: string }[]): Resolved {
  const known = new Map<string, Known>()
  for (const row of settingTable) {
    const origin = resolved.origin(row.path)
    const better = origin.from === 'default' ? found.find(({ path }) => path === row.path) : undefined
    known.set(
      row.path,
      better
        ? { value: better.value, origin: { from: 'discovery', how: better.how } }
        : { value: settingAt(resolved.settings, row), origin },
    )
  }
  return resolvedFrom(known, resolved.file)
}

/** The value of one row in finished settings. */
export function settingAt(settings: Settings, row: SettingRow): unknown {
  return (row.into ?? row.path).split('.').reduce<unknown>((part, key) => (part as Record<string, unknown>)[key], settings)
}

function resolvedFrom(known: ReadonlyMap<string, Known>, file: string | undefined): Resolved {
  const settings: Record<string, unknown> = {}
  for (const row of settingTable) {
    const keys = (row.into ?? row.path).split('.')
    let part = settings
    for (const key of keys.slice(0, -1)) {
      part[key] ??= {}
      part = part[key] as Record<string, unknown>
    }
    part[keys.at(-1)!] = known.get(row.path)?.value
  }
  return {
    settings: settings as unknown as Settings,
    file,
    origin(path) {
      const one = known.get(path)
      if (!one) throw new Error(`no setting is called ${path}`)
      return one.origin
    },
  }
}

const flagOf = (row: SettingRow): string | undefined => /--[a-z-]+/.exec(row.flag ?? '')?.[0]

const camel = (flag: string): string => flag.slice(2).replace(/-(.)/g, (_, letter: string) => letter.toUpperCase())

function valueSaid(row: SettingRow, raw: unknown, from: string, context: Context): unknown {
  const read = readValue(row, raw, { directory: context.cwd, home: context.home })
  if ('wrong' in read) throw new UsageError(`${from} ${read.wrong}`, row.help)
  return read.value
}
