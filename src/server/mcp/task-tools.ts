import type { TaskFields } from '../tasks/changes.ts'
import type { Filter } from '../tasks/find.ts'
import type { TaskList, WriteOptions } from '../tasks/task-list.ts'
import { bulkTools } from './bulk-tools.ts'
import type { Tool } from './definition.ts'
import { watchOf } from './progress.ts'
import { inputs, outputs } from './task-schemas.ts'
import { type Leave, toolKinds, who } from './tool-kinds.ts'

type Keyed = WriteOptions
type Asked = Filter & { limit: number; cursor?: string }

/**
 * The tools of the task list. What `call` gives is the structured answer; its JSON text is made from it. `leave` is asked before
 * each write, and throws to refuse it.
 */
export function taskTools(list: TaskList, leave: Leave): readonly Tool[] {
  const { reads, writes } = toolKinds(leave)

  return [
    writes(
      'create_task',
      'Create a task',
      'Adds a task to the shared list. Give an idempotencyKey when you might have to call again.',
      inputs.create,
      outputs.task,
      async (input: TaskFields & Keyed, exchange) => ({
        task: await list.create(who(exchange), input),
      }),
    ),
    writes(
      'create_tasks',
      'Create several tasks',
      'Adds up to 100 tasks at once, all or none. A task can depend on an earlier one of the same call by #1, #2 and so on.',
      inputs.createMany,
      outputs.tasks,
      async (input: { tasks: readonly TaskFields[] } & Keyed, exchange) => ({
        tasks: await list.createMany(who(exchange), input),
      }),
    ),
    reads(
      'get_task',
      'Get a task',
      'One task by its id, with its version, which update_task needs.',
      inputs.get,
      outputs.task,
      async ({ id }: { id: string }) => ({ task: await list.get(id) }),
    ),
    ...bulkTools(list, leave),
    reads(
      'list_tasks',
      'List tasks',
      'Tasks by status, labels, priority, holder or due date, a page at a time. To look for words use search_tasks; to get work use claim_task.',
      inputs.list,
      outputs.page,
      async ({ limit, cursor, ...filter }: Asked) => list.list(filter, { limit, cursor }),
    ),
    reads(
      'search_tasks',
      'Search tasks',
      'Tasks whose title, description or labels contain all the given words.',
      inputs.search,
      outputs.page,
      async ({ limit, cursor, ...filter }: Asked, exchange, params) => list.search(filter, { limit, cursor }, watchOf(exchange, params)),
    ),
    writes(
      'update_task',
      'Change a task',
      'Replaces the given fields of a task and leaves the others. Needs the version from get_task; when it is refused with version_conflict, read again and decide again.',
      inputs.update,
      outputs.task,
      async (input: Partial<TaskFields> & { id: string; version: number } & Keyed, exchange) => ({
        task: await list.update(who(exchange), input),
      }),
    ),
    writes(
      'complete_task',
      'Complete a task',
      'Marks a task as done and ends its claim. Completing a completed task changes nothing.',
      inputs.complete,
      outputs.task,
      async (input: { id: string } & Keyed, exchange) => ({
        task: await list.complete(who(exchange), input),
      }),
    ),
    writes(
      'reopen_task',
      'Reopen a task',
      'Makes a completed task open again.',
      inputs.reopen,
      outputs.task,
      async (input: { id: string } & Keyed, exchange) => ({
        task: await list.reopen(who(exchange), input),
      }),
    ),
    writes(
      'delete_task',
      'Delete a task',
      'Removes a task from the list for good; its history stays. Tasks that waited for it wait no longer.',
      inputs.remove,
      outputs.removed,
      async (input: { id: string } & Keyed, exchange) => list.remove(who(exchange), input),
      true,
    ),
    writes(
      'claim_task',
      'Claim the next task',
      'Takes the most urgent ready task for you alone, or the one with the given id. Send heartbeat_task before the lease ends, then complete_task or release_task with the claimId. The task is null when nothing is ready.',
      inputs.claim,
      outputs.claimed,
      async (input: { id?: string; label?: string; leaseSeconds: number } & Keyed, exchange) => list.claim(who(exchange), input),
    ),
    writes(
      'heartbeat_task',
      'Keep a claim',
      'Makes the lease of your claim last from now. When it is refused with lease_lost, stop: somebody else may have the task.',
      inputs.heartbeat,
      outputs.claim,
      async (input: { id: string; claimId: string; leaseSeconds: number } & Keyed, exchange) => ({
        claim: await list.heartbeat(who(exchange), input),
      }),
    ),
    writes(
      'release_task',
      'Give a task back',
      'Ends your claim without completing the task, so that others can take it.',
      inputs.release,
      outputs.task,
      async (input: { id: string; claimId: string } & Keyed, exchange) => ({
        task: await list.release(who(exchange), input),
      }),
    ),
    writes(
      'add_comment',
      'Comment on a task',
      'Adds a comment for others to read.',
      inputs.comment,
      outputs.comment,
      async (input: { id: string; body: string } & Keyed, exchange) => ({
        comment: await list.comment(who(exchange), input),
      }),
    ),
    reads(
      'list_comments',
      'Read comments',
      'The comments of a task, oldest first.',
      inputs.comments,
      outputs.comments,
      async ({ id, ...page }: { id: string; limit: number; after?: string }) => ({
        comments: await list.comments(id, page),
      }),
    ),
    reads(
      'task_history',
      'Read history',
      'Who changed a task, when, and what; newest first. Works for deleted tasks too.',
      inputs.history,
      outputs.history,
      async ({ id, ...page }: { id: string; limit: number; before?: number }) => ({
        history: await list.history(id, page),
      }),
    ),
  ]
}
