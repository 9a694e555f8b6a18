import { actionExits, actionOptions } from '../action-options.ts'
import type { CommandEntry } from '../entry.ts'
import { explainOption } from '../explain-option.ts'

export const scale: CommandEntry = {
  usage: 'scale [workload]',
  summary: 'change the number of replicas, or bring a workload back from 0',
  group: 'act',
  about:
    'Works on any workload, a dependency of the service as well. Under an autoscaler its bounds are changed, because it would set the number back. Without --replicas a workload at 0 gets the number it had before.',
  words: { workload: { about: 'deployment/NAME or statefulset/NAME; the service itself when not said' } },
  options: [{ flags: '--replicas <count>', summary: 'how many', kind: 'integer' }, explainOption, ...actionOptions],
  examples: [
    { line: 'task-mcp scale --replicas 5', about: 'the service' },
    { line: 'task-mcp scale deployment/orders-db', about: 'a dependency that is at 0, back to what it had' },
  ],
  exits: actionExits,
  load: () => import('../scale.ts'),
}
