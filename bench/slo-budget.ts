/**
 * `node bench/slo-budget.ts`: whole-process time of slo-budget over 30 days in a real Prometheus, and of the same month asked
 * raw in one run: the way of tools that query a ratio over the whole window. Needs promtool and prometheus on PATH.
 */
import { spawnSync } from 'node:child_process'
import { taskMcpObjectives } from '../src/slo/objectives.ts'
import { rawSource, together } from '../src/slo/queries.ts'
import { program } from '../test/slo/programs.ts'
import { recordedDays } from '../test/slo/recorded-days.ts'

const promtool = program('promtool')
const prometheus = program('prometheus')
if (!promtool || !prometheus) throw new Error('put promtool and prometheus on PATH, or name them in PROMTOOL and PROMETHEUS')
const rounds = 11
const days = await recordedDays({ promtool, prometheus })
try {
  const whole = timed(() => {
    const { status, stderr } = spawnSync(
      process.execPath,
      ['src/start.ts', 'slo-budget', '--json', '--at', `${days.end}`, '--prometheus', days.url, '--timeout', '60s'],
      { encoding: 'utf8' },
    )
    if (status !== 0) throw new Error(stderr)
  })
  const help = timed(() => spawnSync(process.execPath, ['src/start.ts', '--help']))
  const raw = rawSource(() => days.end - 30 * 86_400)
  const events = taskMcpObjectives().filter(({ kind }) => kind === 'events')
  const query = async (expression: string) => {
    const start = performance.now()
    const answer = await fetch(`${days.url}/api/v1/query`, {
      method: 'POST',
      body: new URLSearchParams({ query: expression, time: `${days.end}` }),
    })
    if (!answer.ok) throw new Error(await answer.text())
    await answer.arrayBuffer()
    return performance.now() - start
  }
  const month = 30 * 86_400
  const recordedQuery = `sum_over_time(slo:bad_events:count1m{service="task-mcp-http"}[30d]) or sum_over_time(slo:total_events:count1m{service="task-mcp-http"}[30d])`
  const rawQuery = `${together(events, (one) => raw.bad(one, month))}`
  const recordedTimes: number[] = []
  const rawTimes: number[] = []
  for (let round = 0; round < rounds; round++) {
    recordedTimes.push(await query(recordedQuery))
    rawTimes.push(await query(rawQuery))
  }
  process.stdout.write(
    `slo-budget, whole process, 30 days: p50 ${median(whole)} ms (task-mcp --help: ${median(help)} ms)\n30 days from recorded counts: p50 ${median(recordedTimes)} ms; from raw series: p50 ${median(rawTimes)} ms\n`,
  )
} finally {
  await days.stop()
}

function timed(work: () => unknown): number[] {
  return Array.from({ length: rounds }, () => {
    const start = performance.now()
    work()
    return performance.now() - start
  })
}

function median(times: number[]): number {
  return Math.round(times.sort((a, b) => a - b)[Math.floor(times.length / 2)]!)
}
