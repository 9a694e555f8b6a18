import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Principal } from '../mcp/exchange.ts'

/** One HTTP request on /mcp whose sender is known and within limits. */
export interface Call {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  /** In every log line about it, and in the answer's X-Request-Id. */
  readonly requestId: string
  readonly principal: Principal
  /** Set once it became a stream: it is then no request in flight, and its time is not a request's. */
  streaming: boolean
}

/** Whether the answer may be an event stream. */
export const takesStream = ({ request }: Call): boolean => /text\/event-stream|\*\/\*/.test(request.headers.accept ?? '')

/** Answers whole. `body` is sent as JSON; undefined is no body. */
export function answer(
  response: ServerResponse,
  status: number,
  body?: object | string,
  headers: Readonly<Record<string, string>> = {},
): void {
  if (response.headersSent || response.destroyed) return
  if (body === undefined) {
    response.writeHead(status, { ...headers, 'content-length': '0' })
    response.end()
    return
  }
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const bytes = Buffer.byteLength(text)
  response.writeHead(status, { 'content-type': 'application/json', ...headers, 'content-length': bytes })
  // As many bytes as characters is ASCII, which needs no encoding.
  response.end(text, bytes === text.length ? 'latin1' : 'utf8')
}
