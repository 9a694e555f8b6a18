import type { CommandEntry, OptionEntry } from '../entry.ts'
import { serviceOptions } from '../options.ts'

const about: readonly OptionEntry[] = [
  { flags: '--onset <when>', summary: 'when it began: a time, or how long ago (26m); else the open incident, else the diagnosis' },
  { flags: '--answer <fact>', summary: 'what you know: NAME=yes or NAME=no, for example customer_data_breach=no', repeat: true },
  { flags: '--no-look', summary: 'do not look at the service first' },
]

export const escalate: CommandEntry = {
  usage: 'escalate [level]',
  summary: 'call the people of a level',
  group: 'incident',
  about:
    'Without a level, the one that is due. Calls the contacts of the level one after the other, each by their channels, until one is reached; what fails is said, and the next is tried. The message says what users notice, since when, what was tried and what is not known, and nothing that looks like a credential. Every attempt is in the run record and in the open incident.',
  words: { '[level]': { about: '1, 2, 3 (or L1, L2, L3)', completes: ['1', '2', '3'] } },
  options: [
    { flags: '--to <name>', summary: 'only this person or team: an id or a name as task-mcp contacts lists them' },
    { flags: '--message <text>', summary: 'your words, before the rest' },
    { flags: '--wait <duration>', summary: 'wait for somebody to take it on; who does not is followed by the next', kind: 'duration' },
    { flags: '--dry-run', summary: 'show exactly what would be sent, secrets hidden, and send nothing' },
    { flags: '-y, --yes', summary: 'do not ask' },
    ...about,
    ...serviceOptions,
  ],
  examples: [
    { line: 'task-mcp escalate --dry-run', about: 'who is due, and what they would be told' },
    { line: 'task-mcp escalate 2 --message "database is read-only" --wait 5m', about: 'the engineering lead, and wait until they have it' },
    { line: 'task-mcp escalate 1 --to database --yes', about: 'one team alone' },
  ],
  exits: {
    0: 'somebody was reached (with --wait: has taken it on), nobody is due, or a dry run',
    5: 'nobody could be reached, or no channel is set up',
    6: 'reached, but nobody has taken it on within --wait',
    7: 'declined, or --yes is needed',
  },
  load: () => import('../escalate.ts'),
}

export const escalateStatus: CommandEntry = {
  usage: 'escalate status',
  summary: 'say who is due to be called, when and why',
  group: 'incident',
  about:
    'The clock runs from the onset of the trouble. What decides is taken from a look at the service, from the open incident and from what you answer; what is not known is listed. Reads back whether those who were called have taken it on, where their service can tell.',
  options: [
    ...about,
    { flags: '--ask', summary: 'ask about everything that is not known' },
    { flags: '--answered <name>', summary: 'this person has answered, by voice or in the channel' },
    ...serviceOptions,
  ],
  examples: [
    { line: 'task-mcp escalate status', about: 'what is due now and next' },
    { line: 'task-mcp escalate status --onset 26m --answer several_systems_affected=no', about: 'with what you know' },
  ],
  exits: { 0: 'nobody is due now', 3: 'somebody is due now' },
  load: () => import('../escalate-status.ts'),
}

export const contacts: CommandEntry = {
  usage: 'contacts [name]',
  summary: 'list whom to call, and who is on call now',
  group: 'incident',
  words: { '[name]': { about: 'a person, or a team' } },
  options: [
    { flags: '--at <time>', summary: 'who is on call then' },
    ...serviceOptions.filter((option) => option.flags.startsWith('--runbooks')),
  ],
  examples: [
    { line: 'task-mcp contacts', about: 'everybody' },
    { line: 'task-mcp contacts database', about: 'one team' },
    { line: 'task-mcp contacts --at 2026-12-24T18:00:00+01:00', about: 'who has Christmas Eve' },
  ],
  exits: { 0: 'listed', 3: 'a schedule has a gap: nobody is on call' },
  cluster: false,
  load: () => import('../contacts.ts'),
}
