/** Reads a dashboard's panels from Prometheus: a range for every line, and what happened meanwhile. */
import { ExpectedError } from '../errors.ts'
import { type Dashboard, incidentsExpression, type Panel, versionsExpression } from '../slo/dashboards.ts'
import type { MetricsSource, QueryAnswer } from '../targets/ports.ts'

/** A stretch of time in unix seconds, and the seconds between two points of a chart. */
export interface Stretch {
  start: number
  end: number
  step: number
}

export interface SeenLine {
  /** The legend with its labels filled in. */
  name: string
  points: [at: number, value: number][]
}

export interface SeenPanel extends Pick<Panel, 'title' | 'description' | 'unit'> {
  lines: SeenLine[]
  /** Why it could not be asked, where it could not. */
  trouble: string | undefined
}

export interface SeenDashboard {
  name: string
  runbook: string
  stretch: Stretch
  panels: SeenPanel[]
  /** Deploys and critical alerts, by when they began. */
  marks: { at: number; kind: 'deploy' | 'incident'; what: string }[]
}

/** Points that a chart has room for. */
const mostPoints = 240

/** A stretch of so many seconds up to `end`, in steps that a chart can show. */
export function stretchOf(seconds: number, end: number): Stretch {
  const step = Math.max(5, Math.ceil(seconds / mostPoints))
  const last = Math.floor(end / step) * step
  return { start: last - Math.floor(seconds / step) * step, end: last, step }
}

/** An expression of a panel as Prometheus takes it: for this service, with rates over four steps and a minute at least. */
export function filledIn(expression: string, job: string, { step }: Stretch): string {
  return expression.replaceAll('$__rate_interval', `${Math.max(60, 4 * step)}s`).replaceAll('"$job"', JSON.stringify(job))
}

/** All panels at once. One that cannot be asked says why and leaves the others alone; an interruption is thrown. */
export async function gatherDashboard(
  metrics: MetricsSource,
  board: Dashboard,
  job: string,
  stretch: Stretch,
  signal: AbortSignal,
): Promise<SeenDashboard> {
  const ask = (expression: string) => metrics.range(filledIn(expression, job, stretch), stretch, signal)
  const [panels, marks] = await Promise.all([
    Promise.all(board.panels.map((panel) => readPanel(panel, ask))),
    readMarks(ask, stretch).catch((error: unknown) => {
      if (!(error instanceof ExpectedError) || signal.aborted) throw error
      return []
    }),
  ])
  signal.throwIfAborted()
  return { name: board.name, runbook: board.runbook, stretch, panels, marks }
}

type Ask = (expression: string) => Promise<QueryAnswer>

async function readPanel({ title, description, unit, queries }: Panel, ask: Ask): Promise<SeenPanel> {
  try {
    const answers = await Promise.all(queries.map(async ([legend, expression]) => ({ legend, answer: await ask(expression) })))
    const lines = answers.flatMap(({ legend, answer }) =>
      answer.series.map(({ labels, points }): SeenLine => ({ name: legendOf(legend, labels), points })),
    )
    return { title, description, unit, lines, trouble: undefined }
  } catch (error) {
    if (!(error instanceof ExpectedError)) throw error
    return { title, description, unit, lines: [], trouble: error.message }
  }
}

const legendOf = (legend: string, labels: Record<string, string>): string =>
  legend.replaceAll(/\{\{(\w+)\}\}/g, (_, label: string) => labels[label] ?? '').trim() || 'all'

async function readMarks(ask: Ask, { start, step }: Stretch): Promise<SeenDashboard['marks']> {
  const [versions, incidents] = await Promise.all([ask(versionsExpression), ask(incidentsExpression)])
  const fired = ({ labels: { alertname = '' }, points }: QueryAnswer['series'][number]) =>
    points
      .filter(([at], index) => at > start + step && (index === 0 || at - points[index - 1]![0] > 1.5 * step))
      .map(([at]) => ({ at, kind: 'incident' as const, what: alertname }))
  return [...deploysIn(versions).map(({ at, what }) => ({ at, kind: 'deploy' as const, what })), ...incidents.series.flatMap(fired)].sort(
    (a, b) => a.at - b.at,
  )
}

/** Versions that run where another did, or beside one. One that is merely seen again after a gap, as after a restart, was not deployed. */
function deploysIn({ series }: QueryAnswer): { at: number; what: string }[] {
  const times = [...new Set(series.flatMap(({ points }) => points.map(([at]) => at)))].sort((a, b) => a - b)
  return series.flatMap(({ labels: { version = '', revision = '' }, points }) => {
    const running = new Set(points.map(([at]) => at))
    return times
      .filter((at, index) => index > 0 && running.has(at) && !running.has(times[index - 1]!))
      .map((at) => ({ at, what: `${version} ${revision}`.trim() }))
  })
}
