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
