/** The options that many commands share. Those that fill a setting come from the table of settings. */
import type { SettingKind } from '../config/setting-row.ts'
import { settingTable } from '../config/table.ts'
import type { OptionEntry, ValueKind } from './entry.ts'

const readAs: Readonly<Partial<Record<SettingKind, ValueKind>>> = { duration: 'duration', port: 'integer' }
const completedAs: Readonly<Partial<Record<SettingKind, OptionEntry['completes']>>> = {
  file: 'file',
  directory: 'directory',
  kind: ['Deployment', 'StatefulSet', 'DaemonSet'],
}

const namedAfter: Readonly<Record<string, OptionEntry['completes']>> = { 'cluster.context': 'context', 'service.namespace': 'namespace' }

/** The option that fills a setting; its summary is the setting's first half sentence. */
function settingOption(path: string): OptionEntry {
  const row = settingTable.find((candidate) => candidate.path === path)
  if (!row?.flag) throw new Error(`no flag fills ${path}`)
  const completes = completedAs[row.kind] ?? namedAfter[path]
  return {
    flags: row.flag,
    summary: row.help.split(';')[0]!.replaceAll('`', ''),
    kind: readAs[row.kind] ?? 'text',
    ...(completes ? { completes } : {}),
  }
}

/** On every command. */
export const everywhereOptions: readonly OptionEntry[] = [
  { flags: '--json', summary: 'print the answer as JSON' },
  { flags: '--config <file>', summary: 'settings file; without it task-mcp.yaml here or in a folder above', completes: 'file' },
  { flags: '--no-color', summary: 'no colours, as with NO_COLOR=1' },
  { flags: '-v, --verbose', summary: 'say more on stderr' },
  { flags: '-h, --help', summary: 'show this help' },
]

/** On every command that speaks to a cluster. */
export const clusterOptions: readonly OptionEntry[] = ['cluster.context', 'cluster.kubeconfig', 'service.namespace', 'timeout'].map(
  settingOption,
)

/** For commands that look at the service: which one it is, and where its metrics and alerts are. Put them in an entry's `options`. */
export const serviceOptions: readonly OptionEntry[] = settingTable
  .filter((row) => row.flag && !clusterOptions.some((option) => option.flags === row.flag))
  .map((row) => settingOption(row.path))
