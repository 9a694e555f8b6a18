import { actionExits, actionOptions } from '../action-options.ts'
import type { CommandEntry } from '../entry.ts'

export const rollback: CommandEntry = {
  usage: 'rollback [workload]',
  summary: 'put an earlier revision back',
  group: 'act',
  about:
    'Without --to it takes the newest earlier revision that is still running, else the newest, in each case one whose ConfigMaps, Secrets and volumes are all still there. A paused rollout is refused: task-mcp resume first.',
  words: { workload: { about: 'deployment/NAME, statefulset/NAME or daemonset/NAME; the service itself when not said' } },
  options: [{ flags: '--to <revision>', summary: 'this revision', kind: 'integer' }, ...actionOptions],
  examples: [
    { line: 'task-mcp rollback --dry-run', about: 'which revision, and what it would change' },
    { line: 'task-mcp rollback --to 7', about: 'that one' },
  ],
  exits: actionExits,
  load: () => import('../rollback.ts'),
}
