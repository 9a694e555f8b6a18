/** Two scrapes of the pods' own metrics, a moment apart: what is left to go by where no Prometheus sees the service. */
import type { Clock } from '../context.ts'
import { UnreachableError } from '../errors.ts'
import type { DirectScrape } from './snapshot.ts'

/** Fetches one pod's metrics page as text. */
export type Scrape = (pod: string, signal: AbortSignal) => Promise<string>

const between = 1500
const mostSamples = 5000

/** Samples of a page in the Prometheus text format; lines that do not parse are skipped. Pure. */
export function parseMetrics(text: string): DirectScrape['samples'] {
  const samples: DirectScrape['samples'] = []
  for (const line of text.split('\n')) {
    const match = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})?\s+(\S+)/.exec(line)
    if (!match || line.startsWith('#')) continue
    const labels = Object.fromEntries(
      [...(match[2] ?? '').matchAll(/([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g)].map((m) => [m[1]!, m[2]!.replace(/\\(.)/g, '$1')]),
    )
    const value = match[3] === '+Inf' ? Number.POSITIVE_INFINITY : Number(match[3])
    if (!Number.isNaN(value)) samples.push({ name: match[1]!, labels, value })
    if (samples.length >= mostSamples) break
  }
  return samples
}

/** Scrapes every pod twice. Pods that do not answer are left out; when none does, the first error is thrown. Histogram buckets are not kept. */
export async function scrapeTwice(pods: readonly string[], scrape: Scrape, clock: Clock, signal: AbortSignal): Promise<DirectScrape[]> {
  const round = async (): Promise<PromiseSettledResult<DirectScrape>[]> =>
    Promise.allSettled(
      pods.map(async (pod) => {
        const text = await scrape(pod, signal)
        return { pod, at: clock.now() / 1000, samples: parseMetrics(text).filter((s) => !s.name.endsWith('_bucket')) }
      }),
    )
  const first = await round()
  const failure = first.find((r) => r.status === 'rejected')
  if (failure && first.every((r) => r.status === 'rejected')) throw failure.reason
  if (pods.length === 0) throw new UnreachableError('no running pod to read metrics from')
  await clock.sleep(between, signal)
  return [...first, ...(await round())].flatMap((r) => (r.status === 'fulfilled' ? [r.value] : []))
}
