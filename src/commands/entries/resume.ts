import { actionExits, actionOptions } from '../action-options.ts'
import type { CommandEntry } from '../entry.ts'

export const resume: CommandEntry = {
  usage: 'resume [workload]',
  summary: 'let a paused rollout go on',
  group: 'act',
  words: { workload: { about: 'deployment/NAME; the service itself when not said' } },
  options: actionOptions,
  examples: [{ line: 'task-mcp resume', about: 'the service' }],
  exits: actionExits,
  load: () => import('../resume.ts'),
}
