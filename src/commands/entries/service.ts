import { actionExits, actionOptions } from '../action-options.ts'
import type { CommandEntry } from '../entry.ts'

export const service: CommandEntry = {
  usage: 'service [name]',
  summary: "put a Service's selector and target ports back on the pods",
  group: 'act',
  words: { name: { about: 'the Service; that of the settings when not said' } },
  options: [
    { flags: '--every-node', summary: 'also let nodes without a pod of it forward to others (traffic policy Cluster)' },
    { flags: '--asked-port <number>', summary: 'the port on which callers ask, given back where it is gone', kind: 'integer' },
    ...actionOptions,
  ],
  examples: [{ line: 'task-mcp service --dry-run', about: 'what is wrong with it and what would be changed' }],
  exits: actionExits,
  load: () => import('../service.ts'),
}
