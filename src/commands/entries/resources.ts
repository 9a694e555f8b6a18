import { actionExits, actionOptions } from '../action-options.ts'
import type { CommandEntry } from '../entry.ts'

export const resources: CommandEntry = {
  usage: 'resources [workload]',
  summary: 'change limits and requests of a container: memory, CPU, ephemeral storage',
  group: 'act',
  about:
    '--raise takes what an earlier revision had, if that was more, else twice what it is. Checks first that a node has room and that quota and LimitRange let a pod of the new size in.',
  words: { workload: { about: 'deployment/NAME, statefulset/NAME or daemonset/NAME; the service itself when not said' } },
  options: [
    { flags: '--raise <limit>', summary: 'raise this limit, without a value', choices: ['memory', 'cpu', 'ephemeral-storage'] },
    { flags: '--memory-limit <quantity>', summary: 'for example 512Mi' },
    { flags: '--memory-request <quantity>', summary: 'for example 256Mi' },
    { flags: '--cpu-limit <quantity>', summary: 'for example 500m or 2' },
    { flags: '--cpu-request <quantity>', summary: 'for example 100m' },
    { flags: '--storage-limit <quantity>', summary: 'of ephemeral storage, for example 1Gi' },
    { flags: '--storage-request <quantity>', summary: 'of ephemeral storage, for example 200Mi' },
    ...actionOptions,
  ],
  examples: [{ line: 'task-mcp resources --memory-limit 512Mi --dry-run', about: 'what the API server and the nodes say' }],
  exits: actionExits,
  load: () => import('../resources.ts'),
}
