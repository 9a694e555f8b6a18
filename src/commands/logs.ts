/** `task-mcp logs [POD]`: what all pods say, put together. */
import type { Context } from '../context.ts'
import { type LogGroup, logGroups } from '../diagnosis/log-groups.ts'
import { linesOf } from '../diagnosis/logs.ts'
import { durationText, parseDuration } from '../duration.ts'
import { DeniedError, type ExitCode, exit, UsageError } from '../errors.ts'
import type { Pod } from '../facts/kubernetes/pod.ts'
import { podLogs } from '../facts/pod-logs.ts'
import { workloadPods } from '../facts/workload-pods.ts'
import { type LogsView, renderLogs } from '../output/logs.ts'
import { podNamed } from './describe.ts'
import { type Looking, type LookOptions, lookOnly, quoted, selectorLine, where } from './look-only.ts'
import { onsetHere } from './onset-here.ts'

interface LogsOptions extends LookOptions {
  readonly since?: string
  readonly previous: boolean
  readonly errors: boolean
  readonly grep?: string
  readonly lines: boolean
  readonly follow: boolean
  readonly container?: string
}

/** What `task-mcp logs --json` prints. */
export interface LogsReport extends LogsView {
  schemaVersion: 1
  command: 'logs'
}

const tailLines = 5000
const mostPods = 50
const usualSeconds = 900
const between = 2000

export async function run(context: Context, [name]: readonly string[], options: LogsOptions): Promise<ExitCode> {
  const only = pattern(options.grep)
  if (options.follow && !options.explain) return follow(context, name, options, only)
  return lookOnly<LogsReport>(context, options, {
    explain: (settings) => {
      const flags = `${options.previous ? ' --previous' : ''} --timestamps --tail=${tailLines}${options.previous ? '' : ` --since=${options.since ?? durationText(usualSeconds)}`}`
      const container = options.container ? `-c ${quoted(options.container)}` : '--all-containers'
      const filter = options.grep ? ` | grep -iE ${quoted(options.grep)}` : ''
      return name
        ? [`kubectl logs ${where(settings)} ${quoted(name)} ${container}${flags}${filter}`]
        : [
            selectorLine(settings),
            `kubectl logs ${where(settings)} -l "$SELECTOR" ${container} --prefix --max-log-requests=${mostPods}${flags}${filter}`,
          ]
    },
    gather: (looking) => gather(looking, name, options, only),
    render: (report, look) => renderLogs(report, { ...look, lines: options.lines }),
    code: (report) => (report.unseen.length > 0 && report.lines === 0 ? exit.unknown : exit.ok),
  })
}

async function gather(looking: Looking, name: string | undefined, options: LogsOptions, only: RegExp | undefined): Promise<LogsReport> {
  const { context, settings, cluster, signal, interrupted } = looking
  const now = context.clock.now()
  const { since, from } = await sinceOf(context, options.since, now)
  const all = await chosen(looking, name)
  const pods = all.slice(0, mostPods)
  const wish = { sinceSeconds: (now - since) / 1000, previous: options.previous, container: options.container, tailLines }
  const { excerpts, unseen } = await podLogs(cluster, pods, wish, signal, interrupted)
  const denied = unseen.find((one) => one.state === 'denied')
  if (denied && excerpts.length === 0) throw new DeniedError(denied.reason, denied.next)
  const groups = logGroups(excerpts, only).filter((group) => !options.errors || group.level !== 'other')
  const kept = linesOf(excerpts).filter((line) => !only || only.test(line.text))
  const lines = kept.sort((a, b) => ((a.time ?? '') < (b.time ?? '') ? -1 : 1))
  return {
    schemaVersion: 1,
    command: 'logs',
    at: new Date(now).toISOString(),
    since: new Date(since).toISOString(),
    sinceFrom: from,
    service: `${settings.service.namespace}/${settings.service.workload}`,
    pods: pods.map((pod) => pod.metadata.name),
    podsLeftOut: all.length - pods.length,
    previous: options.previous,
    lines: lines.length,
    truncated: excerpts.filter((one) => one.truncated).map((one) => `${one.pod}/${one.container}`),
    groups,
    ...(options.lines ? { text: lines.map(({ pod, container, time, text }) => ({ pod, container, time: time ?? null, text })) } : {}),
    unseen,
  }
}

