import { actionExits, actionOptions } from '../action-options.ts'
import type { CommandEntry } from '../entry.ts'

export const fix: CommandEntry = {
  usage: 'fix [runbook]',
  summary: 'diagnose, and apply the first remedy',
  group: 'act',
  about:
    'The remedy goes the way of every action: plan, gates, dry run, consent, apply, verify. Afterwards it diagnoses again and says whether the cause is gone, and what was behind it. Causes that need a person are named and left alone.',
  words: { runbook: { about: 'a runbook; chosen by the symptoms when not said', completes: 'runbook' } },
  options: actionOptions,
  examples: [
    { line: 'task-mcp fix --dry-run', about: 'what it would do' },
    { line: 'task-mcp fix service-downtime --yes', about: 'do it, without being asked' },
  ],
  exits: {
    ...actionExits,
    3: 'a cause that needs a person, a gate stopped it, or another cause was behind it',
    5: 'the cause is not known',
  },
  load: () => import('../fix.ts'),
}
