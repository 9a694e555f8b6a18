import type { Call } from '../../http/call.ts'
import type { Cancellation } from '../cancellation.ts'
import type { ClientCapabilities, Exchange, Principal } from '../exchange.ts'
import { type Params, RpcError, rpcCode } from '../rpc.ts'
import type { RequestStream } from './request-stream.ts'
import type { Session } from './session.ts'

let asked = 0

/** A request of a session, as a handler sees it. */
export class SessionExchange implements Exchange {
  readonly #call: Call
  readonly #session: Session
  readonly #cancellation: Cancellation
  readonly #toStream: () => RequestStream | undefined

  constructor(call: Call, session: Session, cancellation: Cancellation, toStream: () => RequestStream | undefined) {
    this.#call = call
    this.#session = session
    this.#cancellation = cancellation
    this.#toStream = toStream
  }

  get principal(): Principal {
    return this.#call.principal
  }

  get clientCapabilities(): ClientCapabilities {
    return this.#session.state.clientCapabilities
  }

  get revision(): string {
    return this.#session.state.revision
  }

  get signal(): AbortSignal {
    return this.#cancellation.signal
  }

  notify(method: string, params: Params): void {
    this.#toStream()?.send({ jsonrpc: '2.0', method, params })
  }

  ask(method: string, params: Params): Promise<unknown> {
    const stream = this.#toStream()
    if (stream === undefined)
      return Promise.reject(new RpcError(rpcCode.invalidRequest, 'this client accepts no event stream, so it cannot be asked'))
    const id = `ask-${++asked}`
    const { asked: questions } = this.#session
    return new Promise((resolve, reject) => {
      questions.set(id, { resolve, reject })
      this.signal.addEventListener('abort', () => questions.delete(id), { once: true })
      stream.send({ jsonrpc: '2.0', id, method, params })
    })
  }

  reconnect(): void {
    this.#toStream()?.reconnect()
  }
}
