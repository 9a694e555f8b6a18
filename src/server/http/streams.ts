import type { ServerResponse } from 'node:http'
import type { Principal } from '../mcp/exchange.ts'
import type { Settings } from '../settings.ts'
import type { StreamClosing } from '../telemetry/catalogue.ts'
import type { Metrics } from '../telemetry/metrics.ts'
import { EventStream, type EventStreamOptions } from './event-stream.ts'
import { comeBack } from './refusal.ts'

export interface StreamOptions {
  readonly headers?: Readonly<Record<string, string>>
  /** Said when we end it, where the protocol has a message for that; otherwise the client is told when to reconnect. */
  readonly farewell?: object
  /** Instead of the setting, for what is bounded by itself. */
  readonly maxBufferedBytes?: number
}

/** All long-lived streams of the process: their caps, heartbeats, lifetimes and counts. */
export interface Streams {
  /**
   * Opens a stream that lasts.
   * @throws HttpRefusal 503 when the process has its most, 429 when the principal has, 503 while draining.
   */
  open(response: ServerResponse, principal: Principal, options: StreamOptions, onClose: (reason: StreamClosing) => void): EventStream
  readonly size: number
  /** Closes those of whoever is blocked by now. */
  closeWhere(blocked: (principal: Principal, address: string) => boolean): void
  /** Refuses new streams, and ends those there are: clients are told to reconnect, and reach another replica. */
  drain(): void
}

const wheel = 16
const reconnectMilliseconds = 1000

/** A stream that lasts: one object each, on one wheel of heartbeats for all. */
class LastingStream extends EventStream {
  readonly openedAt = performance.now()
  readonly principal: Principal
  readonly address: string
  /** Lifetimes are spread, so that streams opened together do not all reconnect together. In milliseconds. */
  readonly lifetime: number
  readonly #farewell: object | undefined
  readonly #metrics: Metrics
  #silent = true

  constructor(
    response: ServerResponse,
    options: EventStreamOptions,
    lasting: { principal: Principal; lifetime: number; farewell: object | undefined; metrics: Metrics },
  ) {
    super(response, options)
    this.principal = lasting.principal
    this.address = response.socket?.remoteAddress ?? ''
    this.lifetime = lasting.lifetime
    this.#farewell = lasting.farewell
    this.#metrics = lasting.metrics
  }

  override sendFrame(frame: string): boolean {
    const sent = super.sendFrame(frame)
    if (sent) this.#metrics.streamMessages.inc()
    if (this.#silent) this.#metrics.streamFirstMessage.observe((performance.now() - this.openedAt) / 1000)
    this.#silent = false
    return sent
  }

  /** Says the last words before we end it. */
  bow(): void {
    if (this.#farewell === undefined) this.prime({ retryMilliseconds: reconnectMilliseconds })
    else this.send(this.#farewell)
  }
}

export function createStreams(settings: () => Settings, metrics: Metrics): Streams {
  const slots: Array<Set<LastingStream>> = Array.from({ length: wheel }, () => new Set())
  const perPrincipal = new Map<string, number>()
  let size = 0
  let next = 0
  let draining = false

  const timer = setInterval(
    () => {
      next = (next + 1) % wheel
      const now = performance.now()
      for (const stream of slots[next]!)
        if (now - stream.openedAt > stream.lifetime) {
          stream.bow()
          stream.close('lifetime')
        } else stream.comment()
    },
    (settings().streamHeartbeat * 1000) / wheel,
  )
  timer.unref()
  metrics.beforeScrape(() => {
    metrics.streamsLimit.set(settings().maxStreams)
    metrics.streamsActive.set(size)
    let bytes = 0
    for (const slot of slots) for (const stream of slot) bytes += stream.buffered()
    metrics.streamBuffered.set(bytes)
  })

  const refuseOver = ({ name, tag }: Principal): void => {
    if (draining) {
      metrics.streamsRejected.inc({ reason: 'draining' })
      throw comeBack(503, 1, 'this replica is stopping: connect again')
    }
    if (size >= settings().maxStreams) {
      metrics.streamsRejected.inc({ reason: 'limit' })
      metrics.rateLimitHits.inc({ limiter: 'streams', reason: 'capacity' })
      metrics.badRequests.count(tag, 'full')
      throw comeBack(503, 5, `all ${settings().maxStreams} streams of this replica are in use`)
    }
    if ((perPrincipal.get(name) ?? 0) >= settings().maxStreamsPerPrincipal) {
      metrics.streamsRejected.inc({ reason: 'principal_limit' })
      metrics.rateLimitHits.inc({ limiter: 'stream_principal', reason: 'abuse' })
      throw comeBack(429, 5, `you have ${settings().maxStreamsPerPrincipal} streams open, which is the most for one principal`)
    }
  }

  return {
    get size() {
      return size
    },
    open: (response, principal, { headers, farewell, maxBufferedBytes = settings().streamBufferBytes }, onClose) => {
      const { name } = principal
      refuseOver(principal)
      const { streamLifetime } = settings()
      const slot = slots[size % wheel]!
      const ended = (reason: StreamClosing): void => {
        size -= 1
        slot.delete(stream)
        const left = (perPrincipal.get(name) ?? 1) - 1
        if (left === 0) perPrincipal.delete(name)
        else perPrincipal.set(name, left)
        metrics.streamsClosed.inc({ reason })
        metrics.streamDuration.observe({ reason }, (performance.now() - stream.openedAt) / 1000)
        onClose(reason)
      }
      const stream = new LastingStream(
        response,
        { maxBufferedBytes, ...(headers === undefined ? {} : { headers }), onClose: ended },
        { principal, lifetime: streamLifetime * 1000 * (0.9 + Math.random() * 0.2), farewell, metrics },
      )
      forgetRequest(response)
      slot.add(stream)
      size += 1
      perPrincipal.set(name, (perPrincipal.get(name) ?? 0) + 1)
      metrics.streams.inc()
      return stream
    },
    closeWhere: (blocked) => {
      for (const slot of slots) for (const stream of [...slot]) if (blocked(stream.principal, stream.address)) stream.close('blocked')
    },
    drain: () => {
      draining = true
      clearInterval(timer)
      for (const slot of slots)
        for (const stream of [...slot]) {
          stream.bow()
          stream.close('shutdown')
        }
    },
  }
}

/** What the client sent is needed no more once the stream is open, and would be kept as long as that. */
function forgetRequest({ req }: ServerResponse): void {
  req.rawHeaders = []
  req.headers = {}
}
