/** `task-mcp dashboard`: the panels of the shipped dashboards in a browser, live, or in a file. */
import { randomBytes } from 'node:crypto'
import { resolve } from 'node:path'
import { loadSettings } from '../config.ts'
import type { Context } from '../context.ts'
import { deadlineIn } from '../duration.ts'
import { type ExitCode, ExpectedError, exit, UsageError } from '../errors.ts'
import { gatherDashboard, stretchOf } from '../facts/dashboard.ts'
import { discover } from '../facts/discover.ts'
import { boardHtml, dashboardFile, livePage } from '../output/dashboard-page.ts'
import { dashboards } from '../slo/dashboards.ts'
import type { LocalAnswer } from '../targets/loopback.ts'
import type { GlobalOptions } from './entry.ts'

interface DashboardOptions extends GlobalOptions {
  readonly html?: string
  /** Seconds. */
  readonly range?: number
  readonly job?: string
  readonly refresh?: number
}

export async function run(context: Context, _args: readonly string[], options: DashboardOptions): Promise<ExitCode> {
  const { settings } = await loadSettings(options, context)
  const { range = 3600, refresh = 10 } = options
  if (!(range >= 60 && range <= 31 * 86_400)) throw new UsageError('a dashboard shows a minute at least and 31 days at most', '--range 6h')
  if (!(refresh >= 1)) throw new UsageError('--refresh is a second at least')
  const job = options.job ?? settings.service.workload
  const targets = context.targets(settings)
  const inTime = () => AbortSignal.any([context.signal, deadlineIn(settings.timeoutSeconds)])
  const metrics = await targets.metrics(await discover('prometheus', settings.prometheus, () => targets.cluster(), inTime()))
  const about = () => ({ job, where: metrics.where, at: new Date(context.clock.now()).toISOString().replace(/\.\d+Z$/, 'Z') })
  const look = (board: (typeof dashboards)[number]) =>
    gatherDashboard(metrics, board, job, stretchOf(range, context.clock.now() / 1000), inTime())

  if (options.html !== undefined || options.json) {
    const boards = await Promise.all(dashboards.map(look))
    if (options.html !== undefined) {
      await context.files.write(resolve(context.cwd, options.html), dashboardFile(boards, about()))
      context.terminal.err(`wrote ${options.html}\n`)
    }
    if (options.json) context.terminal.out(`${JSON.stringify({ schemaVersion: 1, ...about(), dashboards: boards }, null, 2)}\n`)
    const panels = boards.flatMap((board) => board.panels)
    return panels.every(({ trouble }) => trouble !== undefined) ? exit.unknown : exit.ok
  }

  const { listenOnLoopback } = await import('../targets/loopback.ts')
  const answer = async (path: string, query: URLSearchParams): Promise<LocalAnswer> => {
    const board = dashboards.find(({ name }) => name.toLowerCase() === (path || 'overview'))
    if (!board) return { status: 404, type: 'text/plain; charset=utf-8', body: 'there is no such dashboard\n' }
    try {
      const seen = await look(board)
      if (query.has('panels')) return { status: 200, type: 'text/html; charset=utf-8', body: boardHtml(seen, about()) }
      const nonce = randomBytes(16).toString('base64')
      const names = dashboards.map(({ name }) => name)
      return { status: 200, type: 'text/html; charset=utf-8', body: livePage(seen, names, about(), { seconds: refresh, nonce }) }
    } catch (error) {
      if (!(error instanceof ExpectedError) && !inTimeError(error)) throw error
      return {
        status: 502,
        type: 'text/plain; charset=utf-8',
        body: `${error instanceof Error ? error.message : 'Prometheus did not answer'}\n`,
      }
    }
  }
  const local = await listenOnLoopback(answer)
  try {
    context.terminal.out(`${local.url}\n`)
    context.terminal.err(`open it in a browser; it shows ${job} from ${metrics.where}. Ctrl-C ends it.\n`)
    await new Promise<void>((ended) => {
      if (context.signal.aborted) ended()
      context.signal.addEventListener('abort', () => ended(), { once: true })
    })
  } finally {
    await local.close()
  }
  return exit.ok
}

const inTimeError = (error: unknown): boolean => error instanceof Error && (error.name === 'TimeoutError' || error.name === 'AbortError')
