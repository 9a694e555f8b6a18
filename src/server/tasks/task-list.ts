import { changesAfter } from '../store/history.ts'
import type { Change, Place, Store } from '../store/port.ts'
import { type BulkChange, type BulkResult, changeOne, eachOnItsOwn, inSteps, keyOfStep } from './bulk.ts'
import { complete, create, type Named, remove, reopen, type TaskFields, update } from './changes.ts'
import { type Claim, claim, heartbeat, release } from './claims.ts'
import { collectTasks, type Filter, findTasks, type Page, searchTasks } from './find.ts'
import { newId } from './identifier.ts'
import { keyLifetime, onceForKey } from './repeat.ts'
import { iso } from './row.ts'
import type { Comment, HistoryEntry, Task } from './task.ts'
import type { Watch } from './watch.ts'
import { type Act, loadTask, lockTask, notFound, record } from './write.ts'

/** What every write may say besides its own fields. */
export interface WriteOptions {
  readonly idempotencyKey?: string
}

/** Every operation on the shared list. Each write is durable when its promise resolves. All throw Refusal and StoreError. */
export type TaskList = ReturnType<typeof createTaskList>

/** Names of the operations, as metrics and the slow-query log give them. */
export const operations = [
  'create',
  'create_many',
  'change_many',
  'delete_many',
  'get',
  'list',
  'search',
  'export',
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

/** Takes the store, the clock (milliseconds), and the name of this process for those who are told of changes. */
export function createTaskList(store: Store, now: () => number, origin?: string) {
  const write = <T>(
    operation: (typeof operations)[number],
    actor: string,
    request: { idempotencyKey?: string },
    work: (act: Act) => Promise<T>,
  ): Promise<T> =>
    store.write(operation, (tx) => {
      const act = { tx, actor, now: now(), ...(origin === undefined ? {} : { origin }) }
      return onceForKey(act, request.idempotencyKey, [operation, request], () => work(act))
    })
  return {
    create: (actor: string, fields: TaskFields & WriteOptions): Promise<Task> =>
      write('create', actor, fields, (act) => create(act, fields)),

    /** All or none. In `dependsOn`, `#1` is the first task of the same call. */
    createMany: (actor: string, request: { tasks: readonly TaskFields[] } & WriteOptions): Promise<Task[]> =>
      write('create_many', actor, request, async (act) => {
        const made: Task[] = []
        for (const fields of request.tasks) {
          const dependsOn = (fields.dependsOn ?? []).map((id) => (/^#\d+$/.test(id) ? (made[Number(id.slice(1)) - 1]?.id ?? id) : id))
          made.push(await create(act, { ...fields, dependsOn }))
        }
        return made
      }),

    get: (id: string): Promise<Task> => store.read('get', (tx) => loadTask(tx, id, now())),

    list: (filter: Filter, page: { limit: number; cursor?: string | undefined }): Promise<Page> =>
      store.read('list', (tx) => findTasks(tx, filter, page, now())),

    /** The same as `list`, looked for in steps where there is much to look through. */
    search: (filter: Filter, page: { limit: number; cursor?: string | undefined }, watch: Watch): Promise<Page> =>
      searchTasks((step) => store.read('search', step), filter, page, now, watch),

    /** Up to `most` tasks that pass the filter, with about `mostCharacters` of text, read in steps. */
    collect: (filter: Filter, page: { most: number; mostCharacters: number; cursor?: string | undefined }, watch: Watch): Promise<Page> =>
      collectTasks((step) => store.read('export', step), filter, page, now, watch),

    update: (actor: string, change: Partial<TaskFields> & { id: string; version: number } & WriteOptions): Promise<Task> =>
      write('update', actor, change, (act) => update(act, change)),

    complete: (actor: string, request: Named & WriteOptions): Promise<Task> =>
      write('complete', actor, request, (act) => complete(act, request)),

    reopen: (actor: string, request: Named & WriteOptions): Promise<Task> => write('reopen', actor, request, (act) => reopen(act, request)),

    remove: (actor: string, request: Named & WriteOptions): Promise<{ id: string; deleted: true }> =>
      write('delete', actor, request, (act) => remove(act, request)),

    /** Each change on its own: those that are refused say why, the others are done. In steps, each durable before the next begins. */
    changeMany: (actor: string, request: { changes: readonly BulkChange[] } & WriteOptions, watch: Watch): Promise<BulkResult[]> =>
      inSteps(request.changes, watch, (part, step) =>
        write('change_many', actor, { ...request, idempotencyKey: keyOfStep(request.idempotencyKey, step) }, (act) =>
          eachOnItsOwn(act, part, changeOne),
        ),
      ),

    removeMany: (actor: string, request: { tasks: readonly Named[] } & WriteOptions, watch: Watch): Promise<BulkResult[]> =>
      inSteps(request.tasks, watch, (part, step) =>
        write('delete_many', actor, { ...request, idempotencyKey: keyOfStep(request.idempotencyKey, step) }, (act) =>
          eachOnItsOwn(act, part, remove),
        ),
      ),

    claim: (
      actor: string,
      request: { id?: string; label?: string; leaseSeconds: number } & WriteOptions,
    ): Promise<{ task: Task; claim: Claim } | { task: null }> =>
      write('claim', actor, request, async (act) => {
        const taken = await claim(act, request)
        return taken === undefined ? { task: null } : { task: await loadTask(act.tx, taken.taskId, act.now), claim: taken.claim }
      }),

    heartbeat: (actor: string, request: { id: string; claimId: string; leaseSeconds: number } & WriteOptions): Promise<Claim> =>
      write('heartbeat', actor, request, (act) => heartbeat(act, request.id, request.claimId, request.leaseSeconds)),

    release: (actor: string, request: { id: string; claimId: string } & WriteOptions): Promise<Task> =>
      write('release', actor, request, async (act) => {
        await release(act, request.id, request.claimId)
        return loadTask(act.tx, request.id, act.now)
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
        await loadTask(tx, id, now())
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

    /** Changes that may have come after a place, by sequence: what a stream that was cut has missed. `late`: see there. */
    changesAfter: (place: Place, limit: number, late: boolean): Promise<Change[]> =>
      store.read('changes', (tx) => changesAfter(tx, place, limit, late)),

    /** Forgets idempotency keys whose day is over, and the probes of processes that are long gone. */
    forgetOld: (): Promise<number> =>
      store.write('forget', async (tx) => {
        await tx.run('DELETE FROM health_probes WHERE at < ?', now() - keyLifetime)
        return tx.run('DELETE FROM idempotency_keys WHERE created_at < ?', now() - keyLifetime)
      }),

    onChange: (listener: (change: Change) => void): void => store.onChange(listener),
  }
}
