/** `task-mcp inspect [POD]`: a look inside without a shell in the image; with `--ephemeral`, a command beside the process. */
import type { Context } from '../context.ts'
import { type ProcessFacts, processFacts } from '../diagnosis/inside.ts'
import { podIsReady } from '../diagnosis/view.ts'
import { AbsentError, type ExitCode, exit } from '../errors.ts'
import { parseMetrics } from '../facts/direct.ts'
import { mainContainer } from '../facts/lookup.ts'
import { part } from '../facts/part.ts'
import { probePods } from '../facts/probes.ts'
import { redact } from '../facts/redact.ts'
import type { DirectScrape, Part, ProbeResult } from '../facts/snapshot.ts'
import { workloadPods } from '../facts/workload-pods.ts'
import { renderInside } from '../output/inside.ts'
import { podNamed } from './describe.ts'
import { pattern } from './logs.ts'
import { type LookOptions, lookOnly, quoted, where } from './look-only.ts'

export interface InspectOptions extends LookOptions {
  readonly ephemeral?: string
  readonly yes: boolean
  /** Seconds. */
  readonly wait?: number
  readonly dryRun: boolean
  readonly metrics?: string
}

/** What `task-mcp inspect --json` prints. */
export interface InspectReport {
  schemaVersion: 1
  command: 'inspect'
  at: string
  namespace: string
  pods: { name: string; ready: boolean; answers: ProbeResult[]; process: Part<ProcessFacts>; samples?: DirectScrape['samples'] }[]
}

const mostPods = 10

export function run(context: Context, words: readonly string[], options: InspectOptions): Promise<ExitCode> {
  const [name] = words
  const wanted = pattern(options.metrics)
  if (options.ephemeral !== undefined && !options.explain)
    return import('./inspect-ephemeral.ts').then((module) => module.run(context, words, options))
  return lookOnly<InspectReport>(context, options, {
    explain: (settings) => {
      const { namespace, port, health, metrics } = settings.service
      const pod = name ?? 'POD'
      const base = `/api/v1/namespaces/${namespace}/pods/${pod}`
      const lines = [
        `kubectl get --raw ${base}:${port}/proxy${health.ready}`,
        `kubectl get --raw ${base}:${metrics.port ?? port}/proxy${metrics.path} | grep -iE ${quoted(options.metrics ?? '^(process|nodejs)_')}`,
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
          const container = mainContainer({ spec: pod.spec }, service)
          const told = pod.metadata.annotations ?? {}
          const port = service.metrics.port ?? (Number(told['prometheus.io/port']) || container?.ports?.[0]?.containerPort) ?? service.port
          const path = told['prometheus.io/path'] ?? service.metrics.path
          const page = await part(async () => {
            const request = {
              namespace: service.namespace,
              kind: 'pods' as const,
              name: pod.metadata.name,
              port,
              path,
              limitBytes: 2_000_000,
            }
            const { status, body } = await cluster.proxy(request, signal)
            if (status >= 400)
              throw new AbsentError(`GET ${path} on port ${port} answers ${status}`, 'check service.metrics in task-mcp.yaml')
            return parseMetrics(body)
          }, interrupted)
          const declared = container?.ports?.some((one) => one.containerPort === service.port)
          // Ports of the settings that the container does not have are no news.
          const answers = probes.filter(
            (one) => one.name === pod.metadata.name && (declared || one.port !== service.port || probes.length === 2),
          )
          const own: Part<ProcessFacts> = page.state === 'ok' ? { state: 'ok', value: processFacts(page.value) } : page
          const samples =
            page.state === 'ok' && wanted ? page.value.filter((sample) => wanted.test(lineOf(sample))).map(withoutSecrets) : undefined
          return { name: pod.metadata.name, ready: podIsReady(pod), answers, process: own, ...(samples ? { samples } : {}) }
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

type Sample = DirectScrape['samples'][number]

const lineOf = ({ name, labels }: Sample): string =>
  `${name}{${Object.entries(labels)
    .map(([key, value]) => `${key}="${value}"`)
    .join(',')}}`

/** Labels are the program's own words. */
const withoutSecrets = ({ name, labels, value }: Sample): Sample => ({
  name,
  labels: Object.fromEntries(Object.entries(labels).map(([key, text]) => [key, redact(text)])),
  value,
})
