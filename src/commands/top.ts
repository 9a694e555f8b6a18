/** `task-mcp top`: what pods and containers use, beside their requests and limits. */
import type { Context } from '../context.ts'
import { byMetricsServer, type ContainerUse, containerUse } from '../diagnosis/top.ts'
import { type ExitCode, exit } from '../errors.ts'
import { discover } from '../facts/discover.ts'
import { part } from '../facts/part.ts'
import { instantQueries } from '../facts/queries.ts'
import type { Part } from '../facts/snapshot.ts'
import { workloadPods } from '../facts/workload-pods.ts'
import { renderTop } from '../output/top.ts'
import { type Looking, type LookOptions, lookOnly, selectorLine, where } from './look-only.ts'

/** What `task-mcp top --json` prints; cores and bytes, shares 0..1 of the limit. */
export interface TopReport {
  schemaVersion: 1
  command: 'top'
  at: string
  service: string
  /** Where the figures are from, or why there are none. */
  from: string
  measured: boolean
  /** What would allow or give them, where there are none. */
  next: string | null
  denied: boolean
  thresholds: { cpuRatio: number; memoryRatio: number }
  containers: ContainerUse[]
}

export function run(context: Context, _args: readonly string[], options: LookOptions): Promise<ExitCode> {
  return lookOnly<TopReport>(context, options, {
    explain: (settings) => [
      selectorLine(settings),
      `kubectl top pods ${where(settings)} -l "$SELECTOR" --containers`,
      `kubectl get pods ${where(settings)} -l "$SELECTOR" -o custom-columns='POD:.metadata.name,REQUESTS:.spec.containers[*].resources.requests,LIMITS:.spec.containers[*].resources.limits'`,
    ],
    async gather(looking) {
      const { context: world, settings, cluster } = looking
      const [{ pods }, figures] = await Promise.all([workloadPods(settings, cluster, world), figuresOf(looking)])
      const { namespace, workload } = settings.service
      const read = figures.state === 'ok' ? figures.value.read : () => undefined
      return {
        schemaVersion: 1,
        command: 'top',
        at: new Date(world.clock.now()).toISOString(),
        service: `${namespace}/${workload}`,
        from: figures.state === 'ok' ? figures.value.from : figures.reason,
        measured: figures.state === 'ok',
        next: figures.state === 'ok' ? null : (figures.next ?? null),
        denied: figures.state === 'denied',
        thresholds: { cpuRatio: settings.thresholds.cpuRatio, memoryRatio: settings.thresholds.memoryRatio },
        containers: containerUse(pods, read),
      }
    },
    render: renderTop,
    code: ({ measured, denied }) => (measured ? exit.ok : denied ? exit.denied : exit.unknown),
  })
}

type Figures = { from: string; read: Parameters<typeof containerUse>[1] }

/** From metrics-server; where that is not there or not allowed, from Prometheus. Why neither, in the words of the first. */
async function figuresOf({ context, settings, cluster, signal, interrupted }: Looking): Promise<Part<Figures>> {
  const { namespace } = settings.service
  const served = await part(async (): Promise<Figures> => {
    const { items } = await cluster.list('podmetrics', { namespace }, signal)
    return { from: 'metrics-server', read: byMetricsServer(items) }
  }, interrupted)
  if (served.state === 'ok') return served
  const targets = context.targets(settings)
  const scraped = await part(async (): Promise<Figures> => {
    const source = await targets.metrics(await discover('prometheus', settings.prometheus, () => targets.cluster(), signal))
    const { cpu = '', memory = '' } = instantQueries(settings.service)
    const answers = await source.instant({ cpu, memory }, context.clock.now() / 1000, signal)
    return {
      from: source.where,
      read: (pod, container, resource) =>
        answers[resource]?.series.find(({ labels }) => labels.pod === pod && labels.container === container)?.points.at(-1)?.[1],
    }
  }, interrupted)
  return scraped.state === 'ok' ? scraped : served
}
