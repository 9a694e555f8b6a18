import { settingTable } from '../../config/table.ts'
import type { CommandEntry } from '../entry.ts'
import { serviceOptions } from '../options.ts'

export const config: CommandEntry = {
  usage: 'config [setting]',
  summary: 'print every setting and where its value came from',
  group: 'setup',
  about:
    'A value comes from the first of these that has it: a flag, the environment (TASK_MCP_*), task-mcp.yaml (searched upwards from here, then in the user configuration directory), the default. Nothing is contacted.',
  words: { setting: { about: 'print this one value alone, for scripts', completes: settingTable.map((row) => row.path) } },
  options: serviceOptions,
  examples: [
    { line: 'task-mcp config', about: 'all settings' },
    { line: 'task-mcp config service.workload', about: 'one value' },
    { line: 'task-mcp config --json -n shop', about: 'as a program reads it, with a flag tried out' },
  ],
  load: () => import('../config.ts'),
}
