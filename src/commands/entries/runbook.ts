import { actionOptions } from '../action-options.ts'
import type { CommandEntry } from '../entry.ts'
import { serviceOptions } from '../options.ts'

const ownRunbooks = serviceOptions.filter((option) => option.flags.startsWith('--runbooks'))

export const runbookList: CommandEntry = {
  usage: 'runbook list',
  summary: 'list the runbooks',
  group: 'runbook',
  options: ownRunbooks,
  examples: [{ line: 'task-mcp runbook list --json', about: 'with their alerts, symptoms and steps' }],
  cluster: false,
  load: async () => ({ run: (await import('../runbook.ts')).list }),
}

export const runbookShow: CommandEntry = {
  usage: 'runbook show <name>',
  summary: 'print a runbook with the lines to type by hand',
  group: 'runbook',
  about:
    'The names of the service are filled in from the settings. The document itself is runbooks/NAME.md, for when this tool is not at hand.',
  words: { name: { about: 'as `runbook list` has it', completes: 'runbook' } },
  options: ownRunbooks,
  examples: [
    { line: 'task-mcp runbook show service-downtime', about: 'read it' },
    { line: 'task-mcp runbook show escalation', about: 'who is called when' },
  ],
  cluster: false,
  load: async () => ({ run: (await import('../runbook.ts')).show }),
}

export const runbookLint: CommandEntry = {
  usage: 'runbook lint',
  summary: 'check that everything the runbooks name exists',
  group: 'runbook',
  about:
    'Checks, actions, contacts and metrics that exist; task-mcp lines that parse; alerts that are in the shipped rules and lead back; no line that is known to do harm. Checks and commands that are known and not there yet are listed as unfilled.',
  options: [...ownRunbooks, { flags: '--strict', summary: 'unfilled checks and commands count as errors' }],
  examples: [
    { line: 'task-mcp runbook lint', about: 'all runbooks' },
    { line: 'task-mcp runbook lint --runbooks ours --strict', about: 'those of your own too, in CI' },
  ],
  exits: { 0: 'no error', 3: 'errors' },
  cluster: false,
  load: async () => ({ run: (await import('../runbook.ts')).check }),
}

const left = ['--dry-run', '--yes']

export const runbookRun: CommandEntry = {
  usage: 'runbook run [name]',
  summary: 'walk a runbook: each check answered, each action a choice',
  group: 'runbook',
  about:
    'In a terminal it goes from step to step: checks with their answers, actions as plans to run, skip, note, escalate or stop, manual steps with what to look at and a line for what was found. Every answer is in the run record before the next step, so a closed terminal loses nothing. With --timeout the walk ends then, and --resume goes on. Without a terminal, or with --yes-to, it is the same walk and nobody is asked: the actions in the list are done when they are the first remedy of the first cause.',
  words: { name: { about: 'as `runbook list` has it; chosen by the symptoms when not said', completes: 'runbook' } },
  options: [
    {
      flags: '--yes-to <actions>',
      summary: 'walk unattended and do these actions where they are called for: restart,scale; none does nothing',
      repeat: true,
    },
    { flags: '--resume [walk]', summary: 'go on with the last walk that was not finished, or the one of this id' },
    ...actionOptions.filter((option) => !left.some((flag) => option.flags.includes(flag))),
  ],
  examples: [
    { line: 'task-mcp runbook run service-downtime', about: 'walk it' },
    { line: 'task-mcp runbook run service-downtime --resume', about: 'go on where the terminal was closed' },
    { line: 'task-mcp runbook run high-error-rate --yes-to rollback,scale --json', about: 'unattended' },
  ],
  exits: {
    0: 'healthy at the end',
    3: 'a cause is left',
    5: 'inconclusive',
    6: 'an action was applied and did not come true',
  },
  load: () => import('../runbook-run.ts'),
}
