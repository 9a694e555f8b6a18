import type { ServerResponse } from 'node:http'
import type { Principal } from '../mcp/exchange.ts'
import type { Settings } from '../settings.ts'
import type { StreamClosing } from '../telemetry/catalogue.ts'
import type { Metrics } from '../telemetry/metrics.ts'
import { type EventStream, openEventStream } from './event-stream.ts'
import { comeBack } from './refusal.ts'

export interface StreamOptions {
  readonly headers?: Readonly<Record<string, string>>
  /** Said when we end it, where the protocol has a message for that; otherwise the client is told when to reconnect. */
  readonly farewell?: object
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

interface Entry {
  readonly stream: EventStream
  readonly principal: Principal
  readonly address: string
  readonly openedAt: number
  /** Lifetimes are spread, so that streams opened together do not all reconnect together. */
  readonly lifetime: number
  readonly farewell: object | undefined
}

const wheel = 16
const reconnectMilliseconds = 1000

function bow({ stream, farewell }: Entry): void {
  if (farewell === undefined) stream.prime({ retryMilliseconds: reconnectMilliseconds })
  else stream.send(farewell)
}

export function createStreams(settings: () => Settings, metrics: Metrics): Streams {
  const slots: Array<Set<Entry>> = Array.from({ length: wheel }, () => new Set())
  const perPrincipal = new Map<string, number>()
  let size = 0
  let next = 0
  let draining = false

  const timer = setInterval(
    () => {
      next = (next + 1) % wheel
      const now = performance.now()
      for (const entry of slots[next]!) {
        const { stream, openedAt, lifetime } = entry
        if (now - openedAt > lifetime) {
          bow(entry)
          stream.close('lifetime')
        } else stream.comment()
      }
    },
    (settings().streamHeartbeat * 1000) / wheel,
  )
  timer.unref()
  metrics.beforeScrape(() => {
    metrics.streamsLimit.set(settings().maxStreams)
    metrics.streamsActive.set(size)
    let bytes = 0
    for (const slot of slots) for (const { stream } of slot) bytes += stream.buffered()
    metrics.streamBuffered.set(bytes)
  })

  const refuseOver = ({ name }: Principal): void => {
    if (draining) {
      metrics.streamsRejected.inc({ reason: 'draining' })
      throw comeBack(503, 1, 'this replica is stopping: connect again')
    }
    if (size >= settings().maxStreams) {
      metrics.streamsRejected.inc({ reason: 'limit' })
      metrics.rateLimitHits.inc({ limiter: 'streams', reason: 'capacity' })
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
    open: (response, principal, { headers, farewell }, onClose) => {
      refuseOver(principal)
      const openedAt = performance.now()
      const slot = slots[size % wheel]!
      let first = true
      const inner = openEventStream(response, {
        maxBufferedBytes: settings().streamBufferBytes,
        ...(headers === undefined ? {} : { headers }),
        onClose: (reason) => {
          size -= 1
          slot.delete(entry)
          const left = (perPrincipal.get(principal.name) ?? 1) - 1
          if (left === 0) perPrincipal.delete(principal.name)
          else perPrincipal.set(principal.name, left)
          metrics.streamsClosed.inc({ reason })
          metrics.streamDuration.observe((performance.now() - openedAt) / 1000)
          onClose(reason)
        },
      })
      const stream: EventStream = {
        get open() {
          return inner.open
        },
        prime: inner.prime,
        comment: inner.comment,
        close: inner.close,
        drained: inner.drained,
        buffered: inner.buffered,
        send: (message, id) => {
          const sent = inner.send(message, id)
          if (sent) metrics.streamMessages.inc()
          if (first) metrics.streamFirstMessage.observe((performance.now() - openedAt) / 1000)
          first = false
          return sent
        },
      }
      const entry: Entry = {
        stream,
        principal,
        address: response.socket?.remoteAddress ?? '',
        openedAt,
        lifetime: settings().streamLifetime * 1000 * (0.9 + Math.random() * 0.2),
        farewell,
      }
      slot.add(entry)
      size += 1
      perPrincipal.set(principal.name, (perPrincipal.get(principal.name) ?? 0) + 1)
      metrics.streams.inc()
      return stream
    },
    closeWhere: (blocked) => {
      for (const slot of slots)
        for (const { stream, principal, address } of [...slot]) if (blocked(principal, address)) stream.close('blocked')
    },
    drain: () => {
      draining = true
      clearInterval(timer)
      for (const slot of slots)
        for (const entry of [...slot]) {
          bow(entry)
          entry.stream.close('shutdown')
        }
    },
  }
}
