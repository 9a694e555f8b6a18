import { actionExits, actionOptions } from '../action-options.ts'
import type { CommandEntry } from '../entry.ts'

export const pod: CommandEntry = {
  usage: 'pod <name>',
  summary: 'capture one bad pod, then delete it or take it out of service',
  group: 'act',
  about: 'Keeps the object and its logs, now and before, in a file first. Checks the disruption budget and that a new pod could start.',
  words: { name: { about: 'the pod' } },
  options: [
    { flags: '--isolate', summary: 'take its labels away instead: it keeps running for a look, and another takes its place' },
    ...actionOptions,
  ],
  examples: [
    { line: 'task-mcp pod checkout-5d4f8-x2x4z --isolate', about: 'keep it for a look' },
    { line: 'task-mcp pod checkout-5d4f8-x2x4z', about: 'capture and delete' },
  ],
  exits: actionExits,
  load: () => import('../pod.ts'),
}
