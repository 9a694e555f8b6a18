import type { ServerResponse } from 'node:http'
import type { StreamClosing } from '../telemetry/catalogue.ts'

/** One SSE response. Everything sent is framed here, and nothing is buffered without bound. */
export interface EventStream {
  readonly open: boolean
  /** Sends a JSON message, with an id to resume after when given. False when the stream is closed or was just cut for its backlog. */
  send(message: object, id?: string): boolean
  /** Sends an event that carries no message: an id to resume after, or the time to wait before a reconnect, in milliseconds. */
  prime(event: { id?: string; retryMilliseconds?: number }): void
  comment(): void
  close(reason: StreamClosing): void
  /** Resolves when the client has read what was sent, or the stream is closed. */
  drained(): Promise<void>
  /** Bytes that the client has not read yet. */
  buffered(): number
}

export interface EventStreamOptions {
  readonly maxBufferedBytes: number
  readonly headers?: Readonly<Record<string, string>>
  readonly onClose: (reason: StreamClosing) => void
}

/** Answers 200 with an event stream. There is no write timeout: a stream lives until somebody ends it. */
export function openEventStream(response: ServerResponse, { maxBufferedBytes, headers, onClose }: EventStreamOptions): EventStream {
  let open = true
  const end = (reason: StreamClosing): void => {
    if (!open) return
    open = false
    onClose(reason)
    if (reason === 'backpressure') response.destroy()
    else response.end()
  }
  response.socket?.setTimeout(0)
  response.writeHead(200, {
    ...headers,
    'content-type': 'text/event-stream',
    'cache-control': 'no-cache, no-transform',
    'x-accel-buffering': 'no',
  })
  response.flushHeaders()
  response.on('close', () => end('client'))
  response.on('error', () => end('error'))
  const write = (text: string): boolean => {
    if (!open) return false
    response.write(text)
    if (response.writableLength <= maxBufferedBytes) return true
    end('backpressure')
    return false
  }
  return {
    get open() {
      return open
    },
    send: (message, id) => write(`${id === undefined ? '' : `id: ${id}\n`}event: message\ndata: ${JSON.stringify(message)}\n\n`),
    prime: ({ id, retryMilliseconds }) => {
      write(`${id === undefined ? '' : `id: ${id}\n`}${retryMilliseconds === undefined ? '' : `retry: ${retryMilliseconds}\n`}data: \n\n`)
    },
    comment: () => {
      write(':\n\n')
    },
    close: end,
    drained: () =>
      new Promise((resolve) => {
        if (!open || !response.writableNeedDrain) return resolve()
        response.once('drain', resolve)
        response.once('close', resolve)
      }),
    buffered: () => (open ? response.writableLength : 0),
  }
}
