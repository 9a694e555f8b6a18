import { createHash } from 'node:crypto'
import { Registry } from '@prometheus-io/client'
import { type BadRequests, createBadRequests } from './bad-requests.ts'
import { type Catalogue, createCatalogue } from './catalogue.ts'
import { openMetricsOf, wantsOpenMetrics } from './open-metrics.ts'
import { collectProcess } from './process.ts'
import type { TraceContext } from './trace.ts'
import { type Countable, zeroInitialise } from './zero.ts'

/** The labels of `http_server_request_duration_seconds`. */
export interface RequestLabels {
  readonly method: string
  readonly route: string
  readonly status_class: string
}

/** Counted for every request, so as plain numbers that a scrape puts into the metrics. */
export interface Tally {
  /** Requests being worked on, streams left out. */
  active: number
  authAttempts: number
}

/** The metrics of one server: what its rooms write, and the text a scrape gets. */
export interface Metrics extends Omit<Catalogue, 'httpActive' | 'authAttempts'> {
  readonly tally: Tally
  /** The exposition text and its content type: OpenMetrics where the Accept header asks for it. Called once per scrape. */
  scrape(accept?: string): Promise<{ text: string; contentType: string }>
  /** Observes the time of an HTTP request that is part of a recorded trace. */
  observeTraced(labels: RequestLabels, seconds: number, trace: TraceContext): void
  /** Counts what counts against a promise by who asked. */
  readonly badRequests: BadRequests
  /** Runs before every scrape: for gauges that are read from somewhere. */
  beforeScrape(read: () => void): void
}

/** Takes what can be counted and which build this is; gives metrics where every series is already there. */
export function createMetrics(countable: Countable, build: { version: string; revision: string }): Metrics {
  const registry = new Registry()
  const catalogue = createCatalogue(registry)
  collectProcess(registry)
  zeroInitialise(catalogue, countable)
  catalogue.buildInfo.set(build, 1)
  const { httpActive, authAttempts, ...written } = catalogue
  const tally: Tally = { active: 0, authAttempts: 0 }
  const readTally = (): void => {
    httpActive.set(tally.active)
    authAttempts.inc(tally.authAttempts)
    tally.authAttempts = 0
  }
  const badRequests = createBadRequests(catalogue.badByPrincipal, () => performance.now())
  const readers: Array<() => void> = [readTally, badRequests.show]
  let openMetrics: ReturnType<typeof openMetricsOf> | undefined
  return {
    ...written,
    tally,
    badRequests,
    scrape: async (accept) => {
      for (const read of readers) read()
      if (wantsOpenMetrics(accept)) {
        openMetrics ??= openMetricsOf(registry)
        return { text: await openMetrics.metrics(), contentType: openMetrics.contentType }
      }
      return { text: await registry.metrics(), contentType: registry.contentType }
    },
    observeTraced: (labels, value, { traceId, spanId }) => {
      // The library's types know an exemplar by the labels of its metric alone.
      const exemplarLabels = { trace_id: traceId, span_id: spanId } as object
      catalogue.httpDuration.observe({ labels, value, exemplarLabels })
    },
    beforeScrape: (read) => readers.push(read),
  }
}

/** A number that differs when the settings differ (48 bits of their SHA-256, exact in a float). Secrets go in only as part of the hash. */
export function configHash(settings: object): number {
  return Number.parseInt(createHash('sha256').update(JSON.stringify(settings)).digest('hex').slice(0, 12), 16)
}
