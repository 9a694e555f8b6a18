import { randomUUID } from 'node:crypto'
import { comeBack, HttpRefusal } from '../../http/refusal.ts'
import { tagOf } from '../../http/tokens.ts'
import type { Settings } from '../../settings.ts'
import { type Store, StoreError, type Transaction } from '../../store/port.ts'
import { type Log, reasonOf } from '../../telemetry/log.ts'
import type { Metrics } from '../../telemetry/metrics.ts'
import { type RequestId, RpcError, rpcCode } from '../rpc.ts'
import { cancelHere, newSession, type Session, type SessionState } from './session.ts'

/** Sessions of the legacy era. They are kept in the store, and cached here while they are used here. */
export interface Sessions {
  /** @throws HttpRefusal 503 when there are too many; StoreError when other replicas could not know of it. */
  open(principal: string, state: SessionState): Promise<Session>
  /**
   * At once where it is cached here.
   * @throws HttpRefusal 404 when there is no such session, or it is not this principal's.
   */
  find(id: string, principal: string): Session | Promise<Session>
  /** @throws StoreError when other replicas could not know of it; the session is then as before. */
  change(session: Session, state: SessionState): Promise<void>
  /** @throws StoreError when it could be found again; it goes on then. */
  end(session: Session): Promise<void>
  /** Tells the other replicas, where there can be some, that a request is cancelled. */
  cancelElsewhere(session: Session, request: RequestId): Promise<void>
  /** Sessions with something to tell: cached here and with a stream. */
  here(): Iterable<Session>
  /** Another replica ended or changed it. */
  forget(id: string): void
  reload(id: string): Promise<void>
  /** What other replicas said of sessions may not have been heard: each that is cached here is looked at again. */
  reloadAll(): Promise<void>
  close(): Promise<void>
}

export const sessionActions = { ended: 'session_ended', changed: 'session_changed' } as const
const mostCancelled = 10
const sweepMilliseconds = 15_000
/** Sessions that one statement asks for. */
const mostAtOnce = 500

