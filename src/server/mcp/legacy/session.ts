import type { EventStream } from '../../http/event-stream.ts'
import type { Change } from '../../store/port.ts'
import type { Cancellation } from '../cancellation.ts'
import type { ClientCapabilities } from '../exchange.ts'
import type { RequestId } from '../rpc.ts'

/** What of a session is kept in the store, so that any replica can answer for it. */
export interface SessionState {
  readonly revision: string
  readonly clientName: string
  readonly clientCapabilities: ClientCapabilities
  readonly subscriptions: readonly string[]
  /** Requests that were cancelled at a replica that does not work on them, the last few. */
  readonly cancelled?: ReadonlyArray<{ readonly request: RequestId; readonly mark: string }>
}

/** A session as this process holds it. */
export interface Session {
  readonly id: string
  /** The principal that opened it; nobody else can use it. */
  readonly principal: string
  readonly openedAt: number
  state: SessionState
  usedAt: number
  /** Whether the store knows it; until then it lives here alone. */
  kept: boolean
  /** The client's GET stream, when it has one open here. */
  stream: EventStream | undefined
  /** Changes that wait while that stream is told what it has missed; undefined when nothing waits. */
  held: Change[] | undefined
  /** Requests being worked on. Two can have one id. */
  readonly inFlight: Set<{ readonly id: RequestId; readonly cancellation: Cancellation }>
  /** Questions to the client that it has not answered. */
  readonly asked: Map<RequestId, { resolve(result: unknown): void; reject(error: Error): void }>
  /** What was to be sent on request streams that the client left before their end, by stream. */
  readonly replays: Map<string, Replay>
}

/** The messages of one request stream from its beginning, and where they go while somebody listens. */
export interface Replay {
  readonly messages: object[]
  done: boolean
  listener: EventStream | undefined
}

export function newSession(id: string, principal: string, now: number, state: SessionState): Session {
  return {
    id,
    principal,
    openedAt: now,
    state,
    usedAt: now,
    kept: false,
    stream: undefined,
    held: undefined,
    inFlight: new Set(),
    asked: new Map(),
    replays: new Map(),
  }
}

/** Cancels what this process works on under an id. False when that is nothing. */
export function cancelHere({ inFlight }: Session, request: RequestId): boolean {
  let found = false
  for (const { id, cancellation } of inFlight)
    if (id === request) {
      cancellation.cancel(new Error('cancelled'))
      found = true
    }
  return found
}
