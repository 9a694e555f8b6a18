import type { Change, Store, Transaction } from '../store/port.ts'
import { type Claim, claim, heartbeat, release } from './claims.ts'
import { type Filter, findTasks, type Page } from './find.ts'
import { newId } from './identifier.ts'
import { distinct, setDependencies, setLabels } from './relations.ts'
import { keyLifetime, onceForKey } from './repeat.ts'
import { iso, millisecondsOf, searchText, taskColumns, taskOf } from './row.ts'
import { type Comment, type HistoryEntry, type Priority, priorities, Refusal, type Task } from './task.ts'
import { type Act, changeTask, checkClaim, checkVersion, lockTask, notFound, record } from './write.ts'

/** What every write may say besides its own fields. */
export interface WriteOptions {
  readonly idempotencyKey?: string
}

export interface TaskFields {
  readonly title: string
  readonly description?: string
  readonly priority?: Priority
  readonly labels?: readonly string[]
  readonly dueAt?: string | null
  readonly dependsOn?: readonly string[]
}

/** Every operation on the shared list. Each write is durable when its promise resolves. All throw Refusal and StoreError. */
export type TaskList = ReturnType<typeof createTaskList>

/** Names of the operations, as metrics and the slow-query log give them. */
export const operations = [
  'create',
  'create_many',
  'get',
  'list',
  'update',
  'complete',
  'reopen',
  'delete',
  'claim',
  'heartbeat',
  'release',
  'comment',
  'comments',
  'history',
  'changes',
  'forget',
] as const

