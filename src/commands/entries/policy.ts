import { actionExits, actionOptions } from '../action-options.ts'
import type { CommandEntry } from '../entry.ts'

export const policy: CommandEntry = {
  usage: 'policy [name]',
  summary: 'widen a NetworkPolicy by the path that it cuts',
  group: 'act',
  about:
    'Adds only what is missing, and deletes nothing: callers of the same namespace to the service port, DNS, the dependencies named in the settings. Whether a path is cut is judged from all policies on the pods together.',
  words: { name: { about: 'the NetworkPolicy; the newest on the pods when not said' } },
  options: [
    { flags: '--allow <path>', summary: 'look at this path alone', choices: ['ingress', 'dns', 'dependencies'], repeat: true },
    ...actionOptions,
  ],
  examples: [
    { line: 'task-mcp policy --dry-run', about: 'which paths are cut, and the rules that would open them' },
    { line: 'task-mcp policy egress-rules --allow dns', about: 'DNS alone' },
  ],
  exits: actionExits,
  load: () => import('../policy.ts'),
}
