/** Spans of traces (W3C Trace Context), and who is inside of which. What becomes of those that ended is somebody else's. */
import { AsyncLocalStorage } from 'node:async_hooks'
import { randomBytes } from 'node:crypto'

/** A place in a trace, as `traceparent` says it. */
export interface TraceContext {
  readonly traceId: string
  readonly spanId: string
  /** Whether those who take part record it. */
  readonly sampled: boolean
}

export type SpanKind = 'internal' | 'server' | 'client'
export type SpanValue = string | number | boolean

export interface Span extends TraceContext {
  /** A value that is undefined is left out. */
  set(name: string, value: SpanValue | undefined): void
  /** Marks it as failed; the reason is fit to be shown. */
  fail(reason: string): void
  end(): void
}

/** A span that is over. Times are milliseconds since 1970, with a fraction. */
export interface EndedSpan extends TraceContext {
  readonly parentId: string | undefined
  readonly name: string
  readonly kind: SpanKind
  readonly startedAt: number
  readonly endedAt: number
  readonly attributes: ReadonlyMap<string, SpanValue>
  readonly link: TraceContext | undefined
  readonly failure: string | undefined
}

export interface SpanStart {
  readonly kind: SpanKind
  /** Without one it begins a trace. */
  readonly parent: TraceContext | undefined
  /** Another place that led to it. */
  readonly link?: TraceContext | undefined
  /** When it really began, by `performance.now()`. */
  readonly since?: number
}

export interface Tracing {
  start(name: string, start: SpanStart): Span
  /** The span that the caller is inside of. */
  current(): Span | undefined
  within<T>(span: Span, work: () => T): T
}

/** Takes the share of traces to record among those that begin here, 0 to 1, and what gets the spans that ended. */
export function createTracing(share: number, ended: (span: EndedSpan) => void): Tracing {
  const inside = new AsyncLocalStorage<Span>()
  return {
    current: () => inside.getStore(),
    within: (span, work) => inside.run(span, work),
    start: (name, { kind, parent, link, since = performance.now() }) => {
      const traceId = parent?.traceId ?? randomHex(16)
      const sampled = parent?.sampled ?? Math.random() < share
      const context = { traceId, spanId: randomHex(8), sampled }
      if (!sampled) return { ...context, set: nothing, fail: nothing, end: nothing }
      const attributes = new Map<string, SpanValue>()
      let failure: string | undefined
      return {
        ...context,
        set: (key, value) => {
          if (value !== undefined) attributes.set(key, value)
        },
        fail: (reason) => {
          failure = reason
        },
        end: () => {
          const startedAt = performance.timeOrigin + since
          const endedAt = performance.timeOrigin + performance.now()
          ended({ ...context, parentId: parent?.spanId, name, kind, startedAt, endedAt, attributes, link, failure })
        },
      }
    },
  }
}

const nothing = (): void => undefined

/** Runs `work` inside a span that ends with it, and fails with it. */
export async function spanned<T>(tracing: Tracing, span: Span, work: () => Promise<T>): Promise<T> {
  try {
    return await tracing.within(span, work)
  } catch (error) {
    span.fail(error instanceof Error ? error.message : String(error))
    throw error
  } finally {
    span.end()
  }
}

/** What a `traceparent` says, or undefined when it is none. */
export function contextOf(traceparent: unknown): TraceContext | undefined {
  if (typeof traceparent !== 'string') return undefined
  const [, version, traceId, spanId, flags] = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?$/.exec(traceparent) ?? []
  if (traceId === undefined || spanId === undefined || flags === undefined || version === 'ff') return undefined
  if (version === '00' && traceparent.length !== 55) return undefined
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & 1) === 1 }
}

/** The header by which somebody else takes part. */
export const traceparentOf = ({ traceId, spanId, sampled }: TraceContext): string => `00-${traceId}-${spanId}-${sampled ? '01' : '00'}`

let pool = ''
let used = 0

/** Random bytes come in a large piece: a system call for each would cost more than the span. */
function randomHex(bytes: number): string {
  if (used + bytes * 2 > pool.length) {
    pool = randomBytes(4096).toString('hex')
    used = 0
  }
  used += bytes * 2
  return pool.slice(used - bytes * 2, used)
}
