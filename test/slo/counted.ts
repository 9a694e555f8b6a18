/** A Prometheus that answers the questions of slo-budget from counts a test gives, and remembers what it was asked. */

import type { Counts } from '../../src/slo/counts.ts'
import type { MetricsSource, QueryAnswer } from '../../src/targets/ports.ts'

export interface Counted {
  /** The objectives that it knows; the usual five when not said. */
  ids?: readonly string[]
  /** What was counted for an SLO in the `seconds` up to a time; undefined where nothing was. */
  counts(slo: string, seconds: number, end: number): Counts | undefined
  /** Minutes that rules recorded; undefined where none are loaded. */
  recorded?(slo: string): number | undefined
  versions?: { version: string; at: number }[]
  /** What `spentBy` finds, by the name of the question: `by error-rate route`. */
  by?: Record<string, { labels: Record<string, string>; bad: number }[]>
  warnings?: string[]
  /** What is thrown for an expression, or for a range of it. */
  refuses?(expression: string, kind: 'instant' | 'range'): Error | undefined
  /** Jobs that were scraped in the last hour; nothing when not said. */
  jobs?: string[]
  /** 1 when the service was scraped in it, 0 when each scrape failed. */
  own?: number
}

export const slos = ['availability', 'error-rate', 'latency', 'latency-tail', 'throughput'] as const
const lengths: Record<string, number> = { '5m': 300, '30m': 1800, '1h': 3600, '2h': 7200, '6h': 21_600, '1d': 86_400, '3d': 259_200 }

export function countedSource(counted: Counted, windowSeconds = 30 * 86_400): MetricsSource & { requests: string[][] } {
  const requests: string[][] = []
  const ids = counted.ids ?? slos
  /** Whether the expression asks for this SLO, alone or among others of its service. */
  const named = (expression: string, slo: string) =>
    [...expression.matchAll(/service="([^"]*)",slo=~?"([^"]*)"|"slo", "([^"]*)", ""/g)].some(([, service, recorded, raw]) =>
      recorded === undefined ? raw === slo : recorded.split('|').some((name) => slo === name || slo === `${service}/${name}`),
    )
  const refuse = (expressions: readonly string[], kind: 'instant' | 'range') => {
    for (const expression of expressions) {
      const error = counted.refuses?.(expression, kind)
      if (error) throw error
    }
  }
  const vector = (at: number, value: (slo: string) => number | undefined, expression: string): QueryAnswer => ({
    series: ids
      .filter((slo) => named(expression, slo))
      .flatMap((slo) => {
        const one = value(slo)
        return one === undefined ? [] : [{ labels: { slo }, points: [[at, one] as [number, number]] }]
      }),
    warnings: counted.warnings ?? [],
  })
  return {
    where: 'http://prometheus.example',
    requests,
    targets: async () => [],
    async instant(expressions, at) {
      requests.push(Object.keys(expressions))
      refuse(Object.values(expressions), 'instant')
      return Object.fromEntries(
        Object.entries(expressions).map(([name, expression]) => {
          if (name === 'recorded')
            return [name, vector(at, (slo) => (counted.recorded ? counted.recorded(slo) : windowSeconds / 60), expression)]
          if (name === 'own')
            return [
              name,
              { series: counted.own === undefined ? [] : [{ labels: {}, points: [[at, counted.own] as [number, number]] }], warnings: [] },
            ]
          if (name === 'scraped')
            return [
              name,
              {
                series: (counted.jobs ?? []).map((job) => ({
                  labels: { job },
                  points: [[at, 1] as [number, number]],
                })),
                warnings: [],
              },
            ]
          if (name === 'versions')
            return [
              name,
              {
                series: (counted.versions ?? []).map(({ version, at: seen }) => ({
                  labels: { version },
                  points: [[at, seen] as [number, number]],
                })),
                warnings: [],
              },
            ]
          if (name.startsWith('by '))
            return [
              name,
              {
                series: (counted.by?.[name] ?? []).map(({ labels, bad }) => ({ labels, points: [[at, bad] as [number, number]] })),
                warnings: [],
              },
            ]
          const [which, window] = name.split(' ')
          if (which !== 'bad' && which !== 'total') return [name, vector(at, () => undefined, expression)]
          const pinned = /\[(\d+)[smhd]?[^\]]*\] @ ([\d.]+)/.exec(expression)
          const end = pinned ? Number(pinned[2]) : at
          const seconds = pinned ? 3600 : (lengths[window!] ?? windowSeconds)
          return [name, vector(at, (slo) => counted.counts(slo, seconds, end)?.[which], expression)]
        }),
      )
    },
    async range(expression, { start, end, step }) {
      requests.push(['range'])
      refuse([expression], 'range')
      const which = expression.includes('slo:bad') ? 'bad' : 'total'
      const times = Array.from({ length: Math.floor((end - start) / step) + 1 }, (_, index) => start + index * step)
      return {
        series: ids
          .filter((slo) => named(expression, slo))
          .map((slo) => ({
            labels: { slo },
            points: times.flatMap((time) => {
              const one = counted.counts(slo, 3600, time)
              return one ? [[time, one[which]] as [number, number]] : []
            }),
          })),
        warnings: [],
      }
    },
  }
}
