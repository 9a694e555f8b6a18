import { icons } from './icons.ts'

/** Who we say we are, in both eras. The icon is for the one time when a client introduces us to somebody. */
export const serverInfo = (version: string, withIcon: boolean): object => ({
  name: 'task-mcp',
  title: 'Shared task list',
  version,
  ...(withIcon ? { icons: icons.list } : {}),
})

export const instructions =
  'A shared, durable task list for people and agents. To get work: claim_task, then heartbeat_task while you work, then complete_task with the claimId. ' +
  'To look: list_tasks and search_tasks. To change: get_task for the version, then update_task. Give every write an idempotencyKey when you might repeat it.'
