/** What can be done to one task, inside a transaction. Each gives the task as it is then. All throw Refusal. */
import { newId } from './identifier.ts'
import { distinct, setDependencies, setLabels } from './relations.ts'
import { millisecondsOf, searchText, taskOf } from './row.ts'
import { type Priority, priorities, Refusal, type Task } from './task.ts'
import { type Act, changeTask, checkClaim, checkVersion, loadTask, lockTask, record } from './write.ts'

export interface TaskFields {
  readonly title: string
  readonly description?: string
  readonly priority?: Priority
  readonly labels?: readonly string[]
  readonly dueAt?: string | null
  readonly dependsOn?: readonly string[]
}

/** Which task, and what the caller knows of it. */
export interface Named {
  readonly id: string
  /** The version that the caller saw. */
  readonly version?: number
  /** The caller's claim, needed while the task is claimed. */
  readonly claimId?: string
}

export async function create(act: Act, fields: TaskFields): Promise<Task> {
  const id = newId('task', act.now)
  const labels = distinct(fields.labels ?? [])
  const dependsOn = distinct(fields.dependsOn ?? [])
  const after = {
    title: fields.title.trim(),
    description: fields.description ?? '',
    priority: fields.priority ?? 'normal',
    labels,
    dependsOn,
    dueAt: fields.dueAt ?? null,
  }
  if (after.title === '') throw new Refusal('invalid', 'the title is empty: say in a few words what is to be done')
  const columns = {
    ...columnsOf(after),
    id,
    status: 'open',
    version: 1,
    created_at: act.now,
    created_by: act.actor,
    updated_at: act.now,
    updated_by: act.actor,
  }
  const names = Object.keys(columns)
  await act.tx.run(`INSERT INTO tasks (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})`, ...Object.values(columns))
  if (labels.length > 0) await setLabels(act.tx, id, labels)
  if (dependsOn.length > 0) await setDependencies(act.tx, id, dependsOn)
  await record(act, id, 1, 'created', { title: after.title })
  return loadTask(act.tx, id, act.now)
}

export async function update(act: Act, change: Partial<TaskFields> & { id: string; version: number }): Promise<Task> {
  const row = await lockTask(act, change.id)
  checkVersion(row, change.version)
  const before = taskOf(row, act.now)
  const after = { ...before, ...given(change) }
  if (change.labels !== undefined) await setLabels(act.tx, before.id, after.labels)
  if (change.dependsOn !== undefined) await setDependencies(act.tx, before.id, after.dependsOn)
  await changeTask(act, row, 'updated', columnsOf(after), difference(before, after))
  return loadTask(act.tx, before.id, act.now)
}

/** Adds and takes away labels and leaves the others. Changes nothing when it has them already. */
export async function relabel(
  act: Act,
  change: Named & { addLabels?: readonly string[]; removeLabels?: readonly string[] },
): Promise<Task> {
  const row = await lockTask(act, change.id)
  checkVersion(row, change.version)
  const before = taskOf(row, act.now)
  const gone = new Set(distinct(change.removeLabels ?? []))
  const labels = distinct([...before.labels.filter((label) => !gone.has(label)), ...(change.addLabels ?? [])])
  if (labels.length > mostLabels)
    throw new Refusal('invalid', `task ${change.id} would have ${labels.length} labels, and ${mostLabels} is the most: remove some`)
  if (JSON.stringify(labels) === JSON.stringify(before.labels)) return before
  const after = { ...before, labels }
  await setLabels(act.tx, before.id, labels)
  await changeTask(act, row, 'updated', columnsOf(after), difference(before, after))
  return loadTask(act.tx, before.id, act.now)
}

export async function complete(act: Act, request: Named): Promise<Task> {
  const row = await lockTask(act, request.id)
  if (row.status === 'completed') return taskOf(row, act.now)
  checkVersion(row, request.version)
  checkClaim(row, request.claimId, act.now)
  const columns = {
    status: 'completed',
    completed_at: act.now,
    completed_by: act.actor,
    claim_id: null,
    claimed_by: null,
    claimed_until: null,
  }
  await changeTask(act, row, 'completed', columns, {})
  return loadTask(act.tx, request.id, act.now)
}

export async function reopen(act: Act, request: Named): Promise<Task> {
  const row = await lockTask(act, request.id)
  if (row.status === 'open') return taskOf(row, act.now)
  checkVersion(row, request.version)
  await changeTask(act, row, 'reopened', { status: 'open', completed_at: null, completed_by: null }, {})
  return loadTask(act.tx, request.id, act.now)
}

export async function remove(act: Act, request: Named): Promise<{ id: string; deleted: true }> {
  const row = await lockTask(act, request.id)
  checkVersion(row, request.version)
  checkClaim(row, request.claimId, act.now)
  const columns = { deleted_at: act.now, claim_id: null, claimed_by: null, claimed_until: null }
  await changeTask(act, row, 'deleted', columns, { title: row.title })
  return { id: request.id, deleted: true }
}

/** As the schema of a task's labels has it. */
export const mostLabels = 20

type Editable = Pick<Task, 'title' | 'description' | 'priority' | 'labels' | 'dependsOn' | 'dueAt'>

function columnsOf(task: Editable) {
  return {
    title: task.title,
    description: task.description,
    priority: priorities.indexOf(task.priority),
    labels: JSON.stringify(task.labels),
    depends_on: JSON.stringify(task.dependsOn),
    due_at: task.dueAt === null ? null : millisecondsOf('dueAt', task.dueAt),
    search_text: searchText(task.title, task.description, ...task.labels),
  }
}

function given(change: Partial<TaskFields>): Partial<Editable> {
  const result: Partial<Record<keyof Editable, unknown>> = {}
  for (const name of ['title', 'description', 'priority', 'dueAt'] as const) if (change[name] !== undefined) result[name] = change[name]
  if (change.title !== undefined && change.title.trim() === '')
    throw new Refusal('invalid', 'the title is empty: say in a few words what is to be done')
  if (change.labels !== undefined) result.labels = distinct(change.labels)
  if (change.dependsOn !== undefined) result.dependsOn = distinct(change.dependsOn)
  return result as Partial<Editable>
}

function difference(before: Editable, after: Editable): Record<string, { from: unknown; to: unknown }> {
  const changes: Record<string, { from: unknown; to: unknown }> = {}
  for (const name of ['title', 'description', 'priority', 'labels', 'dependsOn', 'dueAt'] as const)
    if (JSON.stringify(before[name]) !== JSON.stringify(after[name])) changes[name] = { from: before[name], to: after[name] }
  return changes
}
