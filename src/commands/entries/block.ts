import { actionExits, actionOptions } from '../action-options.ts'
import type { CommandEntry } from '../entry.ts'
import { serviceOptions } from '../options.ts'

const who = { who: { about: 'an address (203.0.113.7), a network (203.0.113.0/24), or principal/NAME: its name, or its tag in the log' } }

export const blockAdd: CommandEntry = {
  usage: 'block add <who>',
  summary: 'keep an address or a principal out, for a time',
  group: 'act',
  about:
    "Puts it on the server's own list, in the settings file that the pods read again while they run: 403 from then on, its open streams end, and the server lets it in again by itself when the time is over. For a service without such a list --by policy narrows the NetworkPolicies on its pods; they only allow, so every rule that lets the address in is narrowed, and where no policy selects the pods there is nothing to narrow. A server sees the address of the connection: behind a NodePort or LoadBalancer with externalTrafficPolicy Cluster it is a node's, behind an ingress it is the controller's.",
  words: who,
  options: [
    { flags: '--for <duration>', summary: 'how long; for good when not said', kind: 'duration' },
    { flags: '--by <means>', summary: 'by the list of the server, or by NetworkPolicies', choices: ['server', 'policy'] },
    ...actionOptions,
  ],
  examples: [
    { line: 'task-mcp block add 203.0.113.0/24 --for 1h', about: 'a network, for an hour' },
    { line: 'task-mcp block add principal/9a66f10f --for 30m', about: 'a principal by its tag in the log' },
    { line: 'task-mcp block list', about: 'who is kept out, and for how long' },
  ],
  exits: actionExits,
  load: () => import('../block.ts'),
}

export const blockList: CommandEntry = {
  usage: 'block list',
  summary: 'list who is kept out, until when, and how often',
  group: 'act',
  options: serviceOptions,
  examples: [{ line: 'task-mcp block list --json', about: 'for a program' }],
  load: async () => ({ run: (await import('../block.ts')).list }),
}

export const blockRemove: CommandEntry = {
  usage: 'block remove <who>',
  summary: 'let somebody in again before the time is over',
  group: 'act',
  words: who,
  options: actionOptions,
  examples: [{ line: 'task-mcp block remove 203.0.113.0/24', about: 'take it off the list' }],
  exits: actionExits,
  load: async () => ({ run: (await import('../block.ts')).remove }),
}
