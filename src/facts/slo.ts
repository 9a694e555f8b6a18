/** Reads the counts that budgets are made of from Prometheus: one request for all burn rates, two for the hours, one for what spent them, two for deploys. */
import { ExpectedError, UsageError } from '../errors.ts'
import type { Counts } from '../slo/counts.ts'
import { eventCounts, type Objective } from '../slo/objectives.ts'
import {
  burnWindows,
  type CountSource,
  countQueries,
  firstSeenQuery,
  rawSource,
  recordedSource,
  recordingQueries,
  summedSource,
  versionsQuery,
} from '../slo/queries.ts'
import type { Moment, ObjectiveCounts, SloFacts } from '../slo/seen.ts'
import type { BudgetWindow } from '../slo/window.ts'
import type { MetricsSource, QueryAnswer } from '../targets/ports.ts'
import { sameDeploys } from './deploys.ts'
import { countsOf, pair, valuesBySlo } from './slo-answers.ts'
import { type Blame, readBlame } from './slo-blame.ts'
import { readMoments } from './slo-moments.ts'
import type { Part } from './snapshot.ts'

export interface SloQuestion {
  objectives: readonly Objective[]
  window: BudgetWindow
  at: number
  /** PromQL matchers of the service's series, to find its versions; undefined not to look for them. */
  versions: string | undefined
  /** Reads its rollout history; undefined not to look for any. Called when the questions to Prometheus are on their way. */
  revisions?: (() => Promise<Part<Moment[]>>) | undefined
  /** false: only what is left, without what spent it, its hours and its deploys. */
  story: boolean
  deploys: readonly Moment[]
  incidents: readonly Moment[]
}

/** Deploys that are judged; more would be more questions than one request holds. */
const mostDeploys = 5

export async function gatherSlo(metrics: MetricsSource, question: SloQuestion, signal: AbortSignal): Promise<SloFacts> {
  const { objectives, window, at } = question
  const elapsed = Math.max(60, Math.round(window.elapsed))
  const warnings = new Set<string>()
  const ask = async (queries: Record<string, string>) => {
    const answers = await metrics.instant(queries, at, signal)
    for (const answer of Object.values(answers)) for (const warning of answer.warnings) warnings.add(warning)
    return answers
  }
  const notSeen = new Set<string>()
  // The hours are the largest answer: a store that refuses them still has the counts of the windows.
  const askHours = async (some: readonly Objective[], source: CountSource): Promise<Map<string, Hours>> => {
    if (!question.story) return new Map()
    try {
      return await readHours(metrics, some, source, at, elapsed, signal, warnings)
    } catch (error) {
      if (!(error instanceof ExpectedError) || signal.aborted) throw error
      notSeen.add(`its hours, so neither what it cost when nor what leaves the window: ${error.message}`)
      return new Map()
    }
  }
  const blamed: Promise<Blame> = question.story ? readBlame(ask, objectives, elapsed) : Promise.resolve({ by: {}, notSeen: [] })
  const counting = Promise.all([
    ask({ ...countQueries(objectives, elapsed, recordedSource), ...recordingQueries(objectives, elapsed) }),
    question.story && question.versions !== undefined
      ? ask({ versions: versionsQuery(question.versions, elapsed) })
      : { versions: undefined },
    askHours(objectives, summedSource),
  ])
  const remembered = question.story ? question.revisions?.() : undefined
  // Awaited at the end: whatever fails before must not leave its failure unheard.
  for (const one of [blamed, remembered]) one?.catch(() => undefined)
  const [answers, { versions }, hours] = await counting
  const found = versions ? deploysFrom(versions, at - elapsed) : []
  const recorded = valuesBySlo(answers.recorded!)
  const unrecorded = objectives.filter(({ id }) => !recorded.has(id))
  let source = summedSource
  if (unrecorded.length > 0) {
    const raw = await rawFrom(ask, unrecorded, elapsed)
    source = (some, which, seconds) =>
      [summedSource, raw]
        .map((one) => [one, some.filter(({ id }) => recorded.has(id) === (one === summedSource))] as const)
        .flatMap(([one, those]) => (those.length === 0 ? [] : [one(those, which, seconds)]))
        .join(' or ')
    const [more, moreHours] = await Promise.all([
      ask(countQueries(unrecorded, elapsed, raw)).catch((error: unknown) => refusedQuery(ask, unrecorded, error)),
      askHours(unrecorded, raw),
    ])
    for (const [name, answer] of Object.entries(more))
      answers[name] = {
        ...answer,
        series: [...answers[name]!.series.filter(({ labels }) => recorded.has(labels.slo ?? '')), ...answer.series],
      }
    for (const [id, one] of moreHours) hours.set(id, one)
  }
  const targets = answers.target === undefined ? new Map<string, number>() : valuesBySlo(answers.target)
  const revisions = await remembered
  const kept = revisions?.state === 'ok' ? revisions.value.filter((one) => one.at > at - elapsed + 600 && one.at < at) : []
  const moments = await readMoments(
    ask,
    question,
    [...question.deploys, ...sameDeploys(kept, found)].sort((a, b) => b.at - a.at).slice(0, mostDeploys),
    source,
    recorded.size > 0,
  )
  const blame = await blamed
  const nothing = !objectives.some(({ id }) => countsOf(id, answers['bad window']!, answers['total window']!))
  return {
    where: metrics.where,
    at,
    window,
    source: recorded.size > 0 ? 'recorded' : 'raw',
    counts: Object.fromEntries(
      objectives.map(({ id }): [string, ObjectiveCounts] => {
        const hourly = hours.get(id) ?? []
        return [
          id,
          {
            windows: Object.fromEntries(
              [...burnWindows.map(([w]) => w), 'window'].map((w) => [w, countsOf(id, answers[`bad ${w}`]!, answers[`total ${w}`]!)]),
            ),
            hours: hourly,
            raw: !recorded.has(id),
            recordedMinutes: recorded.get(id) ?? Math.min(elapsed / 60, hourly.filter(([, counts]) => counts !== null).length * 60),
            by: blame.by[id],
            loadedTarget: targets.get(id),
          },
        ]
      }),
    ),
    ...moments,
    known: nothing && question.versions !== undefined ? await readKnown(ask, question.versions) : undefined,
    warnings: [...warnings],
    notSeen: [
      ...notSeen,
      ...blame.notSeen,
      ...(revisions === undefined || revisions.state === 'ok'
        ? []
        : [`the rollout history, so deploys are those seen as versions: ${revisions.reason}`]),
    ],
  }
}

