import { actionExits, actionOptions } from '../action-options.ts'
import type { CommandEntry } from '../entry.ts'

export const configRestore: CommandEntry = {
  usage: 'config-restore <configmap>',
  summary: 'put keys of a ConfigMap back to what was last applied',
  group: 'act',
  about:
    'For a ConfigMap that was edited by hand after it was applied: the applied values are still on the object. The pods of the service that read it are restarted. Values of Secrets are never read, so none are restored.',
  words: { configmap: { about: 'configmap/NAME' } },
  options: [{ flags: '--key <key>', summary: 'this key alone' }, ...actionOptions],
  examples: [{ line: 'task-mcp config-restore configmap/checkout --dry-run', about: 'which keys differ' }],
  exits: actionExits,
  load: () => import('../config-restore.ts'),
}
