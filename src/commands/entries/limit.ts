import { actionExits, actionOptions } from '../action-options.ts'
import type { CommandEntry } from '../entry.ts'

export const limit: CommandEntry = {
  usage: 'limit <setting> <value>',
  summary: 'change a limit of the server while it runs',
  group: 'act',
  about:
    'Rates, streams, sessions, requests in flight, timeouts and the circuit breaker, by their names in `task-mcp serve --help`. The settings file in its ConfigMap is changed, the pods read it again without a restart, and their own metrics must show the new value. A variable or a flag of the pod wins over the file; then nothing is changed and the place is named.',
  words: {
    setting: { about: 'rate-limit, max-streams, max-in-flight, webhook-breaker-failures, ...' },
    value: { about: 'a count, a size (64MiB) or a duration (30s)' },
  },
  options: actionOptions,
  examples: [
    { line: 'task-mcp limit rate-limit 50', about: 'requests a second for one principal' },
    { line: 'task-mcp limit max-streams 20000 --dry-run', about: 'what would change' },
  ],
  exits: actionExits,
  load: () => import('../limit.ts'),
}
