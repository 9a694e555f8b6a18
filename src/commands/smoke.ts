/** `task-mcp smoke`: after a deploy, whether it may stay. */
import { loadSettings } from '../config.ts'
import type { Context } from '../context.ts'
import { podLines, rolloutOf } from '../diagnosis/rollout.ts'
import { judgeSmoke, type SmokeFacts } from '../diagnosis/smoke.ts'
import { makeView, type View } from '../diagnosis/view.ts'
import { deadlineIn } from '../duration.ts'
import { type ExitCode, exit, UsageError } from '../errors.ts'
import { discover } from '../facts/discover.ts'
import { part } from '../facts/part.ts'
import { gatherRollout } from '../facts/rollout.ts'
import { measureSide } from '../facts/sides.ts'
import type { Part } from '../facts/snapshot.ts'
import { walk } from '../facts/walk.ts'
import { renderSmoke, smokeJunit } from '../output/smoke.ts'
import { styleFor } from '../output/style.ts'
import type { Settings } from '../settings.ts'
import type { Cluster } from '../targets/ports.ts'
import type { GlobalOptions } from './entry.ts'
import { mcpWay } from './mcp-way.ts'

interface SmokeOptions extends GlobalOptions {
  readonly url?: string
  /** Seconds. */
  readonly for?: number
  readonly wait?: number
  readonly junit?: string
}

/** The world of one run. */
interface Run {
  context: Context
  settings: Settings
  cluster: Part<Cluster>
  say(text: string): void
}

const defaultFor = 120
const defaultWait = 300
const between = 2000

export async function run(context: Context, _args: readonly string[], options: SmokeOptions): Promise<ExitCode> {
  const { clock, terminal } = context
  const started = clock.now()
  const { settings } = await loadSettings(options, context)
  const targets = context.targets(settings)
  const cluster = await part(() => targets.cluster(), context.signal)
  if (cluster.state !== 'ok' && options.url === undefined)
    throw new UsageError(cluster.reason, cluster.next ?? 'give --url to walk an endpoint without a cluster')
  const say = (text: string) => terminal.err(`${text}\n`)
  const given: Run = { context, settings, cluster, say }

  const rolled = await rollout(given, options.wait ?? defaultWait)
  const way = await mcpWay(context, settings, cluster, options.url)
  const walked =
    rolled.state === 'ok' && rolled.value.ready === 0
      ? []
      : await walk(way, { clock, version: context.version, stepSeconds: settings.timeoutSeconds, interrupted: context.signal })
  const well = rolled.state !== 'ok' || rolled.value.state === 'done'
  const comparison =
    well && walked.every((step) => step.state === 'ok') ? await compare(given, rolled, options.for ?? defaultFor) : notReached
  const { namespace, kind, workload } = settings.service
  const report = judgeSmoke({
    startedAt: new Date(started).toISOString(),
    took: (clock.now() - started) / 1000,
    target: { namespace, kind, workload, endpoint: way.where },
    rollout: rolled,
    walk: walked,
    comparison,
    thresholds: settings.thresholds,
  })
  if (options.junit !== undefined) await context.files.write(options.junit, smokeJunit(report))
  terminal.out(
    options.json
      ? `${JSON.stringify(report, null, 2)}\n`
      : renderSmoke(report, { columns: terminal.columns, style: styleFor(terminal), verbose: options.verbose }),
  )
  if (report.verdict === 'pass') return exit.ok
  if (report.verdict === 'fail') return exit.findings
  return rolled.state === 'denied' || walked.some((step) => step.state === 'unknown') ? exit.denied : exit.unknown
}

const notReached: Part<never> = { state: 'absent', reason: 'not reached' }

/** Look every two seconds until the rollout is through or cannot get through, or the time is over. */
async function rollout({ context, settings, cluster, say }: Run, waitSeconds: number): Promise<SmokeFacts['rollout']> {
  if (cluster.state !== 'ok') return { state: 'absent', reason: `the rollout was not looked at: ${cluster.reason}` }
  const { clock, signal } = context
  const started = clock.now()
  let said = ''
  for (;;) {
    const view = await look({ context, settings }, cluster.value)
    const seen = rolloutOf(view)
    const pods = podLines(view)
    if (seen.state !== 'ok') return seen
    if (pods.state !== 'ok') return pods
    const { state, ready, wanted, updated } = seen.value
    const waited = (clock.now() - started) / 1000
    const through = (state === 'done' && ready >= wanted) || state === 'stuck' || state === 'paused' || state === 'stopped'
    if (through || waited >= waitSeconds) return { state: 'ok', value: { ...seen.value, waited, pods: pods.value } }
    const text = `waiting for the rollout: ${updated} of ${wanted} updated, ${ready} ready`
    if (text !== said) say(text)
    said = text
    await clock.sleep(between, signal)
  }
}

const look = async ({ context, settings }: Pick<Run, 'context' | 'settings'>, cluster: Cluster): Promise<View> =>
  makeView(await gatherRollout(settings, cluster, context.clock, context.version, context.signal))

/** Wait, then hold what the new pods answered meanwhile against what the old ones did for as long before the rollout. */
async function compare(
  { context, settings, cluster, say }: Run,
  rolled: SmokeFacts['rollout'],
  seconds: number,
): Promise<SmokeFacts['comparison']> {
  if (seconds === 0) return { state: 'absent', reason: 'not asked for (--for 0)' }
  if (cluster.state !== 'ok' || rolled.state !== 'ok') return { state: 'absent', reason: 'the pods are not seen from here' }
  const { clock, signal } = context
  const targets = context.targets(settings)
  const bounded = () => AbortSignal.any([signal, deadlineIn(settings.timeoutSeconds)])
  const source = await part(
    async () => targets.metrics(await discover('prometheus', settings.prometheus, targets.cluster, bounded())),
    signal,
  )
  if (source.state !== 'ok') return source
  say(`watching the new pods for ${seconds} s`)
  await clock.sleep(seconds * 1000, signal)
  const after = podLines(await look({ context, settings }, cluster.value))
  if (after.state !== 'ok') return after
  const pods = after.value.filter((pod) => pod.template === 'new').map((pod) => pod.name)
  const begun = Date.parse(rolled.value.since ?? '')
  return part(async () => {
    const [fresh, old] = await Promise.all([
      measureSide(source.value, settings.service, { at: clock.now() / 1000, seconds, side: 'new', pods }, bounded()),
      Number.isNaN(begun)
        ? { requests: 0, failed: 0, p95: undefined }
        : measureSide(source.value, settings.service, { at: begun / 1000, seconds, side: 'old', pods }, bounded()),
    ])
    return { seconds, new: fresh, old, podsAfter: after.value }
  }, signal)
}
