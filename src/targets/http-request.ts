/** One bounded HTTP request over node:http(s): ends by its signal, by its size limit, or by a quiet connection; never hangs. */
import http from 'node:http'
import https from 'node:https'
import { InterruptedError, UnreachableError } from '../errors.ts'

export interface BoundedRequest {
  url: URL
  method?: string
  headers?: Record<string, string>
  body?: string | undefined
  agent?: http.Agent | undefined
  /** Stop reading after this many bytes; the answer then says `truncated`. Default 64 MiB. */
  limitBytes?: number | undefined
  /** Give up after so long without a byte in either direction. Default 30 s. */
  quietMilliseconds?: number | undefined
  tls?: https.RequestOptions | undefined
}

export interface BoundedAnswer {
  status: number
  headers: http.IncomingHttpHeaders
  body: string
  contentType: string
  /** Seconds from the request to the last byte read. */
  seconds: number
  truncated: boolean
}

const defaultLimit = 64 * 1024 * 1024

/** The error for an aborted signal: the reason itself when it is one of ours, a deadline as UnreachableError, else InterruptedError. */
export function abortError(signal: AbortSignal, what: string): Error {
  const reason: unknown = signal.reason
  if (reason instanceof InterruptedError || reason instanceof UnreachableError) return reason
  if (reason instanceof Error && reason.name === 'TimeoutError') {
    return new UnreachableError(
      `${what} did not answer within the deadline`,
      'give it more time with --timeout SECONDS, or look at the server itself',
    )
  }
  return new InterruptedError()
}

/** Wait so many milliseconds, or throw abortError for `what`. */
export function pause(milliseconds: number, signal: AbortSignal, what: string): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(abortError(signal, what))
    const onAbort = () => {
      clearTimeout(timer)
      reject(abortError(signal, what))
    }
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', onAbort)
      resolve()
    }, milliseconds)
    signal.addEventListener('abort', onAbort, { once: true })
  })
}

/** Send one request. Throws abortError, or the socket's own Error (with its `code`); any HTTP status is an answer. */
export function sendBounded(request: BoundedRequest, signal: AbortSignal): Promise<BoundedAnswer> {
  const what = request.url.host
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(abortError(signal, what))
    const started = performance.now()
    const limit = request.limitBytes ?? defaultLimit
    const chunks: Buffer[] = []
    let size = 0
    let settled = false
    const settle = (finish: () => void) => {
      if (settled) return
      settled = true
      signal.removeEventListener('abort', onAbort)
      finish()
    }
    const onAbort = () => {
      settle(() => reject(abortError(signal, what)))
      outgoing.destroy()
    }
    const fail = (error: Error) => settle(() => reject(error))
    const answer = (incoming: http.IncomingMessage, truncated: boolean) =>
      settle(() =>
        resolve({
          status: incoming.statusCode ?? 0,
          headers: incoming.headers,
          body: Buffer.concat(chunks, Math.min(size, limit)).toString('utf8'),
          contentType: incoming.headers['content-type'] ?? '',
          seconds: (performance.now() - started) / 1000,
          truncated,
        }),
      )
    const secure = request.url.protocol === 'https:'
    const headers: Record<string, string> = { ...request.headers }
    if (request.body !== undefined) headers['content-length'] = String(Buffer.byteLength(request.body))
    const outgoing = (secure ? https : http).request(
      request.url,
      {
        ...(secure ? request.tls : undefined),
        method: request.method ?? 'GET',
        headers,
        ...(request.agent ? { agent: request.agent } : {}),
      },
      (incoming) => {
        incoming.on('data', (chunk: Buffer) => {
          chunks.push(chunk)
          size += chunk.length
          if (size > limit) {
            answer(incoming, true)
            incoming.destroy()
          }
        })
        incoming.on('end', () => answer(incoming, false))
        incoming.on('error', fail)
        incoming.on('close', () => fail(cutShort()))
      },
    )
    outgoing.setTimeout(request.quietMilliseconds ?? 30_000, () => outgoing.destroy(quiet()))
    outgoing.on('error', fail)
    outgoing.on('close', () => fail(cutShort()))
    signal.addEventListener('abort', onAbort, { once: true })
    outgoing.end(request.body)
  })
}

const cutShort = () => Object.assign(new Error('the connection was closed before the whole answer came'), { code: 'ECONNRESET' })
const quiet = () => Object.assign(new Error('no byte came for too long'), { code: 'ETIMEDOUT' })

const tlsCodes = /^(ERR_TLS|CERT_|UNABLE_TO|SELF_SIGNED|DEPTH_ZERO|ERR_SSL|EPROTO)/

/** Whether asking again may help: the connection was cut or could not be made just now. */
export const isConnectionTrouble = (error: unknown): boolean =>
  ['ECONNRESET', 'EPIPE', 'ECONNABORTED', 'UND_ERR_SOCKET'].includes(codeOf(error))

const codeOf = (error: unknown): string => (error instanceof Error && 'code' in error ? String(error.code) : '')

/** Turn a socket or TLS failure into UnreachableError: what could not be reached, why, and what to check. Ours pass through. */
export function reachError(error: unknown, what: string, checks: { refused: string; tls: string }): Error {
  if (!(error instanceof Error) || error instanceof InterruptedError || error instanceof UnreachableError) return error as Error
  const code = codeOf(error)
  const say = (how: string, next: string) => new UnreachableError(`${what} ${how}`, next, { cause: error })
  if (code === 'ECONNREFUSED') return say('refused the connection', checks.refused)
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return say('has a host name that does not resolve here', checks.refused)
  if (code === 'ETIMEDOUT' || code === 'EHOSTUNREACH' || code === 'ENETUNREACH')
    return say(`cannot be reached (${error.message})`, checks.refused)
  if (tlsCodes.test(code)) return say(`failed the TLS handshake: ${error.message}`, checks.tls)
  if (isConnectionTrouble(error)) return say('closed the connection before the whole answer came', checks.refused)
  return say(`could not be asked: ${error.message}`, checks.refused)
}
