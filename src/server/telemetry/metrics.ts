import { createHash } from 'node:crypto'
import { Registry } from '@prometheus-io/client'
import { type Catalogue, createCatalogue } from './catalogue.ts'
import { collectProcess } from './process.ts'
import { type Countable, zeroInitialise } from './zero.ts'

/** The metrics of one server: what its rooms write, and the text a scrape gets. */
export interface Metrics extends Catalogue {
  /** The exposition text and its content type. Called once per scrape. */
  scrape(): Promise<{ text: string; contentType: string }>
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
  const readers: Array<() => void> = []
  return {
    ...catalogue,
    scrape: async () => {
      for (const read of readers) read()
      return { text: await registry.metrics(), contentType: registry.contentType }
    },
    beforeScrape: (read) => readers.push(read),
  }
}

/** A number that differs when the settings differ (48 bits of their SHA-256, exact in a float). Secrets go in only as part of the hash. */
export function configHash(settings: object): number {
  return Number.parseInt(createHash('sha256').update(JSON.stringify(settings)).digest('hex').slice(0, 12), 16)
}
