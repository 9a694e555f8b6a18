import type { CommandEntry } from '../entry.ts'
import { explainOption } from '../explain-option.ts'
import { serviceOptions } from '../options.ts'

const alerts: CommandEntry = {
  usage: 'alerts',
  summary: 'list the alerts that fire',
  group: 'look',
  options: [{ flags: '--all', summary: 'also what is silenced, or held back by another alert' }, explainOption, ...serviceOptions],
  examples: [
    { line: 'task-mcp alerts', about: 'what fires now, worst first' },
    { line: 'task-mcp alerts --all --alertmanager http://localhost:9093', about: 'an Alertmanager of your own' },
  ],
  exits: { 0: 'nothing fires', 3: 'something fires', 5: 'Alertmanager could not be asked' },
  load: () => import('../alerts.ts'),
}

const alertsExplain: CommandEntry = {
  usage: 'alerts explain <name>',
  summary: 'say why an alert fires, or why not',
  group: 'look',
  about:
    'Takes the rule apart and asks Prometheus for every side of it: the value now against its threshold. Rules that are not ours are read from the link that their alert carries.',
  words: { '<name>': { about: 'name of the alert' } },
  options: serviceOptions,
  examples: [{ line: 'task-mcp alerts explain TaskMCPHighErrorRateFastBurn', about: 'which rule, the values now, since when' }],
  exits: { 0: 'it does not fire', 3: 'it fires', 5: 'Alertmanager could not be asked' },
  load: () => import('../alerts-explain.ts'),
}

const alertsSilence: CommandEntry = {
  usage: 'alerts silence <matchers...>',
  summary: 'keep alerts quiet for a while',
  group: 'act',
  about:
    'Shows which alerts it would hold, as Alertmanager itself matches them, and asks. A silence always has an end, an author and a reason, and never matches everything.',
  words: { '<matchers...>': { about: 'an alert name, or label=value, label!=value, label=~expression, label!~expression; all must hold' } },
  options: [
    { flags: '--for <duration>', summary: 'how long, a week at most', kind: 'duration' },
    { flags: '--comment <text>', summary: 'why' },
    { flags: '--author <name>', summary: 'who; $USER when not said' },
    { flags: '--dry-run', summary: 'only show what it would hold' },
    { flags: '-y, --yes', summary: 'do not ask' },
    ...serviceOptions,
  ],
  examples: [
    {
      line: 'task-mcp alerts silence TaskMCPHighMemoryUsage instance=pod-a --for 2h --comment "heap dump running"',
      about: 'one alert of one pod',
    },
  ],
  exits: { 0: 'silenced, or a dry run', 2: 'it would match everything, or lacks an end or a reason', 7: 'declined' },
  load: () => import('../alerts-silence.ts'),
}

const alertsGroups: CommandEntry = {
  usage: 'alerts groups',
  summary: 'show who is told what, in which message',
  group: 'look',
  options: serviceOptions,
  examples: [{ line: 'task-mcp alerts groups', about: 'by receiver, as Alertmanager groups them' }],
  exits: { 0: 'nothing fires', 3: 'something fires', 5: 'Alertmanager could not be asked' },
  load: () => import('../alerts-groups.ts'),
}

const alertsSilences: CommandEntry = {
  usage: 'alerts silences',
  summary: 'list silences, and what each holds',
  group: 'look',
  options: [{ flags: '--expired', summary: 'also those that have ended' }, ...serviceOptions],
  examples: [{ line: 'task-mcp alerts silences', about: 'those that are or will be, the next to end first' }],
  exits: { 0: 'listed', 5: 'Alertmanager could not be asked' },
  load: () => import('../alerts-silences.ts'),
}

const alertsExpire: CommandEntry = {
  usage: 'alerts expire <ids...>',
  summary: 'end silences before their time',
  group: 'act',
  about: 'Shows what each holds, and asks. One that has ended already is no mistake.',
  words: { '<ids...>': { about: 'ids of silences, or their first letters where those are enough' } },
  options: [{ flags: '--dry-run', summary: 'only show what they hold' }, { flags: '-y, --yes', summary: 'do not ask' }, ...serviceOptions],
  examples: [{ line: 'task-mcp alerts expire 3f6c1a', about: 'by the first letters of its id' }],
  exits: { 0: 'ended, or a dry run', 5: 'there is no such silence, or Alertmanager could not be asked', 7: 'declined' },
  load: () => import('../alerts-expire.ts'),
}

export const alertEntries: readonly CommandEntry[] = [alerts, alertsExplain, alertsGroups, alertsSilences]

export const silenceEntries: readonly CommandEntry[] = [alertsSilence, alertsExpire]
