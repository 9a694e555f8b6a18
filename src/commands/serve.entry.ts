import { durationText } from '../duration.ts'
import { type SettingEntry, settingTable } from '../server/setting-table.ts'
import type { CommandEntry, OptionEntry } from './entry.ts'

const placeholders: Readonly<Record<SettingEntry['kind'], string>> = {
  text: ' <text>',
  number: ' <number>',
  bytes: ' <size>',
  duration: ' <time>',
  list: ' <words>',
  flag: '',
}

/** Every setting has a flag but the secret ones, which would be visible in the list of processes. */
const options: readonly OptionEntry[] = [
  { flags: '--settings <file>', summary: 'YAML file with any of these settings', completes: 'file' },
  ...settingTable
    .filter(({ secret }) => secret !== true)
    .map((entry) => ({ flags: `--${entry.name}${placeholders[entry.kind]}`, summary: `${entry.help}${byDefault(entry)}` })),
]

/** What counts when nothing is said; nothing for what is then off or empty. */
function byDefault({ kind, fallback }: SettingEntry): string {
  if (fallback === '' || fallback === false || fallback === -1 || Array.isArray(fallback)) return ''
  if (kind === 'duration') return ` [${durationText(Number(fallback))}]`
  return ` [${kind === 'bytes' ? sizeText(Number(fallback)) : fallback}]`
}

function sizeText(bytes: number): string {
  if (bytes === 0) return '0'
  return bytes % 1024 ** 2 === 0 ? `${bytes / 1024 ** 2}MiB` : `${bytes / 1024}KiB`
}

/** Where the database is, for the commands that take care of it. */
export const databaseOptions: readonly OptionEntry[] = options.filter(({ flags }) => /^--(settings|database-path) /.test(flags))

export const serveEntry: CommandEntry = {
  usage: 'serve',
  summary: 'run the MCP server',
  group: 'server',
  about:
    'Serves the task list over MCP at /mcp, with /health/live, /health/ready and /metrics beside it. Every option is also a variable TASK_MCP_... (TASK_MCP_RATE_LIMIT for --rate-limit) and a line of the settings file; a flag wins over a variable, a variable over the file. TASK_MCP_DATABASE_URL, TASK_MCP_TOKENS and TASK_MCP_OTLP_HEADERS hold secrets, so they have no flag. In brackets: what counts when nothing is said. Logs are JSON lines on stdout.',
  options,
  examples: [
    { line: 'task-mcp serve', about: 'on this machine, with a SQLite file in this folder' },
    { line: 'task-mcp serve --port 8080 --database-path /var/lib/task-mcp/tasks.db', about: 'another port and file' },
    { line: 'task-mcp serve --host 0.0.0.0 --token-file /etc/task-mcp/tokens --admin-port 9090', about: 'for others, with tokens' },
  ],
  exits: { 0: 'stopped by a signal, with nothing lost', 2: 'a setting cannot be used', 5: 'the database cannot be opened' },
  cluster: false,
  stopsItself: true,
  load: () => import('./serve.ts'),
}