export function createSessions(store: Store, settings: () => Settings, now: () => number, metrics: Metrics, log: Log): Sessions {
  const cache = new Map<string, Session>()
  metrics.beforeScrape(() => metrics.sessionsActive.set(cache.size))

  const save = async (tx: Transaction, { id, principal, openedAt, state }: Session): Promise<void> => {
    await tx.run(
      'INSERT INTO sessions (id, principal, state, created_at, seen_at) VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET state = excluded.state, seen_at = excluded.seen_at',
      id,
      principal,
      JSON.stringify(state),
      openedAt,
      now(),
    )
  }

  /**
   * A session that is acknowledged is known to every replica. Where there is one process alone it may live in memory until the store
   * takes it, so that what can be read can be read.
   * @throws StoreError where there can be other replicas.
   */
  const keep = async (session: Session): Promise<void> => {
    try {
      await store.write('session', async (tx) => {
        await save(tx, session)
        if (session.kept) await tx.announce({ sequence: 0, taskId: session.id, action: sessionActions.changed })
      })
      session.kept = true
    } catch (error) {
      if (!(error instanceof StoreError) || store.kind !== 'sqlite') throw error
      session.kept = false
      log.warn('a session is held in memory until the store takes it', { session: session.id.slice(0, 8), reason: error.message })
    }
  }

  const drop = (session: Session, reason: 'session_ended' | 'lifetime'): void => {
    if (!cache.delete(session.id)) return
    metrics.sessionDuration.observe(Math.max(0, now() - session.openedAt) / 1000)
    session.stream?.close(reason)
    for (const { listener } of session.replays.values()) listener?.close(reason)
    for (const { cancellation } of session.inFlight) cancellation.cancel(new Error('cancelled'))
    for (const { reject } of session.asked.values())
      reject(new RpcError(rpcCode.unavailable, 'the session ended before the client answered'))
  }

  const load = async (id: string): Promise<Session | undefined> => {
    const row = await store.read('session', (tx) =>
      tx.get('SELECT * FROM sessions WHERE id = ? AND seen_at > ?', id, now() - settings().sessionIdle * 1000),
    )
    if (row === undefined) return undefined
    const session = newSession(id, String(row.principal), Number(row.created_at), JSON.parse(String(row.state)))
    session.kept = true
    session.usedAt = now()
    return session
  }

  const used = (session: Session | undefined, principal: string): Session => {
    if (session === undefined || session.principal !== principal)
      throw new HttpRefusal(404, 'this session is not known here, it ended or was never opened: initialize again', {
        code: rpcCode.sessionNotFound,
      })
    session.usedAt = now()
    return session
  }

  /** Takes over what another replica made of a session. */
  const takeOver = (session: Session, state: SessionState): void => {
    const known = new Set((session.state.cancelled ?? []).map(({ mark }) => mark))
    session.state = state
    for (const { request, mark } of state.cancelled ?? []) if (!known.has(mark)) cancelHere(session, request)
  }

  const findInStore = async (id: string, principal: string): Promise<Session> => {
    const session = await load(id)
    if (session !== undefined) cache.set(id, cache.get(id) ?? session)
    return used(cache.get(id), principal)
  }

  const sweep = async (): Promise<void> => {
    const at = now()
    const idle = at - settings().sessionIdle * 1000
    for (const session of cache.values())
      if (session.stream?.open !== true && session.inFlight.size === 0 && session.usedAt < idle) drop(session, 'lifetime')
    const inUse = [...cache.values()].filter(
      ({ kept, usedAt, stream }) => kept && (stream?.open === true || usedAt > at - 2 * sweepMilliseconds),
    )
    const unkept = [...cache.values()].filter(({ kept }) => !kept)
    await store
      .write('session', async (tx) => {
        for (const session of unkept) await save(tx, session)
        for (const { id } of inUse) await tx.run('UPDATE sessions SET seen_at = ? WHERE id = ?', at, id)
        await tx.run('DELETE FROM sessions WHERE seen_at < ?', idle)
      })
      .then(() => {
        for (const session of unkept) session.kept = true
      })
      .catch((error: unknown) => {
        if (!(error instanceof StoreError)) throw error
        log.debug('sessions were not marked as used', { reason: error.message })
      })
  }
  const timer = setInterval(() => {
    void sweep().catch((error: unknown) => log.error('sweeping sessions failed', { reason: String(error) }))
  }, sweepMilliseconds)
  timer.unref()

  return {
    open: async (principal, state) => {
      if (cache.size >= settings().maxSessions) {
        metrics.rateLimitHits.inc({ limiter: 'sessions', reason: 'capacity' })
        metrics.badRequests.count(tagOf(principal), 'full')
        throw comeBack(503, 10, `all ${settings().maxSessions} sessions of this replica are in use`)
      }
      const session = newSession(randomUUID(), principal, now(), state)
      await keep(session)
      cache.set(session.id, session)
      return session
    },
    find: (id, principal) => {
      const session = cache.get(id)
      if (session === undefined && /^[0-9a-f-]{36}$/.test(id)) return findInStore(id, principal)
      return used(session, principal)
    },
    change: async (session, state) => {
      const before = session.state
      session.state = state
      try {
        await keep(session)
      } catch (error) {
        session.state = before
        throw error
      }
    },
    end: async (session) => {
      // First where it is kept: what is only forgotten here would be found there again.
      if (session.kept)
        await store.write('session', async (tx) => {
          await tx.run('DELETE FROM sessions WHERE id = ?', session.id)
          await tx.announce({ sequence: 0, taskId: session.id, action: sessionActions.ended })
        })
      drop(session, 'session_ended')
    },
    cancelElsewhere: async (session, request) => {
      if (store.kind !== 'postgres') return
      const before = (session.state.cancelled ?? []).slice(1 - mostCancelled)
      session.state = { ...session.state, cancelled: [...before, { request, mark: randomUUID() }] }
      await keep(session).catch((error: unknown) => log.warn('another replica was not told of a cancellation', { reason: reasonOf(error) }))
    },
    here: () => cache.values(),
    forget: (id) => {
      const session = cache.get(id)
      if (session !== undefined) drop(session, 'session_ended')
    },
    reload: async (id) => {
      const session = cache.get(id)
      const fresh = session && (await load(id))
      if (session !== undefined && fresh !== undefined) takeOver(session, fresh.state)
    },
    reloadAll: async () => {
      const cached = [...cache.values()].filter(({ kept }) => kept)
      for (let from = 0; from < cached.length; from += mostAtOnce) {
        const some = cached.slice(from, from + mostAtOnce)
        const places = some.map(() => '?').join()
        const rows = await store.read('session', (tx) =>
          tx.all(`SELECT id, state FROM sessions WHERE id IN (${places})`, ...some.map(({ id }) => id)),
        )
        const states = new Map(rows.map(({ id, state }) => [String(id), String(state)]))
        for (const session of some) {
          const state = states.get(session.id)
          if (state === undefined) drop(session, 'session_ended')
          else takeOver(session, JSON.parse(state))
        }
      }
    },
    close: async () => {
      clearInterval(timer)
      for (const session of [...cache.values()]) drop(session, 'lifetime')
    },
  }
}
