/** A command in an ephemeral container beside the process: shown first, asked for, and its output read back. */
import { randomBytes } from 'node:crypto'
import { openRecord } from '../actions/run-record.ts'
import { loadSettings } from '../config.ts'
import type { Context } from '../context.ts'
import { type ExitCode, exit, UsageError } from '../errors.ts'
import type { ContainerState, Pod } from '../facts/kubernetes-types.ts'
import { parseLog } from '../facts/logs.ts'
import { mainContainer } from '../facts/lookup.ts'
import { workloadPods } from '../facts/workload-pods.ts'
import { clean } from '../output/text.ts'
import { podNamed } from './describe.ts'
import type { InspectOptions } from './inspect.ts'
import { quoted } from './look-only.ts'

const usualWait = 60
const between = 1000

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
  const target = mainContainer({ spec: pod.spec }, settings.service)
  const container = `look-${randomBytes(3).toString('hex')}`
  const { namespace = '' } = pod.metadata
  const added = {
    name: container,
    image: options.ephemeral!,
    command,
    targetContainerName: target?.name,
    imagePullPolicy: 'IfNotPresent',
    // Admitted where the process beside it was, and allowed to see what it sees.
    ...(target?.securityContext ? { securityContext: target.securityContext } : {}),
  }
  const finish = (outcome: EphemeralReport['outcome'], said: string, code: ExitCode, more: Partial<EphemeralReport> = {}): ExitCode => {
    const report: EphemeralReport = {
      schemaVersion: 1,
      command: 'inspect',
      namespace,
      pod: pod.metadata.name,
      container,
      outcome,
      exitCode: null,
      said,
      output: [],
      ...more,
    }
    terminal.out(options.json ? `${JSON.stringify(report, null, 2)}\n` : `${[...report.output.map(clean), said].join('\n')}\n`)
    return code
  }
  terminal.err(
    [
      `Plan: run ${command.map(quoted).join(' ')}`,
      `  in a new ephemeral container ${container} of pod ${namespace}/${pod.metadata.name}, image ${options.ephemeral}, beside ${target?.name ?? 'its process'}`,
      "  It sees the pod's network and the processes of that container. It stays listed in the pod until the pod goes; the process is not restarted.",
      '',
    ].join('\n'),
  )
  const ref = { resource: 'pods' as const, namespace, name: pod.metadata.name }
  const body = { spec: { ephemeralContainers: [added] } }
  const write = (dryRun: boolean) =>
    writer.patch(
      ref,
      'strategic',
      body,
      { dryRun, fieldManager: 'task-mcp', subresource: 'ephemeralcontainers' },
      AbortSignal.any([signal, AbortSignal.timeout(30_000)]),
    )
  await write(true)
  if (options.dryRun) return finish('dry-run', 'dry run: the API server would take it; nothing was changed', exit.ok)
  if (!options.yes && !(terminal.inIsTTY && (await terminal.confirm(`Add it to pod ${pod.metadata.name}?`))))
    return finish(
      'declined',
      terminal.inIsTTY ? 'declined; nothing was changed' : 'nothing was changed: without a terminal --yes is needed',
      exit.declined,
    )
  await write(false)
  await openRecord(context).append({
    type: 'note',
    id: container,
    step: 'inspect',
    note: `added ephemeral container ${container} (${options.ephemeral}) to pod ${namespace}/${pod.metadata.name}`,
  })
  const ends = clock.now() + (options.wait ?? usualWait) * 1000
  for (;;) {
    const now = (await cluster.get('pods', { namespace, name: pod.metadata.name }, signal)) as Pod & {
      status?: { ephemeralContainerStatuses?: { name: string; state?: ContainerState }[] }
    }
    const state = now.status?.ephemeralContainerStatuses?.find((one) => one.name === container)?.state
    const over = clock.now() >= ends
    if (state?.terminated || over) {
      const started = state?.terminated || state?.running
      const text = started ? await cluster.logs({ namespace, pod: pod.metadata.name, container, tailLines: 5000 }, signal) : ''
      const output = parseLog(text, new Set(pods.map((one) => one.metadata.name))).map((line) => line.text)
      if (state?.terminated) {
        const { exitCode } = state.terminated
        return finish('ended', `${command[0]} ended with ${exitCode}`, exitCode === 0 ? exit.ok : exit.findings, { exitCode, output })
      }
      if (state?.running)
        return finish('running', `it still runs; later: task-mcp logs ${pod.metadata.name} --container ${container}`, exit.unverified, {
          output,
        })
      return finish(
        'not-started',
        `it did not start: ${state?.waiting?.reason ?? 'no word of it'}${state?.waiting?.message ? `, ${state.waiting.message}` : ''}`,
        exit.unverified,
      )
    }
    await clock.sleep(between, signal)
  }
}
