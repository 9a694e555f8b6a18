import { bulkActions } from '../tasks/bulk.ts'
import { mostLabels } from '../tasks/changes.ts'
import { priorities } from '../tasks/task.ts'
import type { JsonSchema } from './definition.ts'

/** The schemas of the task tools. One object each, so that each is compiled once. */

const text = (maxLength: number, description: string, minLength = 0): JsonSchema => ({
  type: 'string',
  maxLength,
  ...(minLength > 0 ? { minLength } : {}),
  description,
})
const strings = (maxItems: number, maxLength: number, description: string): JsonSchema => ({
  type: 'array',
  items: { type: 'string', minLength: 1, maxLength },
  maxItems,
  description,
})

const id = text(64, 'id of the task, such as task_01k3...', 1)
const version = {
  type: 'integer',
  minimum: 1,
  maximum: Number.MAX_SAFE_INTEGER,
  description: 'the version you saw; the call is refused when somebody changed the task since',
}
const claimId = text(64, 'id of your claim, from claim_task; needed while the task is claimed', 1)
const idempotencyKey = text(
  128,
  'any text of your own; repeating a call with the same key and arguments within a day does nothing and gives the first answer',
  1,
)
const leaseSeconds = {
  type: 'integer',
  minimum: 1,
  maximum: 86400,
  default: 300,
  description: 'how long the claim holds without a heartbeat',
}
const limit = { type: 'integer', minimum: 1, maximum: 200, default: 50, description: 'most items in the answer' }
const cursor = text(512, 'nextCursor of the page before, with the same other arguments', 1)
const priority = { type: 'string', enum: [...priorities] }
const fields = {
  title: text(300, 'what is to be done, in a few words', 1),
  description: text(20000, 'whatever helps to do it: context, links, what counts as done'),
  priority: { ...priority, description: 'normal when left out' },
  labels: strings(mostLabels, 60, 'words to find it by, such as a project or a team'),
  dueAt: {
    type: ['string', 'null'],
    maxLength: 40,
    description: 'when it must be done: 2031-05-04 or 2031-05-04T17:00:00Z; null for no date',
  },
  dependsOn: strings(50, 64, 'ids of tasks that must be completed first'),
}

/** An object schema that refuses arguments it does not know: a misspelt one should not be lost in silence. */
const input = (properties: Readonly<Record<string, JsonSchema>>, required: readonly string[] = []): JsonSchema => ({
  type: 'object',
  properties,
  ...(required.length > 0 ? { required } : {}),
  additionalProperties: false,
})

const filters = {
  labels: strings(10, 60, 'only tasks that have all of these labels'),
  priority: { ...priority, description: 'only tasks of this priority' },
  claimedBy: text(200, 'only tasks that this person or agent holds now', 1),
  dueBefore: text(40, 'only tasks due before this date', 1),
  sort: {
    type: 'string',
    enum: ['created', '-created', 'updated', '-updated', 'priority', 'due'],
    default: '-created',
    description: 'order; - is newest first',
  },
  limit,
  cursor,
}

/** Tasks that one call may change, delete or create. */
const most = { change: 500, remove: 500, create: 100, export: 5000 } as const

const items = (maxItems: number, of: JsonSchema, description: string): JsonSchema => ({
  type: 'array',
  minItems: 1,
  maxItems,
  items: of,
  description,
})

