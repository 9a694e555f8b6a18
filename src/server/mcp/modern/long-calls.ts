/**
 * Calls that take long, by the extension io.modelcontextprotocol/tasks: the client gets a handle and asks for the answer later, at
 * any replica. They are called long calls here, because a task is what is on the list.
 */
import { randomUUID } from 'node:crypto'
import { type Row, type Store, StoreError } from '../../store/port.ts'
import type { ErrorType } from '../../telemetry/catalogue.ts'
import type { Log } from '../../telemetry/log.ts'
import type { DeferredCall, Exchange, Principal } from '../exchange.ts'
import { demand, explain } from '../operations.ts'
import { RpcError, rpcCode } from '../rpc.ts'

export interface LongCalls {
  /** Gives the answer of `work` when it comes within `after` milliseconds, otherwise a handle to it. */
  run(exchange: Exchange, call: DeferredCall, work: (exchange: Exchange) => Promise<object>): Promise<object>
  /** What is known of a call now. @throws RpcError when this principal has no such call. */
  get(principal: Principal, id: unknown): Promise<object>
  /** Asks for it to end. One that has ended stays as it is. @throws RpcError when this principal has no such call. */
  cancel(principal: Principal, id: unknown): Promise<void>
  /** Removes those whose time is over. */
  forgetOld(): Promise<number>
  /** Ends those under way: the server is stopping. */
  close(): Promise<void>
}

const ttlMs = 3_600_000
const pollIntervalMs = 1000
/** A call that nobody has said to be alive for this long has lost its process. */
const lostMilliseconds = 15_000
const longestMilliseconds = 600_000
const mostRunning = 200
const attempts = 4

interface Running {
  readonly controller: AbortController
  readonly ended: Promise<void>
  message: string
}

type Status = 'working' | 'completed' | 'failed' | 'cancelled'

