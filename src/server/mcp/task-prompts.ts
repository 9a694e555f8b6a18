import type { TaskList } from '../tasks/task-list.ts'
import type { Prompt } from './definition.ts'
import { icons } from './icons.ts'
import { scopes } from './scopes.ts'

const said = (text: string): object => ({ messages: [{ role: 'user', content: { type: 'text', text } }] })

/** Prompts for the ways of working that the list is made for. */
export function taskPrompts(list: TaskList): readonly Prompt[] {
  return [
    {
      name: 'work_on_next_task',
      title: 'Work on the next task',
      description: 'Claims the next ready task, does it, and completes it.',
      icons: icons.claim,
      arguments: [{ name: 'label', description: 'only tasks with this label', required: false }],
      scope: scopes.write,
      get: async ({ label }) =>
        said(
          `Claim the next ready task with claim_task${label === undefined ? '' : ` and label "${label}"`}. If there is none, say so and stop. ` +
            'Otherwise read its description, comments and history first. While you work, send heartbeat_task well before the lease ends; if it is refused with lease_lost, stop at once. ' +
            'When the work is done, add_comment with what you did and how you know that it works, then complete_task with the claimId. ' +
            'If you cannot do it, add_comment with the reason, then release_task.',
        ),
      complete: async (_argument, prefix) => labelsWith(list, prefix),
    },
    {
      name: 'plan_tasks',
      title: 'Plan a goal as tasks',
      description: 'Breaks a goal into tasks with dependencies.',
      icons: icons.add,
      arguments: [{ name: 'goal', description: 'what is to be reached', required: true }],
      scope: scopes.write,
      get: async ({ goal }) =>
        said(
          `Break this goal into tasks that one person or agent can finish in a day: ${goal}\n` +
            'Look with search_tasks for tasks that exist already. Create the missing ones with create_task, each with a description that says what counts as done; ' +
            'give dependsOn where one must wait for another, and an idempotencyKey for each. Then list what you created in the order in which it becomes ready.',
        ),
    },
    {
      name: 'summarise_open_tasks',
      title: 'Summarise what is open',
      description: 'What is late, blocked, in work and ready.',
      icons: icons.read,
      arguments: [],
      scope: scopes.read,
      get: async () =>
        said(
          'With list_tasks, find what is overdue, what is blocked and by what, what is claimed and by whom, and what is ready. Give four short lists, the most urgent first, each with ids.',
        ),
    },
  ]
}

async function labelsWith(list: TaskList, prefix: string): Promise<readonly string[]> {
  const { tasks } = await list.list({ status: 'open' }, { limit: 200 })
  return [...new Set(tasks.flatMap(({ labels }) => labels))].filter((label) => label.startsWith(prefix)).sort()
}
