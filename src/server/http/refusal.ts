/** An HTTP request that is not answered with what it asked for. The message says why, and what would be accepted. */
export class HttpRefusal extends Error {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** JSON-RPC code of the body, for refusals on /mcp. */
  readonly code: number

  constructor(status: number, message: string, more: { headers?: Readonly<Record<string, string>>; code?: number } = {}) {
    super(message)
    this.name = 'HttpRefusal'
    this.status = status
    this.headers = more.headers ?? {}
    this.code = more.code ?? -32600
  }
}

/** When to come back after a failure of a dependency: nobody knows better, and it is looked at about this often. */
export const comeBackSeconds = 2

/** A refusal that says when to come back. */
export function comeBack(status: 429 | 503, seconds: number, message: string): HttpRefusal {
  return new HttpRefusal(status, message, { headers: { 'retry-after': String(Math.max(1, Math.ceil(seconds))) }, code: -32000 })
}
