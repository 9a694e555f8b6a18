import { Refusal, type Task } from '../tasks/task.ts'
import type { TaskList } from '../tasks/task-list.ts'
import type { ResourceFamily } from './definition.ts'
import { icons } from './icons.ts'
import { scopes } from './scopes.ts'

export const taskUri = (id: string): string => `task://${id}`
const pageSize = 100
const mimeType = 'application/json'

/** Each task as a resource `task://{id}`; the resources listed are the open tasks, newest first. */
export function taskResources(list: TaskList): ResourceFamily {
  return {
    scope: scopes.read,
    templates: [
      {
        uriTemplate: 'task://{id}',
        name: 'task',
        title: 'A task',
        description: 'One task as JSON, by its id. Subscribe to hear when it changes.',
        mimeType,
        icons: icons.task,
      },
    ],
    list: async (cursor) => {
      const { tasks, nextCursor } = await list.list({ status: 'open' }, { limit: pageSize, cursor })
      const resources = tasks.map((task) => ({ uri: taskUri(task.id), name: task.id, title: task.title, mimeType, icons: icons.task }))
      return nextCursor === undefined ? { resources } : { resources, nextCursor }
    },
    read: async (uri) => {
      const id = /^task:\/\/([a-z0-9_]+)$/.exec(uri)?.[1]
      const task = id === undefined ? undefined : await found(list, id)
      return task && [{ uri, mimeType, text: JSON.stringify(task) }]
    },
    complete: async (_template, _variable, prefix) => {
      const { tasks } = await list.list({ status: 'open' }, { limit: 200 })
      return tasks.map(({ id }) => id).filter((id) => id.startsWith(prefix))
    },
  }
}

async function found(list: TaskList, id: string): Promise<Task | undefined> {
  try {
    return await list.get(id)
  } catch (error) {
    if (error instanceof Refusal && error.code === 'not_found') return undefined
    throw error
  }
}
