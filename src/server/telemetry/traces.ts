import type { Settings } from '../settings.ts'
import type { Log } from './log.ts'
import type { Metrics } from './metrics.ts'
import { createTracing, type Tracing } from './trace.ts'

/** Traces on their way to a collector. */
export interface Traces {
  readonly tracing: Tracing
  /** Sends what is left. */
  close(): Promise<void>
}

/**
 * Gives nothing where no endpoint is configured; what sends spans is not even loaded then. `instance` tells this process from others.
 * @throws UsageError for an endpoint, headers or attributes that cannot be used.
 */
export async function openTraces(
  settings: Settings,
  { instance, version, metrics, log }: { instance: string; version: string; metrics: Metrics; log: Log },
): Promise<Traces | undefined> {
  if (settings.otlpEndpoint === '') return undefined
  const { createOtlp, pairsOf } = await import('./otlp.ts')
  const names = { 'service.name': settings.serviceName, 'service.version': version, 'service.instance.id': instance }
  const otlp = createOtlp({
    endpoint: settings.otlpEndpoint,
    headers: settings.otlpHeaders,
    resource: { ...pairsOf('otlp-resource', settings.otlpResource), ...names },
    log,
    sent: (spans) => metrics.spans.inc(spans),
    dropped: (spans, reason) => metrics.spansDropped.inc({ reason }, spans),
  })
  return { tracing: createTracing(settings.tracePercent / 100, otlp.add), close: otlp.close }
}
