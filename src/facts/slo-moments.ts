/** Reads what went wrong around deploys and during incidents. */
import { type CountSource, countsUpTo } from '../slo/queries.ts'
import type { Moment, SloFacts } from '../slo/seen.ts'
import type { Ask, SloQuestion } from './slo.ts'
import { countsOf } from './slo-answers.ts'

/** The hour before and after each deploy, and each incident, in one request. `recorded` says that they are sums of recorded minutes. */
export async function readMoments(
  ask: Ask,
  { objectives, at, incidents }: SloQuestion,
  deploys: readonly Moment[],
  source: CountSource,
  recorded: boolean,
): Promise<Pick<SloFacts, 'deploys' | 'incidents'>> {
  // A recorded minute holds a fifth of each of the 5 minutes before it: what happened until `end` is recorded until 4 minutes later.
  const until = (start: number, end: number) => {
    const last = recorded ? Math.min(at, end + 240) : end
    return { end: last, seconds: Math.max(60, Math.round(last - start)) }
  }
  const spans = [
    ...deploys.flatMap((deploy, index) => [
      { name: `before ${index}`, end: deploy.at, seconds: 3600 },
      { name: `after ${index}`, ...until(deploy.at, Math.min(at, deploy.at + 3600)) },
    ]),
    ...incidents.map((incident, index) => ({ name: `during ${index}`, ...until(incident.at, incident.end ?? at) })),
  ]
  if (spans.length === 0) return { deploys: [], incidents: [] }
  const answers = await ask(countsUpTo(objectives, spans, source))
  const of = (span: string) =>
    Object.fromEntries(objectives.map(({ id }) => [id, countsOf(id, answers[`bad ${span}`]!, answers[`total ${span}`]!)]))
  return {
    deploys: deploys.map((deploy, index) => ({ ...deploy, before: of(`before ${index}`), after: of(`after ${index}`) })),
    incidents: incidents.map((incident, index) => ({ ...incident, during: of(`during ${index}`) })),
  }
}