export const inputs = {
  create: input({ ...fields, idempotencyKey }, ['title']),
  createMany: input(
    {
      tasks: {
        type: 'array',
        minItems: 1,
        maxItems: most.create,
        items: input(
          {
            ...fields,
            dependsOn: { ...fields.dependsOn, description: 'ids of tasks that must be completed first; #1 is the first task of this call' },
          },
          ['title'],
        ),
      },
      idempotencyKey,
    },
    ['tasks'],
  ),
  get: input({ id }, ['id']),
  list: input({
    status: { type: 'string', enum: ['open', 'completed', 'any'], default: 'open', description: 'which tasks' },
    ready: { type: 'boolean', description: 'only open tasks that wait for nothing and that nobody holds' },
    ...filters,
  }),
  search: input(
    {
      text: text(200, 'words that must all occur in title, description or labels; case does not matter', 1),
      status: { type: 'string', enum: ['open', 'completed', 'any'], default: 'any' },
      ...filters,
    },
    ['text'],
  ),
  update: input({ id, version, ...fields, idempotencyKey }, ['id', 'version']),
  changeMany: input(
    {
      changes: items(
        most.change,
        input(
          {
            id,
            action: {
              type: 'string',
              enum: [...bulkActions],
              description: 'update replaces the given fields and needs version; label takes addLabels and removeLabels',
            },
            version,
            claimId,
            ...fields,
            addLabels: strings(mostLabels, 60, 'for label: labels that it gets besides those it has'),
            removeLabels: strings(mostLabels, 60, 'for label: labels that it loses'),
          },
          ['id', 'action'],
        ),
        'what to do with each task',
      ),
      idempotencyKey,
    },
    ['changes'],
  ),
  removeMany: input({ tasks: items(most.remove, input({ id, version, claimId }, ['id']), 'which tasks'), idempotencyKey }, ['tasks']),
  complete: input({ id, version, claimId, idempotencyKey }, ['id']),
  reopen: input({ id, version, idempotencyKey }, ['id']),
  remove: input({ id, version, claimId, idempotencyKey }, ['id']),
  export: input({
    format: { type: 'string', enum: ['csv', 'jsonl'], default: 'jsonl', description: 'csv for a spreadsheet, jsonl for a program' },
    status: { type: 'string', enum: ['open', 'completed', 'any'], default: 'any' },
    ...filters,
    limit: { type: 'integer', minimum: 1, maximum: most.export, default: most.export, description: 'most tasks in one export' },
  }),
  claim: input({
    id: { ...id, description: 'a certain task; leave out for the next ready one' },
    label: text(60, 'only a task with this label', 1),
    leaseSeconds,
    idempotencyKey,
  }),
  heartbeat: input({ id, claimId, leaseSeconds, idempotencyKey }, ['id', 'claimId']),
  release: input({ id, claimId, idempotencyKey }, ['id', 'claimId']),
  comment: input({ id, body: text(20000, 'the comment', 1), idempotencyKey }, ['id', 'body']),
  comments: input({ id, limit, after: text(64, 'id of the last comment you have', 1) }, ['id']),
  history: input(
    {
      id,
      limit,
      before: { type: 'integer', minimum: 1, maximum: Number.MAX_SAFE_INTEGER, description: 'sequence of the oldest entry you have' },
    },
    ['id'],
  ),
} as const

const string = { type: 'string' }
const stringOrNull = { type: ['string', 'null'] }

const task: JsonSchema = {
  type: 'object',
  properties: {
    id: string,
    title: string,
    description: string,
    status: { type: 'string', enum: ['open', 'completed'] },
    priority,
    labels: { type: 'array', items: string },
    dueAt: stringOrNull,
    dependsOn: { type: 'array', items: string },
    blocked: { type: 'boolean', description: 'true while a task it depends on is open' },
    claim: { type: ['object', 'null'], properties: { by: string, until: string }, required: ['by', 'until'] },
    version: { type: 'integer' },
    createdAt: string,
    createdBy: string,
    updatedAt: string,
    updatedBy: string,
    completedAt: stringOrNull,
    completedBy: stringOrNull,
  },
  required: [
    'id',
    'title',
    'description',
    'status',
    'priority',
    'labels',
    'dueAt',
    'dependsOn',
    'blocked',
    'claim',
    'version',
    'createdAt',
    'createdBy',
    'updatedAt',
    'updatedBy',
    'completedAt',
    'completedBy',
  ],
}
const claim: JsonSchema = { type: 'object', properties: { id: string, until: string }, required: ['id', 'until'] }
const comment: JsonSchema = {
  type: 'object',
  properties: { id: string, taskId: string, author: string, body: string, createdAt: string },
  required: ['id', 'taskId', 'author', 'body', 'createdAt'],
}
const entry: JsonSchema = {
  type: 'object',
  properties: {
    sequence: { type: 'integer' },
    version: { type: 'integer' },
    at: string,
    actor: string,
    action: string,
    changes: { type: 'object' },
  },
  required: ['sequence', 'version', 'at', 'actor', 'action', 'changes'],
}
const output = (properties: Readonly<Record<string, JsonSchema>>, required: readonly string[]): JsonSchema => ({
  type: 'object',
  properties,
  required,
})

export const outputs = {
  task: output({ task }, ['task']),
  tasks: output({ tasks: { type: 'array', items: task } }, ['tasks']),
  page: output({ tasks: { type: 'array', items: task }, nextCursor: string }, ['tasks']),
  claimed: output({ task: { ...task, type: ['object', 'null'] }, claim }, ['task']),
  claim: output({ claim }, ['claim']),
  many: output(
    {
      done: { type: 'integer', description: 'how many were done' },
      refused: { type: 'integer', description: 'how many were not; their results say why' },
      results: {
        type: 'array',
        description: 'one for each, in the order of the call',
        items: {
          type: 'object',
          properties: { id: string, ok: { type: 'boolean' }, version: { type: 'integer' }, error: string, message: string },
          required: ['id', 'ok'],
        },
      },
    },
    ['done', 'refused', 'results'],
  ),
  exported: output({ format: string, tasks: { type: 'integer', description: 'how many are in it' }, nextCursor: string }, [
    'format',
    'tasks',
  ]),
  removed: output({ id: string, deleted: { type: 'boolean' } }, ['id', 'deleted']),
  comment: output({ comment }, ['comment']),
  comments: output({ comments: { type: 'array', items: comment } }, ['comments']),
  history: output({ history: { type: 'array', items: entry } }, ['history']),
} as const
