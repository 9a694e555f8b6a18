/** `task-mcp inspect [POD]`: a look inside without a shell in the image; with `--ephemeral`, a command beside the process. */
import type { Context } from '../context.ts'
import { type ProcessFacts, processFacts } from '../diagnosis/inside.ts'
import { podIsReady } from '../diagnosis/view.ts'
import { type ExitCode, exit } from '../errors.ts'
import { parseMetrics } from '../facts/direct.ts'
import { mainContainer } from '../facts/lookup.ts'
import { part } from '../facts/part.ts'
import { probePods } from '../facts/probes.ts'
import type { Part, ProbeResult } from '../facts/snapshot.ts'
import { workloadPods } from '../facts/workload-pods.ts'
import { renderInside } from '../output/inside.ts'
import { podNamed } from './describe.ts'
import { type LookOptions, lookOnly, quoted, where } from './look-only.ts'

export interface InspectOptions extends LookOptions {
  readonly ephemeral?: string
  readonly yes: boolean
  /** Seconds. */
  readonly wait?: number
  readonly dryRun: boolean
}

/** What `task-mcp inspect --json` prints. */
export interface InspectReport {
  schemaVersion: 1
  command: 'inspect'
  at: string
  namespace: string
  pods: { name: string; ready: boolean; answers: ProbeResult[]; process: Part<ProcessFacts> }[]
}

const mostPods = 10

export function run(context: Context, words: readonly string[], options: InspectOptions): Promise<ExitCode> {
  const [name] = words
  if (options.ephemeral !== undefined && !options.explain)
    return import('./inspect-ephemeral.ts').then((module) => module.run(context, words, options))
  return lookOnly<InspectReport>(context, options, {
    explain: (settings) => {
      const { namespace, port, health, metrics } = settings.service
      const pod = name ?? 'POD'
      const base = `/api/v1/namespaces/${namespace}/pods/${pod}`
      const lines = [
        `kubectl get --raw ${base}:${port}/proxy${health.ready}`,
        `kubectl get --raw ${base}:${metrics.port ?? port}/proxy${metrics.path} | grep -E '^(process|nodejs)_'`,
      ]
      const command = words.slice(1).map(quoted).join(' ')
      return options.ephemeral === undefined
        ? lines
        : [
            `kubectl debug ${where(settings)} ${quoted(pod)} --profile=general --image=${quoted(options.ephemeral)} --target=CONTAINER -it -- ${command || 'sh'}`,
          ]
    },
    async gather({ context: world, settings, cluster, signal, interrupted }) {
      const { service } = settings
      const { pods } = await workloadPods(settings, cluster, world)
      const chosen = name === undefined ? pods.slice(0, mostPods) : [podNamed(pods, name, service.workload)]
      const probes = await probePods(cluster, chosen, (pod) => mainContainer({ spec: pod.spec }, service), service, signal)
      const seen = await Promise.all(
        chosen.map(async (pod) => {
          const port = service.metrics.port ?? mainContainer({ spec: pod.spec }, service)?.ports?.[0]?.containerPort ?? service.port
          const page = await part(async () => {
            const request = {
              namespace: service.namespace,
              kind: 'pods' as const,
              name: pod.metadata.name,
              port,
              path: service.metrics.path,
              limitBytes: 2_000_000,
            }
            return processFacts(parseMetrics((await cluster.proxy(request, signal)).body))
          }, interrupted)
          const declared = mainContainer({ spec: pod.spec }, service)?.ports?.some((one) => one.containerPort === service.port)
          // Ports of the settings that the container does not have are no news.
          const answers = probes.filter(
            (one) => one.name === pod.metadata.name && (declared || one.port !== service.port || probes.length === 2),
          )
          return { name: pod.metadata.name, ready: podIsReady(pod), answers, process: page }
        }),
      )
      return {
        schemaVersion: 1,
        command: 'inspect',
        at: new Date(world.clock.now()).toISOString(),
        namespace: service.namespace,
        pods: seen,
      }
    },
    render: renderInside,
    code: ({ pods }) => {
      const parts = pods.flatMap((pod) => [...pod.answers.map((one) => one.result), pod.process])
      if (parts.length > 0 && parts.every((one) => one.state !== 'ok'))
        return parts.some((one) => one.state === 'denied') ? exit.denied : exit.unknown
      return exit.ok
    },
  })
}