type Hours = [end: number, counts: Counts | null][]

export type Ask = (queries: Record<string, string>) => Promise<Record<string, QueryAnswer>>

/** The service's own series, with when each time-slice objective's service was first seen. */
async function rawFrom(ask: Ask, objectives: readonly Objective[], elapsed: number): Promise<CountSource> {
  const query = firstSeenQuery(objectives, elapsed)
  const seen = query === undefined ? new Map<string, number>() : valuesBySlo((await ask({ seen: query })).seen!)
  return rawSource(({ id }) => seen.get(id))
}

/** Says which query of which objective Prometheus does not understand; throws what was thrown when each alone is fine. */
async function refusedQuery(ask: Ask, objectives: readonly Objective[], error: unknown): Promise<never> {
  if (!(error instanceof UsageError)) throw error
  for (const objective of objectives)
    for (const which of objective.kind === 'events' ? (['bad', 'total'] as const) : (['good'] as const)) {
      const query = objective.kind === 'events' ? eventCounts(objective, '5m')[which as 'bad' | 'total'] : objective.good
      try {
        await ask({ [which]: query })
      } catch (refused) {
        if (!(refused instanceof UsageError)) throw refused
        throw new UsageError(
          `the ${which} query of SLO "${objective.id}" is refused: ${refused.message}`,
          'correct it where the SLO is written',
          {
            cause: refused,
          },
        )
      }
    }
  throw error
}

/** What was scraped in the last hour, to say why nothing could be counted. */
async function readKnown(ask: Ask, selector: string): Promise<NonNullable<SloFacts['known']>> {
  const { scraped, own } = await ask({
    scraped: 'group by (job) (last_over_time(up[1h]))',
    own: `max(max_over_time(up{${selector}}[1h]))`,
  })
  return { jobs: scraped!.series.map(({ labels }) => labels.job ?? '').sort(), scraped: own!.series[0]?.points[0]?.[1], selector }
}

async function readHours(
  metrics: MetricsSource,
  objectives: readonly Objective[],
  source: CountSource,
  at: number,
  elapsed: number,
  signal: AbortSignal,
  warnings: Set<string>,
): Promise<Map<string, Hours>> {
  const count = Math.max(1, Math.floor(elapsed / 3600))
  const range = { start: at - (count - 1) * 3600, end: at, step: 3600 }
  const [bad, total] = await Promise.all(
    (['bad', 'total'] as const).map((which) => metrics.range(source(objectives, which, 3600), range, signal)),
  )
  for (const warning of [...bad!.warnings, ...total!.warnings]) warnings.add(warning)
  const ends = Array.from({ length: count }, (_, hour) => range.start + hour * 3600)
  return new Map(
    objectives.map(({ id }) => {
      const points = (answer: QueryAnswer) =>
        new Map(answer.series.find(({ labels }) => labels.slo === id)?.points.map(([time, value]) => [Math.round(time), value]))
      const [bads, totals] = [points(bad!), points(total!)]
      return [id, ends.map((end): [number, Counts | null] => [end, pair(bads.get(Math.round(end)), totals.get(Math.round(end)))])]
    }),
  )
}

/** Versions that appeared after the window began. The first one was there before and is nobody's deploy. */
function deploysFrom(answer: QueryAnswer, start: number): Moment[] {
  return answer.series
    .map(({ labels, points }) => ({ at: points[0]![1], name: [labels.version, labels.revision].filter(Boolean).join(' ') }))
    .sort((a, b) => a.at - b.at)
    .filter(({ at }, index) => index > 0 && at > start + 600)
}
