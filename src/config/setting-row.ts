/** What one row of the table of settings says. */

/**
 * How a value is written and what it becomes. `duration`: `10s`, `5m`, `1h30m`, seconds. `ratio`: `0.05` or `5%`, 0..1.
 * `map`: a mapping in the file, `key=value,key=value` elsewhere. `file`, `directory`: relative to where it was said.
 */
export type SettingKind =
  | 'text'
  | 'url'
  | 'file'
  | 'directory'
  | 'path'
  | 'port'
  | 'duration'
  | 'ratio'
  | 'map'
  | 'kind'
  | 'dependencies'
  | 'services'
  | 'escalation'

export interface SettingRow {
  /** Where it is in task-mcp.yaml, and its name everywhere else. */
  readonly path: string
  /** Where it is in Settings, when that differs because of a unit. */
  readonly into?: string
  readonly kind: SettingKind
  /** undefined is "not said". `sameAs` names another setting whose value is taken. */
  readonly fallback?: unknown
  readonly sameAs?: string
  readonly help: string
  readonly flag?: string
  /** The variable's name without `TASK_MCP_`, when it is not the path in capitals. */
  readonly variable?: string
  /** The only texts that are allowed. */
  readonly choices?: readonly string[]
  /** Other names in the file. */
  readonly aliases?: readonly string[]
  /** Never printed. */
  readonly secret?: true
  /** `none` is a value: the service has no such thing. */
  readonly canBeNone?: true
}

/** The variable that sets a row: `TASK_MCP_PROMETHEUS_URL`. Lists of objects have none. */
export function variableOf(row: SettingRow): string | undefined {
  if (row.kind === 'dependencies' || row.kind === 'services' || row.kind === 'escalation') return undefined
  const snake = row.path.replace(/([a-z0-9])([A-Z])/g, '$1_$2').replaceAll('.', '_')
  return `TASK_MCP_${row.variable ?? snake.toUpperCase()}`
}
