/**
 * Prometheus through prometheus-query, with its traps kept here: our own transport under it (its errors lose their status
 * and it never stops), infinities written so that it can read them, warnings read from the body, native histograms left
 * out and said so, times as Date (it takes 0 for now). A driver is made for each request because warnings belong to one.
 */
import { PrometheusDriver } from 'prometheus-query'
import { ExpectedError, UnreachableError, UsageError } from '../errors.ts'
import type { MetricsSource, QueryAnswer, ScrapeTarget, Series } from './ports.ts'
import { jsonOf, type SourceHttp } from './source-http.ts'

const marker = 'task_mcp_query'
/** Expressions in one POST; more go into further ones. */
const batchSize = 24
/** Prometheus refuses a range of more points than this for one series. */
const maxPoints = 11_000

interface PrometheusBody {
  status?: string
  data?: { resultType?: string; result?: unknown[] }
  errorType?: string
  error?: string
  warnings?: string[]
  infos?: string[]
}

interface RawSeries {
  metric?: Record<string, string>
  value?: [number, string]
  values?: [number, string][]
  histogram?: unknown
  histograms?: unknown[]
}

/** A MetricsSource over the given way to a Prometheus. Nothing is asked yet. */
export function openPrometheus(http: SourceHttp): MetricsSource {
  const query = (run: (driver: PrometheusDriver) => Promise<unknown>, signal: AbortSignal) => ask(http, run, signal)

  const one = (expression: string, at: number, signal: AbortSignal): Promise<QueryAnswer> =>
    query((driver) => driver.instantQuery(expression, new Date(at * 1000)), signal)

  const batch = async (named: [string, string][], at: number, signal: AbortSignal): Promise<[string, QueryAnswer][]> => {
    if (named.length === 1) return [[named[0]![0], await one(named[0]![1], at, signal)]]
    let together: QueryAnswer
    try {
      together = await one(named.map(([name, expression]) => marked(name, expression)).join(' or '), at, signal)
    } catch (error) {
      if (!(error instanceof UsageError)) throw error
      // One of them is a scalar or is refused: asked one by one, the others are answered and the guilty one is quoted.
      return Promise.all(named.map(async ([name, expression]): Promise<[string, QueryAnswer]> => [name, await one(expression, at, signal)]))
    }
    return named.map(([name]) => [
      name,
      { series: together.series.filter((series) => series.labels[marker] === name).map(unmarked), warnings: together.warnings },
    ])
  }

  return {
    where: http.where,

    async instant(expressions, at, signal) {
      const named = Object.entries(expressions)
      const batches: [string, string][][] = []
      for (let start = 0; start < named.length; start += batchSize) batches.push(named.slice(start, start + batchSize))
      return Object.fromEntries((await Promise.all(batches.map((entries) => batch(entries, at, signal)))).flat())
    },

    async range(expression, { start, end, step }, signal) {
      if (!(step > 0) || end < start) throw new UsageError(`a range from ${start} to ${end} by ${step} s cannot be asked`)
      const span = step * (maxPoints - 1)
      const answers: QueryAnswer[] = []
      for (let from = start; from <= end; from += span + step) {
        const to = Math.min(end, from + span)
        answers.push(await query((driver) => driver.rangeQuery(expression, new Date(from * 1000), new Date(to * 1000), step), signal))
      }
      return joined(answers)
    },

    async targets(signal) {
      const body = jsonOf(await http.ask('/api/v1/targets?state=active', undefined, signal), http.where, 'a Prometheus') as {
        data?: { activeTargets?: { labels?: Record<string, string>; health?: string; lastError?: string; lastScrape?: string }[] }
      }
      if (!Array.isArray(body.data?.activeTargets)) throw notPrometheus(http.where)
      return body.data.activeTargets.map(
        (target): ScrapeTarget => ({
          labels: target.labels ?? {},
          health: target.health ?? 'unknown',
          lastError: target.lastError ?? '',
          lastScrape: target.lastScrape ?? '',
        }),
      )
    },
  }
}

const marked = (name: string, expression: string): string => `label_replace(${expression}, "${marker}", ${JSON.stringify(name)}, "", "")`

function unmarked(series: Series): Series {
  const { [marker]: _, ...labels } = series.labels
  return { labels, points: series.points }
}

