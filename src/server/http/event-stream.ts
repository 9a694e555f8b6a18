import type { OutgoingHttpHeaders, ServerResponse } from 'node:http'
import type { StreamClosing } from '../telemetry/catalogue.ts'

export interface EventStreamOptions {
  readonly maxBufferedBytes: number
  readonly headers?: OutgoingHttpHeaders
  readonly onClose: (reason: StreamClosing) => void
}

/** A JSON message as it goes over the wire, with an id to resume after when given. The same frame can be sent to many streams. */
export function frameOf(message: object, id?: string): string {
  return `${id === undefined ? '' : `id: ${id}\n`}event: message\ndata: ${JSON.stringify(message)}\n\n`
}

/**
 * One SSE response. Nothing is buffered without bound, and there is no write timeout: a stream lives until somebody ends it. There
 * can be ten thousand of them, so each is one object without closures of its own.
 */
export class EventStream {
  readonly #response: ServerResponse
  readonly #maxBufferedBytes: number
  readonly #onClose: (reason: StreamClosing) => void
  #open = true

  /** Answers 200 with an event stream. */
  constructor(response: ServerResponse, { maxBufferedBytes, headers, onClose }: EventStreamOptions) {
    this.#response = response
    this.#maxBufferedBytes = maxBufferedBytes
    this.#onClose = onClose
    response.socket?.setTimeout(0)
    response.writeHead(200, {
      ...headers,
      'content-type': 'text/event-stream',
      'cache-control': 'no-cache, no-transform',
      'x-accel-buffering': 'no',
    })
    response.flushHeaders()
    response.on('close', () => this.close('client'))
    response.on('error', () => this.close('error'))
  }

  get open(): boolean {
    return this.#open
  }

  /** Sends a JSON message, with an id to resume after when given. False when the stream is closed or was just cut for its backlog. */
  send(message: object, id?: string): boolean {
    return this.sendFrame(frameOf(message, id))
  }

  /** Sends what `frameOf` made. */
  sendFrame(frame: string): boolean {
    return this.#write(frame)
  }

  /** Sends an event that carries no message: an id to resume after, or the time to wait before a reconnect, in milliseconds. */
  prime({ id, retryMilliseconds }: { id?: string; retryMilliseconds?: number }): void {
    this.#write(
      `${id === undefined ? '' : `id: ${id}\n`}${retryMilliseconds === undefined ? '' : `retry: ${retryMilliseconds}\n`}data: \n\n`,
    )
  }

  comment(): void {
    this.#write(':\n\n')
  }

  close(reason: StreamClosing): void {
    if (!this.#open) return
    this.#open = false
    this.#onClose(reason)
    if (reason === 'backpressure') this.#response.destroy()
    else this.#response.end()
  }

  /** Resolves when what was sent is on its way to the client, or the stream is closed. */
  drained(): Promise<void> {
    return new Promise((resolve) => {
      if (!this.#open || this.buffered() === 0) return resolve()
      this.#response.once('close', resolve)
      this.#response.write(':\n\n', () => {
        this.#response.off('close', resolve)
        resolve()
      })
    })
  }

  /** Bytes that the client has not read yet. */
  buffered(): number {
    return this.#open ? this.#response.writableLength : 0
  }

  #write(text: string): boolean {
    if (!this.#open) return false
    this.#response.write(text)
    if (this.#response.writableLength <= this.#maxBufferedBytes) return true
    this.close('backpressure')
    return false
  }
}

/** Answers 200 with an event stream. */
export const openEventStream = (response: ServerResponse, options: EventStreamOptions): EventStream => new EventStream(response, options)
