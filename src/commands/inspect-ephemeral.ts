/** A command in an ephemeral container beside the process: shown first, asked for, and its output read back. */
import { addEphemeral, endOfEphemeral, ephemeralIn, ephemeralNote, ephemeralWords } from '../actions/ephemeral.ts'
import { openRecord } from '../actions/run-record.ts'
import { loadSettings } from '../config.ts'
import type { Context } from '../context.ts'
import { type ExitCode, exit, UsageError } from '../errors.ts'
import { mainContainer } from '../facts/lookup.ts'
import { workloadPods } from '../facts/workload-pods.ts'
import { clean } from '../output/text.ts'
import { podNamed } from './describe.ts'
import type { InspectOptions } from './inspect.ts'
import { quoted } from './look-only.ts'

const usualWait = 60

interface EphemeralReport {
  schemaVersion: 1
  command: 'inspect'
  namespace: string
  pod: string
  container: string
  outcome: 'dry-run' | 'declined' | 'ended' | 'running' | 'not-started'
  exitCode: number | null
  said: string
  output: string[]
}

export async function run(context: Context, [name, ...command]: readonly string[], options: InspectOptions): Promise<ExitCode> {
  if (name === undefined || command.length === 0)
    throw new UsageError('--ephemeral needs a pod and a command', 'task-mcp inspect POD --ephemeral IMAGE -- nslookup web')
  const { settings } = await loadSettings(options, context)
  const targets = context.targets(settings)
  const [cluster, writer] = await Promise.all([targets.cluster(), targets.writer()])
  const { terminal, signal, clock } = context
  const { pods } = await workloadPods(settings, cluster, context)
  const pod = podNamed(pods, name, settings.service.workload)
  const added = ephemeralIn(pod, mainContainer({ spec: pod.spec }, settings.service), options.ephemeral!, command)
  const finish = (outcome: EphemeralReport['outcome'], said: string, code: ExitCode, more: Partial<EphemeralReport> = {}): ExitCode => {
    const report: EphemeralReport = {
      schemaVersion: 1,
      command: 'inspect',
      namespace: pod.metadata.namespace ?? '',
      pod: pod.metadata.name,
      container: added.name,
      outcome,
      exitCode: null,
      said,
      output: [],
      ...more,
    }
    terminal.out(options.json ? `${JSON.stringify(report, null, 2)}\n` : `${[...report.output.map(clean), said].join('\n')}\n`)
    return code
  }
  terminal.err(`Plan: run ${command.map(quoted).join(' ')}\n${ephemeralWords(added)}`)
  await addEphemeral(writer, added, true, signal)
  if (options.dryRun) return finish('dry-run', 'dry run: the API server would take it; nothing was changed', exit.ok)
  if (!options.yes && !(terminal.inIsTTY && (await terminal.confirm(`Add it to pod ${pod.metadata.name}?`))))
    return finish(
      'declined',
      terminal.inIsTTY ? 'declined; nothing was changed' : 'nothing was changed: without a terminal --yes is needed',
      exit.declined,
    )
  await addEphemeral(writer, added, false, signal)
  await openRecord(context).append({ type: 'note', id: added.name, step: 'inspect', note: ephemeralNote(added) })
  const end = await endOfEphemeral(cluster, clock, added, clock.now() + (options.wait ?? usualWait) * 1000, signal)
  if (end.state === 'ended')
    return finish('ended', `${command[0]} ended with ${end.code}`, end.code === 0 ? exit.ok : exit.findings, {
      exitCode: end.code,
      output: end.output,
    })
  return end.state === 'running'
    ? finish('running', `it still runs; later: task-mcp logs ${pod.metadata.name} --container ${added.name}`, exit.unverified, {
        output: end.output,
      })
    : finish('not-started', `it did not start: ${end.reason}`, exit.unverified)
}
