/** A Prometheus that holds the true days: the service's own series, and what the shipped recording rules make of them. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse } from 'yaml'
import type { RecordingRule, RuleGroup } from '../../src/slo/rules.ts'
import { run } from './programs.ts'
import { type RunningPrometheus, startPrometheus } from './prometheus.ts'
import { type TrueDays, writeTrueDays } from './true-days.ts'

export interface RecordedDays {
  days: TrueDays
  /** Unix seconds of the last minute. */
  end: number
  /** With recorded series beside the service's own. */
  url: string
  stop(): Promise<void>
}

/** Prometheus refuses a range of more points than 11,000. */
const pointsInRange = 10_000

/** Starts it with the last `shown` of the days, and `more` series for each pod. Everything is gone after `stop`. */
export async function recordedDays(programs: { promtool: string; prometheus: string }, shown?: number, more = 0): Promise<RecordedDays> {
  const folder = mkdtempSync(join(tmpdir(), 'true-days-'))
  mkdirSync(join(folder, 'data'))
  let running: RunningPrometheus | undefined
  const stop = async () => {
    await running?.stop()
    rmSync(folder, { recursive: true })
  }
  try {
    // A multiple of the block's length, so that all fit into one.
    const start = Math.ceil(1_788_000_000 / (1440 * 3600)) * 1440 * 3600
    const days = await writeTrueDays(join(folder, 'service.om'), start, shown, more)
    const end = start + (days.minutes.length - 1) * 60
    const importBlocks = (file: string) => {
      const { code, said } = run(
        programs.promtool,
        ['tsdb', 'create-blocks-from', '--max-block-duration=1440h', 'openmetrics', '-q', file, 'data'],
        folder,
      )
      if (code !== 0) throw new Error(`promtool: ${said}`)
    }
    importBlocks('service.om')
    running = await startPrometheus(programs.prometheus, folder)
    writeFileSync(join(folder, 'rules.om'), await evaluated(running.url, shown === undefined ? start : end - shown * 86_400, end))
    await running.stop()
    importBlocks('rules.om')
    running = await startPrometheus(programs.prometheus, folder)
    return { days, end, url: running.url, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** What the recording rules that count minutes say, every minute, and those of short windows in the last ones, as OpenMetrics text. */
async function evaluated(url: string, start: number, end: number): Promise<string> {
  const { groups }: { groups: RuleGroup[] } = parse(readFileSync('deploy/prometheus/rules.yaml', 'utf8'))
  const records = groups.flatMap((group) => group.rules.filter((rule): rule is RecordingRule => 'record' in rule))
  const lines: string[] = []
  for (const { record, expr, labels } of records) {
    const windows = /count(5m|30m|1h)$/.test(record)
    const name = `${record}{${Object.entries(labels)
      .map(([label, value]) => `${label}="${value}"`)
      .join(',')}}`
    for (let from = windows ? end - 300 : start; from <= end; from += pointsInRange * 60) {
      const to = Math.min(end, from + (pointsInRange - 1) * 60)
      const answer = await fetch(`${url}/api/v1/query_range`, {
        method: 'POST',
        body: new URLSearchParams({ query: expr, start: `${from}`, end: `${to}`, step: '60' }),
      })
      const body = (await answer.json()) as { data: { result: { values: [number, string][] }[] } }
      for (const [at, value] of body.data.result[0]?.values ?? []) lines.push(`${name} ${value} ${at}`)
    }
  }
  return `${lines.join('\n')}\n# EOF\n`
}
