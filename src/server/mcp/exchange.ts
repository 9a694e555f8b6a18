import type { Params } from './rpc.ts'

/** Who asks. `name` is how the task list knows them; `tag` is what logs show instead of anything they could be impersonated with. */
export interface Principal {
  readonly name: string
  readonly tag: string
  readonly scopes: ReadonlySet<string>
}

/** What the client said it can do: the keys of its capabilities. */
export type ClientCapabilities = Readonly<Record<string, unknown>>

/** A call that may be answered later. */
export interface DeferredCall {
  readonly tool: string
  /** Needed to ask for the answer. */
  readonly scope: string
  /** Milliseconds in which it can still be answered at once. */
  readonly after: number
}

/** One request being answered, as a handler sees it, whichever protocol era it came by. */
export interface Exchange {
  readonly principal: Principal
  readonly clientCapabilities: ClientCapabilities
  readonly signal: AbortSignal
  /** The revision spoken, such as `2025-11-25`. */
  readonly revision: string
  /** Sends a notification that belongs to this request, before its answer. Dropped where the client cannot receive it. */
  notify(method: string, params: Params): void
  /** Asks the client (sampling, elicitation, roots) and waits. Only where the client keeps a session. */
  ask(method: string, params: Params): Promise<unknown>
  /**
   * Does work that may take long. Where the client can ask for the answer later, it gets a handle when there is no answer after some
   * milliseconds.
   */
  readonly defer?: (call: DeferredCall, work: (exchange: Exchange) => Promise<object>) => Promise<object>
  /** Ends the connection of this request; the client fetches the answer by reconnecting. Only with a session. */
  reconnect(): void
}
