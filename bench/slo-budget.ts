/**
 * `npm run build && node bench/slo-budget.ts`: whole-process time of slo-budget over 30 days and 200 series in a real
 * Prometheus, beside the same budgets asked raw as sloth and pyrra define theirs, in one run; and how long Prometheus itself worked
 * for each, which is the same on a busy machine. Needs promtool and prometheus on PATH.
 */
import { spawnSync } from 'node:child_process'
import { taskMcpObjectives, taskMcpScope } from '../src/slo/objectives.ts'
import { burnWindows, countQueries, rawSource, recordedSource } from '../src/slo/queries.ts'
import { program } from '../test/slo/programs.ts'
import { recordedDays } from '../test/slo/recorded-days.ts'

const promtool = program('promtool')
const prometheus = program('prometheus')
if (!promtool || !prometheus) throw new Error('put promtool and prometheus on PATH, or name them in PROMTOOL and PROMETHEUS')
const rounds = 15
const month = 30 * 86_400
const days = await recordedDays({ promtool, prometheus }, undefined, 27)

async function query(expression: string): Promise<{ data: { result: { value: [number, string] }[] } }> {
  const answer = await fetch(`${days.url}/api/v1/query`, {
    method: 'POST',
    body: new URLSearchParams({ query: expression, time: `${days.end}` }),
  })
  if (!answer.ok) throw new Error(await answer.text())
  return (await answer.json()) as never
}

/** Seconds that Prometheus has worked. */
async function worked(): Promise<number> {
  const text = await (await fetch(`${days.url}/metrics`)).text()
  return Number(/^process_cpu_seconds_total (\S+)/m.exec(text)?.[1])
}

try {
  const events = taskMcpObjectives(taskMcpScope).filter((one) => one.kind === 'events')
  const raw = rawSource(() => days.end - month)
  // Sloth: for every SLO and window one ratio of rates; pyrra: for every SLO the increase of errors and of all over the window.
  const windows = [...burnWindows.map(([, seconds]) => seconds), month]
  const sloth = events.flatMap((one) => windows.map((seconds) => `(${raw([one], 'bad', seconds)}) / (${raw([one], 'total', seconds)})`))
  const pyrra = events.flatMap((one) => [raw([one], 'bad', month), raw([one], 'total', month)])
  const burns = Object.values(countQueries(taskMcpObjectives(), month, recordedSource))
  const together = burns.map((expression, index) => `label_replace(${expression}, "n", "${index}", "", "")`).join(' or ')
  const inTurn = (expressions: readonly string[]) => async () => {
    for (const expression of expressions) await query(expression)
  }
  const command =
    (...argv: string[]) =>
    async () => {
      const { status, stderr } = spawnSync(process.execPath, ['bin/task-mcp.js', ...argv], { encoding: 'utf8' })
      if (status !== 0) throw new Error(stderr)
    }
  const at = ['--at', `${days.end}`, '--prometheus', days.url, '--kubeconfig', '/nowhere', '--timeout', '60s']
  const measured: Record<string, () => Promise<unknown>> = {
    'task-mcp slo-budget, whole process': command('slo-budget', '--json', ...at),
    'task-mcp --version, whole process': command('--version'),
    'five SLOs, eight windows: 16 expressions in one request': () => query(together),
    'the same in 16 requests': inTurn(burns),
    'four SLOs, eight windows, raw, as sloth defines them': inTurn(sloth),
    'four SLOs, 30 days alone, raw, as pyrra defines them': inTurn(pyrra),
  }
  const series = (await query('count(present_over_time({__name__=~".+",__name__!~"slo:.*"}[30d]))')).data.result[0]?.value[1]
  const cpu = Object.fromEntries(Object.keys(measured).map((name) => [name, 0]))
  const times = Object.fromEntries(Object.keys(measured).map((name) => [name, [] as number[]]))
  // In turns, so that a busy moment of the machine is shared; what takes many seconds only every third time.
  for (let round = 0; round < rounds; round++)
    for (const [name, work] of Object.entries(measured)) {
      if (name.includes('raw') && round % 3 > 0) continue
      const before = await worked()
      const start = performance.now()
      await work()
      times[name]!.push(performance.now() - start)
      cpu[name]! += (await worked()) - before
    }
  const p50 = (name: string) => {
    const sorted = times[name]!.sort((a, b) => a - b)
    return sorted[Math.floor(sorted.length / 2)]!
  }
  process.stdout.write(`30 days, ${series} series, ${rounds} rounds: p50, and CPU of Prometheus each time\n`)
  for (const name of Object.keys(measured))
    process.stdout.write(
      `${`${Math.round(p50(name))} ms`.padStart(9)}${`${Math.round((cpu[name]! / times[name]!.length) * 1000)} ms`.padStart(9)}  ${name}\n`,
    )
  const own = p50('task-mcp slo-budget, whole process')
  for (const name of Object.keys(measured).slice(4))
    process.stdout.write(`${`${(p50(name) / own).toFixed(1)} x`.padStart(9)}  ${name}, against slo-budget\n`)
} finally {
  await days.stop()
}
