/** A recorded stretch of a real server's series, gone through again and again until an hour has passed. */
import type { Case } from '../../scripts/rule-cases/case.ts'
import type { RuleGroup } from '../../src/slo/rules.ts'

interface Recorded {
  metric: Record<string, string>
  values: [number, string][]
}

/** Names of the series that the rules read from the service. */
export function namesRead(groups: readonly RuleGroup[]): string[] {
  const names = groups.flatMap(({ rules }) => rules.flatMap(({ expr }) => [...expr.matchAll(/\b([a-z_]+)\{/g)].map(([, name]) => name!)))
  return [...new Set(names)].sort()
}

/** What Prometheus holds of these series in the `seconds` before now. */
export async function recordedFrom(url: string, names: readonly string[], job: string, seconds: number): Promise<Recorded[]> {
  const query = `{__name__=~"${names.join('|')}",job="${job}"}[${seconds}s]`
  const answer = await fetch(`${url}/api/v1/query`, { method: 'POST', body: new URLSearchParams({ query }) })
  const body = (await answer.json()) as { data: { result: Recorded[] } }
  return body.data.result
}

/** Seconds between two samples of the hour. */
export const sampleSeconds = 5

/** Promtool's input from samples of every second. Counters go on growing as they grew, gauges repeat; buckets that nothing fell into are left out. */
export function anHour(recorded: readonly Recorded[]): Case['series'] {
  const used = recorded.filter(({ metric, values }) => !metric.__name__?.endsWith('_bucket') || values.some(([, value]) => value !== '0'))
  return used.map(({ metric, values }) => {
    const { __name__: name = '', ...labels } = metric
    const seen = values.map(([, value]) => Number(value))
    const grows = /_(total|bucket|count|sum)$/.test(name)
    const steps = seen.slice(1).map((value, index) => Math.max(0, value - seen[index]!))
    let counter = seen[0]!
    const hour = Array.from({ length: 3600 }, (_, second) => {
      if (!grows) return seen[second % seen.length]!
      if (second > 0) counter += steps[second % steps.length]!
      return counter
    })
    const text = Object.entries(labels).map(([label, value]) => `${label}=${JSON.stringify(value)}`)
    return {
      series: `${name}{${text.join(',')}}`,
      values: hour
        .filter((_, second) => second % sampleSeconds === 0)
        .map((value) => Number(value.toPrecision(12)))
        .join(' '),
    }
  })
}
