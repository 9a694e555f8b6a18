/** The questions that a budget needs answered, in PromQL. Pure: objectives and times in, expressions out. */
import { durationText } from '../duration.ts'
import { directWindows } from './burn-alerts.ts'
import { badSlice, eventCounts, type Objective, type SliceObjective } from './objectives.ts'

/** Windows that burn is shown for, with their seconds; the budget's own comes beside them as `window`. */
export const burnWindows: readonly (readonly [name: string, seconds: number])[] = [
  ['5m', 300],
  ['30m', 1800],
  ['1h', 3600],
  ['2h', 7200],
  ['6h', 21_600],
  ['1d', 86_400],
  ['3d', 259_200],
]

/** Asks for what was bad, or for all, in the last `seconds`: a series for each objective, told apart by the label `slo`, which has its id. */
export type CountSource = (objectives: readonly Objective[], which: 'bad' | 'total', seconds: number) => string

/** Sums of recorded minutes whatever the window, so that the hours of a window add up to it. */
export const summedSource: CountSource = (objectives, which, seconds) =>
  recorded(objectives, (matchers) => `sum_over_time(slo:${which}_events:count1m{${matchers}}[${durationText(seconds)}])`)

/** As the alerts count: the shortest windows straight from the series of the service. */
export const recordedSource: CountSource = (objectives, which, seconds) => {
  const window = durationText(seconds)
  const direct = (directWindows as readonly string[]).includes(window)
  const events = objectives.filter(({ kind }) => direct && kind === 'events')
  const summed = objectives.filter((one) => !events.includes(one))
  return [
    ...(events.length === 0 ? [] : [recorded(events, (matchers) => `slo:${which}_events:count${window}{${matchers}}`)]),
    ...(summed.length === 0 ? [] : [summedSource(summed, which, seconds)]),
  ].join(' or ')
}

/** One expression for the recorded series of many objectives: one selector for each service costs half of what one for each of them does. */
function recorded(objectives: readonly Objective[], expression: (matchers: string) => string): string {
  const services = Map.groupBy(objectives, ({ id, name, service }) => `${service} ${id === name}`)
  return [...services.values()]
    .map((some) => {
      const { service, id, name } = some[0]!
      const all = expression(`service="${service}",slo=~"${some.map((one) => one.name).join('|')}"`)
      return id === name ? all : `label_join(${all}, "slo", "/", "service", "slo")`
    })
    .join(' or ')
}

/**
 * Without recording rules. `since` says from when a time-slice objective's service is known (unix seconds; undefined when it
 * was never seen): minutes before that are not bad ones, nor are those in which Prometheus itself saw nothing at all.
 */
export function rawSource(since: (objective: Objective) => number | undefined): CountSource {
  const slices = (objective: SliceObjective, expression: string, seconds: number) => {
    const first = since(objective)
    const known = first === undefined ? 'vector(1) < 0' : `vector(time()) >= ${first}`
    // A minute is counted by itself up to a day; beyond that every fifth stands for five.
    const minutes = seconds <= 86_400 ? 1 : 5
    return `${minutes === 1 ? '' : `${minutes} * `}sum_over_time((${expression} and on () (count(up) > 0) and on () (${known}))[${durationText(seconds)}:${minutes}m])`
  }
  return (objectives, which, seconds) =>
    together(objectives, (objective) =>
      objective.kind === 'events'
        ? eventCounts(objective, durationText(seconds))[which]
        : slices(objective, which === 'bad' ? `(${badSlice(objective)})` : 'vector(1)', seconds),
    )
}

/** One expression for several objectives: a series each, told apart by the label `slo`. */
function together(objectives: readonly Objective[], expression: (objective: Objective) => string): string {
  return objectives.map((objective) => `label_replace(${expression(objective)}, "slo", "${objective.id}", "", "")`).join(' or ')
}

/** Bad and total in every burn window and in `seconds`, all objectives in each: 16 expressions, named `bad 5m`, `total window`. */
export function countQueries(objectives: readonly Objective[], seconds: number, source: CountSource): Record<string, string> {
  const windows = [...burnWindows, ['window', seconds] as const]
  return Object.fromEntries(
    windows.flatMap(([name, length]) => [
      [`bad ${name}`, source(objectives, 'bad', length)],
      [`total ${name}`, source(objectives, 'total', length)],
    ]),
  )
}

/** Minutes of the window that rules recorded, and the targets that the loaded rules were made with. */
export function recordingQueries(objectives: readonly Objective[], seconds: number): Record<string, string> {
  return {
    recorded: recorded(objectives, (matchers) => `count_over_time(slo:total_events:count1m{${matchers}}[${durationText(seconds)}])`),
    target: recorded(objectives, (matchers) => `slo:objective:target{${matchers}}`),
  }
}

/** The dearest shares of what was bad in `seconds`, by route, tool and the like: named `by ID WORD`, five of each at most. */
export function sharedOut(objectives: readonly Objective[], seconds: number): Record<string, string> {
  return Object.fromEntries(
    objectives.flatMap(({ id, spentBy = {} }) =>
      Object.entries(spentBy).map(([word, expression]) => [
        `by ${id} ${word}`,
        `topk(5, (${expression.replaceAll('$window', durationText(seconds))}) > 0)`,
      ]),
    ),
  )
}

/** When a time-slice objective's service was first seen in the window, in unix seconds. */
export function firstSeenQuery(objectives: readonly Objective[], seconds: number): string | undefined {
  const slices = objectives.filter((objective) => objective.kind === 'time-slices')
  if (slices.length === 0) return undefined
  return together(slices, (objective) => `min_over_time(timestamp(${(objective as SliceObjective).good})[${durationText(seconds)}:5m])`)
}

/**
 * Versions and when each was first seen in the window, for the matchers of the service's series. Not `timestamp()`: of a plain
 * series it is looked up anew at every step, which takes seconds for a month.
 */
export function versionsQuery(selector: string, seconds: number): string {
  return `min by (version, revision) (min_over_time((task_mcp_build_info{${selector}} * 0 + time())[${durationText(seconds)}:5m]))`
}

/** Bad and total in the `seconds` up to each of these times: named `bad TIME`, `total TIME`. */
export function countsUpTo(
  objectives: readonly Objective[],
  spans: readonly { name: string; end: number; seconds: number }[],
  source: CountSource,
): Record<string, string> {
  const at = (expression: string, end: number) => expression.replaceAll(/\[(?:\d+(?:ms|[smhdw]))+(?::\d+m)?\]/g, `$& @ ${end}`)
  return Object.fromEntries(
    spans.flatMap(({ name, end, seconds }) => [
      [`bad ${name}`, at(source(objectives, 'bad', seconds), end)],
      [`total ${name}`, at(source(objectives, 'total', seconds), end)],
    ]),
  )
}
