import { type Metric, Registry } from '@prometheus-io/client'

/** True when a scraper would rather have OpenMetrics than Prometheus text, by its Accept header. */
export function wantsOpenMetrics(accept: string | undefined): boolean {
  let open = 0
  let text = 0
  for (const part of (accept ?? '').split(',')) {
    const [type = '', ...parameters] = part.split(';').map((word) => word.trim().toLowerCase())
    const given = parameters.find((word) => word.startsWith('q='))
    const quality = given === undefined ? 1 : Number(given.slice(2))
    if (!(quality > 0)) continue
    const version = parameters.find((word) => word.startsWith('version='))
    if (type === 'application/openmetrics-text' && (version === undefined || version === 'version=1.0.0')) open = Math.max(open, quality)
    if (type === 'text/plain') text = Math.max(text, quality)
  }
  return open > 0 && open >= text
}

interface Reading {
  readonly name: string
  readonly type: string
  readonly values: ReadonlyArray<{ readonly labels?: Record<string, string | number> }>
}
type Readable = Metric & { getForPromString?(): Promise<Reading>; get(): Promise<Reading> }

/**
 * A second face of a registry, for OpenMetrics: counters lose `_total` from their family's name, bounds are written as numbers of
 * that format are (`1.0`), and exemplars are shown. The library would rename the counters of the registry itself.
 */
export function openMetricsOf(registry: Registry): Registry<typeof Registry.OPENMETRICS_CONTENT_TYPE> {
  const face = new Registry(Registry.OPENMETRICS_CONTENT_TYPE)
  for (const metric of registry.getMetricsAsArray() as unknown as Readable[]) {
    const read = async (): Promise<Reading> => {
      const reading = await (metric.getForPromString?.() ?? metric.get())
      if (reading.type === 'counter') return { ...reading, name: reading.name.replace(/_total$/, '') }
      return reading.type === 'histogram' ? { ...reading, values: reading.values.map(canonical) } : reading
    }
    const { name, type } = metric as unknown as { name: string; type: string }
    face.registerMetric({ name, type, get: read } as unknown as Metric)
  }
  return face
}

function canonical<T extends { readonly labels?: Record<string, string | number> }>(value: T): T {
  const bound = value.labels?.le
  return Number.isInteger(bound) ? { ...value, labels: { ...value.labels, le: `${bound}.0` } } : value
}
