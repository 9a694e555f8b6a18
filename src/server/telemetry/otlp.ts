/** Sends spans to a collector: OTLP over HTTP, in its JSON form. Loaded only where an endpoint is configured. */
import { UsageError } from '../../errors.ts'
import type { SpanDrop } from './catalogue.ts'
import { type Log, reasonOf } from './log.ts'
import type { EndedSpan, SpanKind, SpanValue } from './trace.ts'

export interface OtlpOptions {
  /** Such as http://collector:4318; /v1/traces is added where it is not there. */
  readonly endpoint: string
  /** `name=value,name=value`, percent-encoded, as OTEL_EXPORTER_OTLP_HEADERS has them. */
  readonly headers: string
  /** Who sends: `service.name` and the like. */
  readonly resource: Readonly<Record<string, string>>
  readonly log: Log
  readonly sent: (spans: number) => void
  readonly dropped: (spans: number, reason: SpanDrop) => void
}

export interface Otlp {
  /** Takes a span, and never waits. When the queue is full the span is dropped and counted. */
  add(span: EndedSpan): void
  /** Sends what is left, once, within two seconds. */
  close(): Promise<void>
}

const longestQueue = 2048
const largestBatch = 512
const everyMilliseconds = 2000
const timeoutMilliseconds = 5000
const attempts = 3

export function createOtlp({ endpoint, headers, resource, log, sent, dropped }: OtlpOptions): Otlp {
  const url = tracesUrl(endpoint)
  const head = { 'content-type': 'application/json', ...pairsOf('otlp-headers', headers) }
  const from = { attributes: attributesOf(new Map(Object.entries(resource))) }
  let queue: EndedSpan[] = []
  let sending = false
  let closed = false
  let wasWell = true

  const post = async (spans: readonly EndedSpan[], milliseconds: number): Promise<'done' | 'again' | 'refused'> => {
    const body = JSON.stringify({
      resourceSpans: [{ resource: from, scopeSpans: [{ scope: { name: 'task-mcp' }, spans: spans.map(shown) }] }],
    })
    try {
      const signal = AbortSignal.timeout(milliseconds)
      const response = await fetch(url, { method: 'POST', headers: head, body, signal, redirect: 'error' })
      const said = (await response.json().catch(() => undefined)) as { partialSuccess?: { rejectedSpans?: unknown } } | undefined
      if (!response.ok) {
        complain(`it answered ${response.status}`)
        return response.status === 429 || response.status >= 500 ? 'again' : 'refused'
      }
      const rejected = Math.min(spans.length, Number(said?.partialSuccess?.rejectedSpans ?? 0) || 0)
      if (rejected > 0) dropped(rejected, 'rejected')
      sent(spans.length - rejected)
      wasWell = true
      return 'done'
    } catch (error) {
      complain(reasonOf((error as Error).cause ?? error))
      return 'again'
    }
  }

  const complain = (reason: string): void => {
    if (wasWell) log.warn('traces do not reach the collector', { host: url.host, reason })
    wasWell = false
  }

  const flush = async (): Promise<void> => {
    while (queue.length > 0) {
      const batch = queue.splice(0, largestBatch)
      for (let attempt = 1; ; attempt++) {
        const outcome = await post(batch, timeoutMilliseconds)
        if (outcome === 'done') break
        if (outcome === 'refused' || attempt === attempts || closed) {
          dropped(batch.length, outcome === 'refused' ? 'rejected' : 'unreachable')
          break
        }
        await new Promise((resolve) => setTimeout(resolve, 250 * 2 ** attempt).unref())
      }
    }
  }
  const start = (): void => {
    if (sending) return
    sending = true
    void flush().finally(() => {
      sending = false
    })
  }
  const timer = setInterval(start, everyMilliseconds)
  timer.unref()

  return {
    add: (span) => {
      if (closed || queue.length >= longestQueue) return dropped(1, 'queue_full')
      queue.push(span)
      if (queue.length >= largestBatch) start()
    },
    close: async () => {
      closed = true
      clearInterval(timer)
      const last = queue
      queue = []
      if (last.length > 0 && (await post(last, 2000)) !== 'done') dropped(last.length, 'unreachable')
    },
  }
}

/** @throws UsageError when the endpoint is no address over HTTP. */
export function tracesUrl(endpoint: string): URL {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined
  if (url === undefined || !/^https?:$/.test(url.protocol))
    throw new UsageError(`otlp-endpoint is not an address over HTTP: ${endpoint}`, 'give http://COLLECTOR:4318, which takes OTLP over HTTP')
  if (!url.pathname.endsWith('/v1/traces')) url.pathname = `${url.pathname.replace(/\/$/, '')}/v1/traces`
  return url
}

/** Reads `name=value,name=value`. @throws UsageError that names the setting, and shows nothing of the values. */
export function pairsOf(setting: string, text: string): Record<string, string> {
  const pairs: Record<string, string> = {}
  for (const [index, pair] of text.split(',').entries()) {
    if (pair.trim() === '') continue
    const [, name, value] = /^\s*([\w.!#$&'*+^`|~-]+)\s*=(.*)$/.exec(pair) ?? []
    try {
      pairs[name!.toString()] = decodeURIComponent(value!.trim())
    } catch {
      throw new UsageError(`entry ${index + 1} of ${setting} is not NAME=VALUE`, 'percent-encode what is not plain in a value')
    }
  }
  return pairs
}

const kinds: Record<SpanKind, number> = { internal: 1, server: 2, client: 3 }
const failed = 2

function shown(span: EndedSpan): object {
  const { traceId, spanId, parentId, name, kind, startedAt, endedAt, attributes, link, failure } = span
  return {
    traceId,
    spanId,
    ...(parentId === undefined ? {} : { parentSpanId: parentId }),
    name,
    kind: kinds[kind],
    startTimeUnixNano: nanoseconds(startedAt),
    endTimeUnixNano: nanoseconds(endedAt),
    attributes: attributesOf(attributes),
    ...(link === undefined ? {} : { links: [{ traceId: link.traceId, spanId: link.spanId }] }),
    ...(failure === undefined ? {} : { status: { code: failed, message: failure } }),
  }
}

/** As text: there are more of them than a number can count. */
const nanoseconds = (milliseconds: number): string => {
  const whole = Math.floor(milliseconds)
  return `${whole}${String(Math.floor((milliseconds - whole) * 1e6)).padStart(6, '0')}`
}

function attributesOf(attributes: ReadonlyMap<string, SpanValue>): object[] {
  return [...attributes].map(([key, value]) => ({ key, value: shownValue(value) }))
}

function shownValue(value: SpanValue): object {
  if (typeof value === 'string') return { stringValue: value }
  if (typeof value === 'boolean') return { boolValue: value }
  return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value }
}
