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
  for (const report of reports) {
    if (report.counts === null) said.push(`${report.id}: nothing was counted; its series are missing or hold no numbers.`)
    else if (report.counts.bad > report.counts.total * 1.001)
      said.push(`${report.id}: more bad ${report.unit} than ${report.unit}: the definition or the metric is wrong.`)
  }
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
