/** `task-mcp port-forward [LOCAL:REMOTE]`: a port on this machine that leads to a ready pod, and to another one when that goes. */
import type { Duplex } from 'node:stream'
import { loadSettings } from '../config.ts'
import type { Context } from '../context.ts'
import { podIsReady } from '../diagnosis/view.ts'
import { DeniedError, type ExitCode, exit, InterruptedError, UnreachableError, UsageError } from '../errors.ts'
import type { Pod } from '../facts/kubernetes/pod.ts'
import { mainContainer } from '../facts/lookup.ts'
import { workloadPods } from '../facts/workload-pods.ts'
import type { Settings } from '../settings.ts'
import type { Cluster } from '../targets/ports.ts'
import { podNamed } from './describe.ts'
import { type LookOptions, where } from './look-only.ts'

interface ForwardOptions extends LookOptions {
  readonly pod?: string
  readonly address?: string
}

const tries = 4
const between = 500

export async function run(context: Context, [ports]: readonly string[], options: ForwardOptions): Promise<ExitCode> {
  const { settings } = await loadSettings(options, context)
  const wanted = portsOf(ports)
  const { terminal, signal } = context
  if (options.explain) {
    const target = options.pod ? `pod/${options.pod}` : `service/${settings.service.service}`
    const remote = wanted.remote ?? settings.service.port
    terminal.out(`kubectl port-forward ${where(settings)} ${target} ${wanted.local ?? remote}:${remote}\n`)
    return exit.ok
  }
  const host = options.address ?? '127.0.0.1'
  const targets = context.targets(settings)
  const cluster = await targets.cluster()
  const first = await ready(context, settings, cluster, options.pod)
  const remote = wanted.remote ?? portIn(first, settings)
  let pod = first.metadata.name
  const say = (text: string) => terminal.err(`${text}\n`)

  /** A way to a pod that is ready; another pod when the one before is gone. */
  const open = async (): Promise<Duplex> => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await targets.forward({ namespace: settings.service.namespace, pod, port: remote }, signal)
      } catch (error) {
        if (error instanceof InterruptedError || error instanceof DeniedError || attempt >= tries) throw error
        await context.clock.sleep(between * attempt, signal)
        const next = await ready(context, settings, cluster, options.pod)
        if (next.metadata.name !== pod) say(`${pod} is gone; now ${next.metadata.name}`)
        pod = next.metadata.name
      }
    }
  }

  // Whether it is allowed at all is better said now than at the first connection.
  const probe = await open()
  probe.destroy()
  const { listenLocally } = await import('../targets/local-listener.ts')
  const listener = await listenLocally({ host, port: wanted.local ?? remote }, open, (error) => {
    if (!signal.aborted) say(`a connection was lost: ${error.message}`)
  })
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${listener.port}`
  if (options.json)
    terminal.out(`${JSON.stringify({ schemaVersion: 1, command: 'port-forward', url, host, port: listener.port, pod, remote })}\n`)
  else terminal.out(`${url} leads to port ${remote} of pod ${pod}; Ctrl-C ends it\n`)
  await new Promise<void>((resolve) => {
    if (signal.aborted) return resolve()
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
  await listener.close()
  return exit.ok
}

/** `3000`, `8080:3000`, `:3000` and `0:3000` (any free port here). */
function portsOf(text: string | undefined): { local: number | undefined; remote: number | undefined } {
  if (text === undefined) return { local: undefined, remote: undefined }
  const found = /^(?:(\d*):)?(\d+)$/.exec(text)
  const remote = Number(found?.[2])
  const local = found?.[1] === undefined ? remote : Number(found[1])
  const fits = (port: number, least: number) => Number.isInteger(port) && port >= least && port < 65_536
  if (!found || !fits(remote, 1) || !fits(local, 0))
    throw new UsageError(`"${text}" is no pair of ports`, 'write REMOTE or LOCAL:REMOTE, for example 8080:3000')
  return { local, remote }
}

/** The newest pod that is ready, or the one that was named. */
async function ready(context: Context, settings: Settings, cluster: Cluster, name: string | undefined): Promise<Pod> {
  const { pods } = await workloadPods(settings, cluster, context)
  if (name !== undefined) return podNamed(pods, name, settings.service.workload)
  const pod = pods.find((one) => podIsReady(one) && !one.metadata.deletionTimestamp)
  if (pod) return pod
  throw new UnreachableError(
    `no pod of ${settings.service.workload} is ready (${pods.length} in all)`,
    'name one with --pod to reach it all the same',
  )
}

/** The port of the settings where the container has it, else its only one. */
function portIn(pod: Pod, { service }: Settings): number {
  const ports = mainContainer({ spec: pod.spec }, service)?.ports ?? []
  return ports.some((one) => one.containerPort === service.port) || ports.length === 0 ? service.port : ports[0]!.containerPort
}
