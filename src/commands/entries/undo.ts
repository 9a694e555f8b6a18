import { actionExits, actionOptions } from '../action-options.ts'
import type { CommandEntry } from '../entry.ts'

export const undo: CommandEntry = {
  usage: 'undo [change]',
  summary: 'take back a change that was made from here',
  group: 'act',
  about:
    'Puts every field that the change set back to what it was, as long as nobody else has changed it since. Changes are known from the run record of this user on this machine.',
  words: { change: { about: 'the eight characters that the change was called by; the last one when not said' } },
  options: actionOptions,
  examples: [{ line: 'task-mcp undo', about: 'the last change' }],
  exits: actionExits,
  load: () => import('../undo.ts'),
}
