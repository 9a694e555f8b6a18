/** JSON-RPC 2.0 as MCP uses it: messages, error codes, and the error that handlers throw. */

export type RequestId = string | number
export type Params = Readonly<Record<string, unknown>>

export interface RpcRequest {
  readonly jsonrpc: '2.0'
  readonly id: RequestId
  readonly method: string
  readonly params?: Params
}

export interface RpcNotification {
  readonly jsonrpc: '2.0'
  readonly method: string
  readonly params?: Params
}

export interface RpcResponse {
  readonly jsonrpc: '2.0'
  readonly id: RequestId | null
  readonly result?: unknown
  readonly error?: { readonly code: number; readonly message: string; readonly data?: unknown }
}

export type RpcMessage = RpcRequest | RpcNotification | RpcResponse

export const rpcCode = {
  parse: -32700,
  invalidRequest: -32600,
  methodNotFound: -32601,
  invalidParams: -32602,
  internal: -32603,
  /** The server cannot do it now; the message names the dependency. */
  unavailable: -32000,
  sessionNotFound: -32001,
  refused: -32003,
  resourceNotFound: -32002,
} as const

/** A JSON-RPC error. `status` is the HTTP status of a response that holds nothing else. */
export class RpcError extends Error {
  readonly code: number
  readonly status: number
  readonly data: unknown
  /** Seconds until it may be tried again, where that is known. */
  readonly retryAfter: number | undefined

  constructor(code: number, message: string, more: { status?: number; data?: unknown; retryAfter?: number } = {}) {
    super(message)
    this.name = 'RpcError'
    this.code = code
    this.status = more.status ?? 200
    this.data = more.data
    this.retryAfter = more.retryAfter
  }
}

const isId = (value: unknown): value is RequestId => typeof value === 'string' || (typeof value === 'number' && Number.isFinite(value))

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)

/** What kind of message a parsed JSON value is, or `undefined` when it is none. */
export function kindOf(value: unknown): 'request' | 'notification' | 'response' | undefined {
  if (!isObject(value) || value.jsonrpc !== '2.0') return undefined
  if (typeof value.method === 'string') {
    if (value.params !== undefined && !isObject(value.params)) return undefined
    if (!('id' in value)) return 'notification'
    return isId(value.id) ? 'request' : undefined
  }
  return isId(value.id) && ('result' in value || isObject(value.error)) ? 'response' : undefined
}

export const resultMessage = (id: RequestId, result: unknown): RpcResponse => ({ jsonrpc: '2.0', id, result })

export function errorMessage(id: RequestId | null, error: RpcError): RpcResponse {
  const { code, message, data } = error
  return { jsonrpc: '2.0', id, error: data === undefined ? { code, message } : { code, message, data } }
}
