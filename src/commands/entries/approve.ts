import type { CommandEntry } from '../entry.ts'

export const approve: CommandEntry = {
  usage: 'approve <file>',
  summary: "sign somebody else's plan, where two people are needed",
  group: 'act',
  about:
    'Where approval.signers is set, every change needs a plan file (--plan-out) that somebody else has approved. A file that was changed, is over, or was made by you is refused. Nothing is asked of a cluster here.',
  words: { file: { about: 'the plan file', completes: 'file' } },
  options: [
    { flags: '--key <file>', summary: 'your Ed25519 key, as ssh or PEM; approval.key of the settings when not said', completes: 'file' },
    { flags: '-y, --yes', summary: 'do not ask' },
  ],
  examples: [{ line: 'task-mcp approve restart.plan --key ~/.ssh/id_ed25519', about: 'look at it, and sign it' }],
  exits: { 4: 'the plan was changed or is your own', 6: 'the plan is over', 7: 'not approved' },
  cluster: false,
  load: () => import('../two-people.ts'),
}
