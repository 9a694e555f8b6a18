import { actionExits, actionOptions } from '../action-options.ts'
import type { CommandEntry } from '../entry.ts'
import { explainOption } from '../explain-option.ts'

export const restart: CommandEntry = {
  usage: 'restart [workload]',
  summary: 'restart every pod of the service, one after another',
  group: 'act',
  about:
    'Looks at the service first: where a restart would not help or would harm (quota, admission, a bad release), it says so and stops. Checks that a new pod could start before any is taken away.',
  words: { workload: { about: 'deployment/NAME, statefulset/NAME or daemonset/NAME; the service itself when not said' } },
  options: [
    {
      flags: '--capture',
      summary: 'first keep what the pod in most trouble knows, as task-mcp capture does; without it nothing is restarted',
    },
    explainOption,
    ...actionOptions,
  ],
  examples: [
    { line: 'task-mcp restart --dry-run', about: 'what would happen' },
    { line: 'task-mcp restart deployment/checkout -n shop', about: 'another workload' },
    { line: 'task-mcp restart --capture', about: 'with logs and profiles kept first' },
  ],
  exits: actionExits,
  load: () => import('../restart.ts'),
}
