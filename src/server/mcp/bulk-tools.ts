import type { BulkChange, BulkResult } from '../tasks/bulk.ts'
import type { Named } from '../tasks/changes.ts'
import type { Filter } from '../tasks/find.ts'
import type { TaskList, WriteOptions } from '../tasks/task-list.ts'
import type { Tool } from './definition.ts'
import { asCsv, asLines } from './export.ts'
import { watchOf } from './progress.ts'
import { inputs, outputs } from './task-schemas.ts'
import { type Leave, toolKinds, who } from './tool-kinds.ts'

/** About the largest export: what one message can reasonably carry. */
const mostCharacters = 4 * 1024 * 1024

/** By then most calls are over, and for the others nobody should wait with an open connection. */
const longAfter = 500

const formats = {
  csv: { mimeType: 'text/csv', write: asCsv },
  jsonl: { mimeType: 'application/x-ndjson', write: asLines },
} as const

/** The tools that take many tasks at once: they tell their progress, and stop when they are cancelled. */
export function bulkTools(list: TaskList, leave: Leave): readonly Tool[] {
  const { reads, writes } = toolKinds(leave)
  const tools = [
    writes(
      'change_tasks',
      'Change several tasks',
      'Updates, completes, reopens or labels up to 500 tasks in one call. Each is done or refused on its own, and its result says which. Give an idempotencyKey: when the call is cut short, the same call again does the rest.',
      inputs.changeMany,
      outputs.many,
      async (input: { changes: readonly BulkChange[] } & WriteOptions, exchange, params) =>
        summed(await list.changeMany(who(exchange), input, watchOf(exchange, params))),
    ),
    writes(
      'delete_tasks',
      'Delete several tasks',
      'Removes up to 500 tasks for good; their history stays. Each is deleted or refused on its own, and its result says which. With an idempotencyKey a call that was cut short can be repeated and does the rest.',
      inputs.removeMany,
      outputs.many,
      async (input: { tasks: readonly Named[] } & WriteOptions, exchange, params) =>
        summed(await list.removeMany(who(exchange), input, watchOf(exchange, params))),
      true,
    ),
    reads(
      'export_tasks',
      'Export tasks',
      'Whole tasks as one file, CSV or JSON lines, up to 5000 in one call; nextCursor says that there are more. To look for something use search_tasks or list_tasks.',
      inputs.export,
      outputs.exported,
      async (
        { format, limit, cursor, ...filter }: Filter & { format: keyof typeof formats; limit: number; cursor?: string },
        exchange,
        params,
      ) => {
        const { tasks, nextCursor } = await list.collect(filter, { most: limit, mostCharacters, cursor }, watchOf(exchange, params))
        const { mimeType, write } = formats[format]
        const answer = { format, tasks: tasks.length, ...(nextCursor === undefined ? {} : { nextCursor }) }
        return {
          content: [
            { type: 'text', text: JSON.stringify(answer) },
            { type: 'resource', resource: { uri: `task-export://tasks.${format}`, mimeType, text: write(tasks) } },
          ],
          structuredContent: answer,
        }
      },
    ),
  ]
  return tools.map((tool) => ({ ...tool, longAfter }))
}

function summed(results: readonly BulkResult[]): object {
  const done = results.filter(({ ok }) => ok).length
  return { done, refused: results.length - done, results }
}
