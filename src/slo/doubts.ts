/** What makes the numbers of a report less than they look. */
import type { Objective } from './objectives.ts'
import type { ObjectiveReport } from './report.ts'
import type { SloFacts } from './seen.ts'

/** A sentence for each doubt; none is the usual case. */
export function doubts(reports: readonly ObjectiveReport[], facts: SloFacts, objectives: readonly Objective[]): string[] {
  const said: string[] = []
  if (facts.source === 'raw')
    said.push(
      'No recording rules for this service are loaded: counts come from its own series, which is slower and ends with the retention. Load deploy/prometheus/rules.yaml, or what task-mcp slo-rules writes.',
    )
  for (const [doubt, some] of Map.groupBy(reports, doubtOf))
    if (doubt !== undefined) said.push(`${some.map(({ id }) => id).join(', ')}: ${doubt}`)
  const { known } = facts
  if (known !== undefined) said.push(whyNothing(known))
  const unrecorded = objectives.filter(({ id }) => facts.source === 'recorded' && facts.counts[id]?.raw).map(({ id }) => id)
  if (unrecorded.length > 0)
    said.push(
      `${unrecorded.join(', ')}: counted from the service's own series, because no rule records it (task-mcp slo-rules writes them).`,
    )
  for (const { id, target } of objectives) {
    const loaded = facts.counts[id]?.loadedTarget
    if (loaded !== undefined && Math.abs(loaded - target) > 1e-12)
      said.push(`${id}: judged against ${target}, but the loaded rules alert at ${loaded}.`)
  }
  return said
}

/** What is to be said of one objective's counts. */
function doubtOf({ counts, unit, coverage: { enough, recorded, expected } }: ObjectiveReport): string | undefined {
  if (counts === null) return 'nothing was counted; its series are missing or hold no numbers.'
  if (counts.total === 0) return 'no traffic, so there is nothing to judge.'
  if (counts.bad > counts.total * 1.001) return `more bad ${unit} than ${unit}: the definition or the metric is wrong.`
  if (enough) return undefined
  const [size, name] = expected >= 2880 ? [1440, 'days'] : [60, 'hours']
  const rounded = (minutes: number) => Number((minutes / size).toFixed(1))
  return `${rounded(recorded)} of ${rounded(expected)} ${name} were counted; the others are older than what is kept, or were not scraped.`
}

/** Why there may be nothing to count. */
function whyNothing({ jobs, scraped, selector }: NonNullable<SloFacts['known']>): string {
  if (jobs.length === 0)
    return 'Prometheus scraped nothing at all in the hour before this time: it may be older than what is kept, or not reached yet.'
  if (scraped === 0) return `Prometheus knows the service, {${selector}}, and each scrape of it failed in the hour before this time.`
  if (scraped !== undefined)
    return 'The service itself was scraped, so names in the queries are wrong, or the window begins before it existed.'
  const some = jobs.length > 8 ? `${jobs.slice(0, 8).join(', ')} and ${jobs.length - 8} more` : jobs.join(', ')
  return `Prometheus scraped ${some}, and nothing with {${selector}}: service.namespace, service.workload or the selector of a service may be another's.`
}
