/** `task-mcp prometheus targets | query EXPRESSION`. */
import { loadSettings } from '../config.ts'
import type { Context } from '../context.ts'
import { parseDuration } from '../duration.ts'
import { type ExitCode, exit, UsageError } from '../errors.ts'
import { discover } from '../facts/discover.ts'
import { redact } from '../facts/redact.ts'
import { renderSeries, renderTargets } from '../output/prometheus.ts'
import type { MetricsSource, ScrapeTarget, Series } from '../targets/ports.ts'
import { type Looking, type LookOptions, lookOnly } from './look-only.ts'

interface TargetsOptions extends LookOptions {
  readonly all: boolean
}
interface QueryOptions extends LookOptions {
  readonly range?: string
  readonly at?: string
}

/** What `task-mcp prometheus targets --json` prints. */
export interface TargetsReport {
  schemaVersion: 1
  command: 'prometheus targets'
  at: string
  where: string
  /** All that it scrapes, and how many of them answer. */
  scraped: number
  up: number
  /** Those shown: of the namespace, or all. */
  targets: ScrapeTarget[]
  about: string
}

/** What `task-mcp prometheus query --json` prints. Points are [unix seconds, value]; a value that is no number is a text. */
export interface QueryReport {
  schemaVersion: 1
  command: 'prometheus query'
  at: string
  where: string
  expression: string
  series: { labels: Record<string, string>; points: [number, number | string][] }[]
  warnings: string[]
}

const source = async ({ context, settings, signal }: Looking): Promise<MetricsSource> => {
  const targets = context.targets(settings)
  return targets.metrics(await discover('prometheus', settings.prometheus, () => targets.cluster(), signal))
}

export function targets(context: Context, _args: readonly string[], options: TargetsOptions): Promise<ExitCode> {
  return lookOnly<TargetsReport>(context, options, {
    explain: (settings) => [
      `curl -s '${settings.prometheus.url ?? 'http://PROMETHEUS:9090'}/api/v1/targets?state=active' | jq '.data.activeTargets[] | {labels, health, lastError}'`,
    ],
    async gather(looking) {
      const { context: world, settings, signal } = looking
      const prometheus = await source(looking)
      const all = (await prometheus.targets(signal)).map((one) => ({ ...one, lastError: redact(one.lastError) }))
      const { namespace } = settings.service
      const shown = options.all ? all : all.filter(({ labels, health }) => labels.namespace === namespace || health !== 'up')
      return {
        schemaVersion: 1,
        command: 'prometheus targets',
        at: new Date(world.clock.now()).toISOString(),
        where: prometheus.where,
        scraped: all.length,
        up: all.filter(({ health }) => health === 'up').length,
        targets: shown.sort((a, b) => Number(a.health === 'up') - Number(b.health === 'up')),
        about: options.all ? 'everything' : `namespace ${namespace}, and what does not answer anywhere`,
      }
    },
    render: renderTargets,
    code: ({ targets: list }) => (list.some(({ health }) => health !== 'up') ? exit.findings : exit.ok),
  })
}

export async function query(context: Context, [expression = '']: readonly string[], options: QueryOptions): Promise<ExitCode> {
  const now = context.clock.now()
  const at = options.at === undefined ? now : Date.parse(options.at)
  if (Number.isNaN(at)) throw new UsageError(`--at takes a time, not "${options.at}"`, 'for example --at 2026-11-23T03:12:00Z')
  const seconds = options.range === undefined ? undefined : parseDuration(options.range)
  if (options.range !== undefined && !seconds)
    throw new UsageError(`--range takes a duration, not "${options.range}"`, 'for example --range 1h')
  // A mistake in the settings must be said before anything is asked.
  await loadSettings(options, context)
  return lookOnly<QueryReport>(context, options, {
    explain: (settings) => {
      const base = settings.prometheus.url ?? 'http://PROMETHEUS:9090'
      const data = `--data-urlencode query='${expression.replaceAll("'", "'\\''")}'`
      const end = Math.round(at / 1000)
      return seconds
        ? [`curl -s ${base}/api/v1/query_range ${data} -d start=${Math.round(end - seconds)} -d end=${end} -d step=${stepOf(seconds)}`]
        : [`curl -s ${base}/api/v1/query ${data}`]
    },
    async gather(looking) {
      const prometheus = await source(looking)
      const end = at / 1000
      const { signal } = looking
      const answer = seconds
        ? await prometheus.range(expression, { start: end - seconds, end, step: stepOf(seconds) }, signal)
        : (await prometheus.instant({ answer: expression }, end, signal)).answer
      const series = (answer?.series ?? []).map(({ labels, points }: Series) => ({
        labels,
        points: points.map(([time, value]): [number, number | string] => [time, Number.isFinite(value) ? value : String(value)]),
      }))
      return {
        schemaVersion: 1,
        command: 'prometheus query',
        at: new Date(at).toISOString(),
        where: prometheus.where,
        expression,
        series,
        warnings: answer?.warnings ?? [],
      }
    },
    render: renderSeries,
  })
}

/** About a hundred points, 5 s apart at least. */
const stepOf = (seconds: number): number => Math.max(5, Math.ceil(seconds / 100))