/** The pods of the workload, or the one that was named. */
async function chosen({ context, settings, cluster }: Looking, name: string | undefined): Promise<Pod[]> {
  const { pods } = await workloadPods(settings, cluster, context)
  if (name === undefined) return pods
  return [podNamed(pods, name, settings.service.workload)]
}

/** From when on: as somebody says, since the onset of the open incident or of the last diagnosis, else a quarter of an hour. */
async function sinceOf(context: Context, said: string | undefined, now: number): Promise<{ since: number; from: string }> {
  if (said !== undefined && said !== 'onset') {
    const ago = parseDuration(said)
    const at = ago === undefined ? Date.parse(said) : now - ago * 1000
    if (Number.isNaN(at) || at > now)
      throw new UsageError(`--since takes how long ago, a time that is over, or "onset", not "${said}"`, 'for example --since 15m')
    return { since: at, from: 'as --since says' }
  }
  const onset = await onsetHere(context, now)
  if (onset) return { since: onset.at, from: onset.from }
  if (said === 'onset')
    throw new UsageError('nothing says when it began', 'run task-mcp diagnose first, open an incident, or give --since a time')
  return { since: now - usualSeconds * 1000, from: `the last ${durationText(usualSeconds)}` }
}

/** An expression that somebody typed, whatever its capitals. UsageError where it is none. */
export function pattern(text: string | undefined): RegExp | undefined {
  try {
    return text === undefined ? undefined : new RegExp(text, 'i')
  } catch (error) {
    throw new UsageError(`a regular expression is wanted, not "${text}"`, error instanceof Error ? error.message : undefined)
  }
}

/** New lines of all pods as they come, of pods that start meanwhile too, until Ctrl-C. */
async function follow(context: Context, name: string | undefined, options: LogsOptions, only: RegExp | undefined): Promise<ExitCode> {
  const { loadSettings } = await import('../config.ts')
  const { settings } = await loadSettings(options, context)
  const cluster = await context.targets(settings).cluster()
  const { clock, signal, terminal } = context
  const started = clock.now()
  let asked = started - 10_000
  const newest = new Map<string, string>()
  for (;;) {
    const now = clock.now()
    const looking = { context, settings, cluster, signal, interrupted: signal }
    const pods = (await chosen(looking, name)).slice(0, mostPods)
    const wish = { sinceSeconds: (now - asked) / 1000 + 2, previous: false, container: options.container, tailLines }
    const { excerpts, unseen } = await podLogs(cluster, pods, wish, signal, signal)
    const denied = unseen.find((one) => one.state === 'denied')
    if (denied) throw new DeniedError(denied.reason, denied.next)
    asked = now
    const fresh = linesOf(excerpts).filter((line) => (line.time ?? '') > (newest.get(`${line.pod}/${line.container}`) ?? ''))
    for (const { pod, container, time } of fresh)
      if ((time ?? '') > (newest.get(`${pod}/${container}`) ?? '')) newest.set(`${pod}/${container}`, time ?? '')
    const shown = fresh.filter((line) => !only || only.test(line.text)).sort((a, b) => ((a.time ?? '') < (b.time ?? '') ? -1 : 1))
    for (const line of shown)
      terminal.out(
        options.json
          ? `${JSON.stringify(line)}\n`
          : `${line.time?.slice(11, 19) ?? '--:--:--'} ${line.pod}/${line.container} ${line.text}\n`,
      )
    if (options.timeout !== undefined && clock.now() - started > options.timeout * 1000) return exit.ok
    await clock.sleep(between, signal)
  }
}

export type { LogGroup }