/** `failed` is told of calls that fail after their handle was given, when no answer counts them any more. */
export function createLongCalls(
  store: Store,
  now: () => number,
  log: Log,
  failed: (tool: string, errorType: ErrorType, seconds: number, principal: Principal) => void,
): LongCalls {
  const running = new Map<string, Running>()

  /** Says that they are alive, and hears which of them were cancelled elsewhere. */
  const beat = async (): Promise<void> => {
    if (running.size === 0) return
    const cancelled = await store.write('long_call', async (tx) => {
      const found: string[] = []
      for (const [id, { message }] of running) {
        await tx.run('UPDATE long_calls SET alive_at = ?, message = ? WHERE id = ?', now(), message, id)
        const row = await tx.get('SELECT cancelled FROM long_calls WHERE id = ?', id)
        if (Number(row?.cancelled) === 1) found.push(id)
      }
      return found
    })
    for (const id of cancelled) running.get(id)?.controller.abort(new Error('cancelled'))
  }
  const timer = setInterval(() => {
    beat().catch((error: unknown) => log.warn('calls under way could not be marked as alive', { reason: String(error) }))
  }, pollIntervalMs)
  timer.unref()

  const settle = async (id: string, status: Status, message: string, outcome: object | undefined): Promise<void> => {
    for (let attempt = 1; ; attempt++)
      try {
        await store.write('long_call', (tx) =>
          tx.run(
            'UPDATE long_calls SET status = ?, message = ?, outcome = ?, updated_at = ? WHERE id = ?',
            status,
            message,
            outcome === undefined ? null : JSON.stringify(outcome),
            now(),
            id,
          ),
        )
        return
      } catch (error) {
        if (!(error instanceof StoreError)) throw error
        if (attempt === attempts)
          return log.error('the answer of a long call is lost: the store did not take it', { reason: error.message })
        await new Promise((resolve) => setTimeout(resolve, 200 * 2 ** attempt))
      }
  }

  const finish = async (id: string, tool: string, principal: Principal, doing: Promise<object>, signal: AbortSignal): Promise<void> => {
    const since = performance.now()
    try {
      const answer = await Promise.race([doing, whenAborted(signal)])
      await settle(id, 'completed', '', { resultType: 'complete', ...answer })
    } catch (cause) {
      const { error, errorType, bug } = explain(cause, signal.reason)
      if (errorType === 'cancelled') return settle(id, 'cancelled', 'cancelled', undefined)
      if (bug) log.error('a long call failed by a bug', { reason: cause instanceof Error ? (cause.stack ?? cause.message) : String(cause) })
      else log.warn('a long call failed', { error_type: errorType, reason: error.message })
      failed(tool, errorType, (performance.now() - since) / 1000, principal)
      const { code, message, data } = error
      await settle(id, 'failed', message, { code, message, ...(data === undefined ? {} : { data }) })
    }
  }

  const keep = (id: string, principal: Principal, scope: string, at: number): Promise<number> =>
    store.write('long_call', (tx) =>
      tx.run(
        `INSERT INTO long_calls (id, principal, scope, status, message, cancelled, created_at, updated_at, alive_at)
         VALUES (?, ?, ?, 'working', '', 0, ?, ?, ?)`,
        id,
        principal.name,
        scope,
        at,
        at,
        now(),
      ),
    )

  const find = async (principal: Principal, id: unknown): Promise<Row> => {
    const row =
      typeof id === 'string' && /^[0-9a-f-]{36}$/.test(id)
        ? await store.read('long_call', (tx) => tx.get('SELECT * FROM long_calls WHERE id = ? AND principal = ?', id, principal.name))
        : undefined
    if (row === undefined || Number(row.created_at) + ttlMs < now())
      throw new RpcError(rpcCode.invalidParams, 'there is no such task: its time is over, or it never was one of yours')
    demand(principal, String(row.scope), 'this task')
    return row
  }

  return {
    run: async (exchange, { tool, scope, after }, work) => {
      if (running.size >= mostRunning) return work(exchange)
      const at = now()
      const controller = new AbortController()
      const follow = (): void => controller.abort(exchange.signal.reason)
      exchange.signal.addEventListener('abort', follow, { once: true })
      let mine: Running | undefined
      const notify: Exchange['notify'] = (method, params) => {
        if (mine === undefined) exchange.notify(method, params)
        else if (method === 'notifications/progress' && typeof params.message === 'string') mine.message = params.message
      }
      const doing = work({ ...exchange, signal: controller.signal, notify })
      const over = doing.then(
        () => true,
        () => true,
      )
      try {
        if (after > 0 && (await Promise.race([over, later(after)]))) return await doing
        const id = randomUUID()
        const kept = keep(id, exchange.principal, scope, at).then(
          () => true,
          (error: unknown) => {
            if (!(error instanceof StoreError)) throw error
            return false
          },
        )
        // It may end, after all, before there is something to ask for.
        const first = await Promise.race([kept, ...(after > 0 ? [over.then(() => 'over')] : [])])
        if (first === 'over') void kept.then(() => settle(id, 'cancelled', '', undefined))
        if (first !== true) return await doing
        const limit = setTimeout(() => controller.abort(new Error('timeout')), longestMilliseconds)
        limit.unref()
        const ended = finish(id, tool, exchange.principal, doing, controller.signal)
          .catch((error: unknown) => log.error('keeping the answer of a long call failed by a bug', { reason: String(error) }))
          .finally(() => {
            clearTimeout(limit)
            running.delete(id)
          })
        mine = { controller, ended, message: '' }
        running.set(id, mine)
        return { resultType: 'task', ...handle(id, 'working', '', at, at) }
      } finally {
        exchange.signal.removeEventListener('abort', follow)
      }
    },

    get: async (principal, id) => {
      const row = await find(principal, id)
      const [taskId, at, updatedAt] = [String(row.id), Number(row.created_at), Number(row.updated_at)]
      const status = String(row.status) as Status
      if (status !== 'working') {
        const shown = handle(taskId, status, String(row.message), at, updatedAt)
        if (row.outcome === null) return shown
        return { ...shown, [status === 'completed' ? 'result' : 'error']: JSON.parse(String(row.outcome)) }
      }
      if (Number(row.alive_at) + lostMilliseconds > now())
        return handle(taskId, status, running.get(taskId)?.message ?? String(row.message), at, updatedAt)
      return { ...handle(taskId, 'failed', lost.message, at, updatedAt), error: lost }
    },

    cancel: async (principal, id) => {
      const row = await find(principal, id)
      const here = running.get(String(row.id))
      if (here !== undefined) here.controller.abort(new Error('cancelled'))
      else if (row.status === 'working')
        await store.write('long_call', (tx) => tx.run('UPDATE long_calls SET cancelled = 1 WHERE id = ?', row.id ?? null))
    },

    forgetOld: () => store.write('long_call', (tx) => tx.run('DELETE FROM long_calls WHERE created_at < ?', now() - ttlMs)),

    close: async () => {
      clearInterval(timer)
      for (const { controller } of running.values()) controller.abort(stopping)
      await Promise.all([...running.values()].map(({ ended }) => ended))
    },
  }
}

const again = 'repeat the call under the same idempotencyKey, and what was done is not done twice'
const lost = { code: rpcCode.unavailable, message: `Not available now: the replica that worked on it is gone; ${again}` }
const stopping = new RpcError(rpcCode.unavailable, `Not available now: the server was stopped before the end; ${again}`)

function handle(taskId: string, status: Status, message: string, createdAt: number, updatedAt: number): object {
  return {
    taskId,
    status,
    ...(message === '' ? {} : { statusMessage: message }),
    createdAt: new Date(createdAt).toISOString(),
    lastUpdatedAt: new Date(updatedAt).toISOString(),
    ttlMs,
    pollIntervalMs,
  }
}

function later(milliseconds: number): Promise<false> {
  return new Promise((resolve) => setTimeout(() => resolve(false), milliseconds).unref())
}

/** Rejects with the reason when the signal aborts. */
function whenAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) return reject(signal.reason)
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
}