/** Takes the store and the clock (milliseconds). */
export function createTaskList(store: Store, now: () => number) {
  const write = <T>(
    operation: (typeof operations)[number],
    actor: string,
    request: { idempotencyKey?: string },
    work: (act: Act) => Promise<T>,
  ): Promise<T> =>
    store.write(operation, (tx) => {
      const act = { tx, actor, now: now() }
      return onceForKey(act, request.idempotencyKey, [operation, request], () => work(act))
    })
  const load = async (tx: Transaction, id: string): Promise<Task> => {
    const row = await tx.get(`SELECT ${taskColumns} FROM tasks t WHERE t.id = ? AND t.deleted_at IS NULL`, id)
    if (row === undefined) throw notFound(id)
    return taskOf(row, now())
  }

  return {
    create: (actor: string, fields: TaskFields & WriteOptions): Promise<Task> =>
      write('create', actor, fields, (act) => create(act, fields, load)),

    /** All or none. In `dependsOn`, `#1` is the first task of the same call. */
    createMany: (actor: string, request: { tasks: readonly TaskFields[] } & WriteOptions): Promise<Task[]> =>
      write('create_many', actor, request, async (act) => {
        const made: Task[] = []
        for (const fields of request.tasks) {
          const dependsOn = (fields.dependsOn ?? []).map((id) => (/^#\d+$/.test(id) ? (made[Number(id.slice(1)) - 1]?.id ?? id) : id))
          made.push(await create(act, { ...fields, dependsOn }, load))
        }
        return made
      }),

    get: (id: string): Promise<Task> => store.read('get', (tx) => load(tx, id)),

    list: (filter: Filter, page: { limit: number; cursor?: string | undefined }): Promise<Page> =>
      store.read('list', (tx) => findTasks(tx, filter, page, now())),

    update: (actor: string, change: Partial<TaskFields> & { id: string; version: number } & WriteOptions): Promise<Task> =>
      write('update', actor, change, async (act) => {
        const row = await lockTask(act, change.id)
        checkVersion(row, change.version)
        const before = taskOf(row, act.now)
        const after = { ...before, ...given(change) }
        if (change.labels !== undefined) await setLabels(act.tx, before.id, after.labels)
        if (change.dependsOn !== undefined) await setDependencies(act.tx, before.id, after.dependsOn)
        await changeTask(act, row, 'updated', columnsOf(after), difference(before, after))
        return load(act.tx, before.id)
      }),

    complete: (actor: string, request: { id: string; version?: number; claimId?: string } & WriteOptions): Promise<Task> =>
      write('complete', actor, request, async (act) => {
        const row = await lockTask(act, request.id)
        if (row.status === 'completed') return taskOf(row, act.now)
        checkVersion(row, request.version)
        checkClaim(row, request.claimId, act.now)
        const columns = {
          status: 'completed',
          completed_at: act.now,
          completed_by: actor,
          claim_id: null,
          claimed_by: null,
          claimed_until: null,
        }
        await changeTask(act, row, 'completed', columns, {})
        return load(act.tx, request.id)
      }),

    reopen: (actor: string, request: { id: string; version?: number } & WriteOptions): Promise<Task> =>
      write('reopen', actor, request, async (act) => {
        const row = await lockTask(act, request.id)
        if (row.status === 'open') return taskOf(row, act.now)
        checkVersion(row, request.version)
        await changeTask(act, row, 'reopened', { status: 'open', completed_at: null, completed_by: null }, {})
        return load(act.tx, request.id)
      }),

    remove: (
      actor: string,
      request: { id: string; version?: number; claimId?: string } & WriteOptions,
    ): Promise<{ id: string; deleted: true }> =>
      write('delete', actor, request, async (act) => {
        const row = await lockTask(act, request.id)
        checkVersion(row, request.version)
        checkClaim(row, request.claimId, act.now)
        await changeTask(
          act,
          row,
          'deleted',
          { deleted_at: act.now, claim_id: null, claimed_by: null, claimed_until: null },
          { title: row.title },
        )
        return { id: request.id, deleted: true }
      }),

    claim: (
      actor: string,
      request: { id?: string; label?: string; leaseSeconds: number } & WriteOptions,
    ): Promise<{ task: Task; claim: Claim } | { task: null }> =>
      write('claim', actor, request, async (act) => {
        const taken = await claim(act, request)
        return taken === undefined ? { task: null } : { task: await load(act.tx, taken.taskId), claim: taken.claim }
      }),

    heartbeat: (actor: string, request: { id: string; claimId: string; leaseSeconds: number } & WriteOptions): Promise<Claim> =>
      write('heartbeat', actor, request, (act) => heartbeat(act, request.id, request.claimId, request.leaseSeconds)),

    release: (actor: string, request: { id: string; claimId: string } & WriteOptions): Promise<Task> =>
      write('release', actor, request, async (act) => {
        await release(act, request.id, request.claimId)
        return load(act.tx, request.id)
      }),

    comment: (actor: string, request: { id: string; body: string } & WriteOptions): Promise<Comment> =>
      write('comment', actor, request, async (act) => {
        const row = await lockTask(act, request.id)
        const id = newId('comment', act.now)
        await act.tx.run(
          'INSERT INTO task_comments (id, task_id, author, body, created_at) VALUES (?, ?, ?, ?, ?)',
          id,
          request.id,
          actor,
          request.body,
          act.now,
        )
        await record(act, request.id, Number(row.version), 'commented', { comment: id })
        return { id, taskId: request.id, author: actor, body: request.body, createdAt: iso(act.now) }
      }),

    comments: (id: string, page: { limit: number; after?: string | undefined }): Promise<Comment[]> =>
      store.read('comments', async (tx) => {
        await load(tx, id)
        const rows = await tx.all(
          'SELECT * FROM task_comments WHERE task_id = ? AND id > ? ORDER BY id LIMIT ?',
          id,
          page.after ?? '',
          page.limit,
        )
        return rows.map((row) => ({
          id: String(row.id),
          taskId: id,
          author: String(row.author),
          body: String(row.body),
          createdAt: iso(Number(row.created_at)),
        }))
      }),

    history: (id: string, page: { limit: number; before?: number | undefined }): Promise<HistoryEntry[]> =>
      store.read('history', async (tx) => {
        const rows = await tx.all(
          'SELECT * FROM task_history WHERE task_id = ? AND sequence < ? ORDER BY sequence DESC LIMIT ?',
          id,
          page.before ?? Number.MAX_SAFE_INTEGER,
          page.limit,
        )
        if (rows.length === 0 && page.before === undefined) throw notFound(id)
        return rows.map((row) => ({
          sequence: Number(row.sequence),
          version: Number(row.version),
          at: iso(Number(row.at)),
          actor: String(row.actor),
          action: String(row.action),
          changes: JSON.parse(String(row.changes)),
        }))
      }),

    /** Changes after a sequence number, oldest first: what a stream that was cut has missed. */
    changesAfter: (sequence: number, limit: number): Promise<Change[]> =>
      store.read('changes', async (tx) => {
        const rows = await tx.all(
          'SELECT sequence, task_id, action FROM task_history WHERE sequence > ? ORDER BY sequence LIMIT ?',
          sequence,
          limit,
        )
        return rows.map((row) => ({ sequence: Number(row.sequence), taskId: String(row.task_id), action: String(row.action) }))
      }),

    /** Forgets idempotency keys whose day is over, and the probes of processes that are long gone. */
    forgetOld: (): Promise<number> =>
      store.write('forget', async (tx) => {
        await tx.run('DELETE FROM health_probes WHERE at < ?', now() - keyLifetime)
        return tx.run('DELETE FROM idempotency_keys WHERE created_at < ?', now() - keyLifetime)
      }),

    onChange: (listener: (change: Change) => void): void => store.onChange(listener),
  }
}

async function create(act: Act, fields: TaskFields, load: (tx: Transaction, id: string) => Promise<Task>): Promise<Task> {
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
  return load(act.tx, id)
}

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