async function ask(http: SourceHttp, run: (driver: PrometheusDriver) => Promise<unknown>, signal: AbortSignal): Promise<QueryAnswer> {
  const warnings: string[] = []
  const driver = new PrometheusDriver({
    endpoint: 'http://unused.invalid',
    baseURL: '/api/v1/',
    preferPost: true,
    requestInterceptor: {
      onFulfilled: (config) => ({
        ...config,
        adapter: async () => {
          const answer = await http.ask(`/api/v1/${config.url ?? ''}`, String(config.data ?? ''), signal)
          const { body, said } = readable(answer.status, jsonOf(answer, http.where, 'a Prometheus'), http.where)
          warnings.push(...said)
          return { data: body, status: answer.status, statusText: '', headers: {}, config }
        },
      }),
    },
  })
  try {
    return { series: seriesOf(await run(driver)), warnings }
  } catch (error) {
    // What our transport throws arrives wrapped in a plain object.
    const original = typeof error === 'object' && error !== null && 'original' in error ? error.original : error
    if (original instanceof ExpectedError) throw original
    throw new UnreachableError(
      `${http.where} gave an answer that cannot be read: ${original instanceof Error ? original.message : JSON.stringify(error)}`,
      'check that it is a Prometheus',
      {
        cause: error,
      },
    )
  }
}

/** The body as the library can read it, or the refusal as our error. */
function readable(status: number, parsed: unknown, where: string): { body: PrometheusBody; said: string[] } {
  const body = (typeof parsed === 'object' && parsed !== null ? parsed : {}) as PrometheusBody
  if (body.status === 'error') {
    const quoted = `${where}: ${body.errorType ?? 'error'}: ${body.error ?? ''}`
    if (body.errorType !== 'bad_data' && /too many samples|exceed|limit|maximum/i.test(body.error ?? ''))
      throw new UnreachableError(quoted, 'ask for a shorter window, load the recording rules, or raise the limit of the store')
    if (status === 400 || status === 422) throw new UsageError(quoted, 'correct the expression, or the metric names in task-mcp.yaml')
    throw new UnreachableError(quoted, 'it may be overloaded; try again, or with a shorter window')
  }
  if (body.status !== 'success' || !Array.isArray(body.data?.result)) throw notPrometheus(where)
  const said = [...(body.warnings ?? [])]
  if (body.data.resultType === 'matrix' || body.data.resultType === 'vector') {
    const result = body.data.result as RawSeries[]
    const plain = result.filter((series) => series.value !== undefined || series.values !== undefined)
    if (plain.length < result.length) said.push(`${result.length - plain.length} native histogram series were left out`)
    for (const series of plain) {
      if (series.value) series.value[1] = infinite(series.value[1])
      for (const point of series.values ?? []) point[1] = infinite(point[1])
    }
    body.data.result = plain
  }
  return { body, said }
}

/** As parseFloat reads it: it takes "+Inf" for NaN. */
const infinite = (value: string): string => (value === '+Inf' ? 'Infinity' : value === '-Inf' ? '-Infinity' : value)

const notPrometheus = (where: string): UnreachableError =>
  new UnreachableError(
    `${where} answered JSON, but not as a Prometheus does`,
    'check the address: it should be that of a Prometheus, with its path prefix',
  )

interface ReadSample {
  time: Date
  value: number
}
interface ReadSeries {
  metric: { name?: string; labels?: Record<string, string> } | null
  value?: ReadSample
  values?: ReadSample[]
}

function seriesOf(result: unknown): Series[] {
  const { resultType, result: list } = result as { resultType: string; result: unknown[] }
  if (resultType === 'string') return []
  if (resultType === 'scalar') {
    const [time, value] = list as [number, string]
    return [{ labels: {}, points: [[time, Number.parseFloat(infinite(value))]] }]
  }
  return (list as ReadSeries[]).map((series) => ({
    labels: { ...(series.metric?.name === undefined ? {} : { __name__: series.metric.name }), ...series.metric?.labels },
    points: (series.values ?? (series.value === undefined ? [] : [series.value])).map((sample): [number, number] => [
      sample.time.getTime() / 1000,
      sample.value,
    ]),
  }))
}

/** Ranges asked one after another, as one: series with the same labels continue each other. */
function joined(answers: QueryAnswer[]): QueryAnswer {
  if (answers.length === 1) return answers[0]!
  const byLabels = new Map<string, Series>()
  for (const series of answers.flatMap((answer) => answer.series)) {
    const key = JSON.stringify(Object.entries(series.labels).sort())
    const have = byLabels.get(key)
    if (have === undefined) byLabels.set(key, series)
    else for (const point of series.points) have.points.push(point)
  }
  return { series: [...byLabels.values()], warnings: [...new Set(answers.flatMap((answer) => answer.warnings))] }
}
