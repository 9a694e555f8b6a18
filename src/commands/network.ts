/** `task-mcp network`: the way to the pods, hop by hop, and whether it answers. */
import type { Context } from '../context.ts'
import { type Hop, pathCheck } from '../diagnosis/path-check.ts'
import { makeView } from '../diagnosis/view.ts'
import { type ExitCode, exit } from '../errors.ts'
import { find, mainContainer } from '../facts/lookup.ts'
import { namespaceSnapshot } from '../facts/namespace-view.ts'
import { probePods, probeService } from '../facts/probes.ts'
import { workloadOf } from '../facts/workload-pods.ts'
import { renderHops } from '../output/hops.ts'
import { type LookOptions, lookOnly, quoted, selectorLine, where } from './look-only.ts'

interface NetworkOptions extends LookOptions {
  readonly from?: string
}

/** What `task-mcp network --json` prints. */
export interface NetworkReport {
  schemaVersion: 1
  command: 'network'
  at: string
  service: string
  from: string
  hops: Hop[]
}

const mostPods = 5

export function run(context: Context, _args: readonly string[], options: NetworkOptions): Promise<ExitCode> {
  return lookOnly<NetworkReport>(context, options, {
    explain: (settings) => {
      const { namespace, service, health } = settings.service
      return [
        selectorLine(settings),
        `kubectl get service ${where(settings)} ${quoted(service)} -o wide`,
        `kubectl get endpointslices ${where(settings)} -l kubernetes.io/service-name=${quoted(service)}`,
        `kubectl get pods ${where(settings)} -l "$SELECTOR" -o wide`,
        `kubectl get networkpolicies ${where(settings)}`,
        `kubectl get --raw /api/v1/namespaces/${namespace}/services/${service}:PORT/proxy${health.ready}`,
        `kubectl debug ${where(settings)} POD -it --profile=general --image=busybox:1.37 -- nslookup ${quoted(service)}`,
      ]
    },
    async gather({ context: world, settings, cluster, signal }) {
      const snapshot = await namespaceSnapshot(settings, cluster, world, signal)
      workloadOf(snapshot, settings)
      const view = makeView(snapshot)
      const { service } = settings
      const running = view.pods.filter((pod) => pod.status?.podIP).slice(0, mostPods)
      const front = find(snapshot, 'services', service.service, service.namespace)
      const ready = (one: { purpose: string }) => one.purpose === 'ready'
      const [pods, through] = await Promise.all([
        probePods(
          cluster,
          running,
          (pod) => mainContainer({ spec: pod.spec }, service),
          { ...service, port: portOf(view, service.port) },
          signal,
        ),
        front ? probeService(cluster, front, service, signal) : [],
      ])
      const from = options.from ?? service.namespace
      return {
        schemaVersion: 1,
        command: 'network',
        at: snapshot.takenAt,
        service: `${service.namespace}/${service.service}`,
        from,
        hops: pathCheck(view, [...through, ...pods.filter(ready)], from),
      }
    },
    render: renderHops,
    code: ({ hops }) =>
      hops.some((hop) => hop.state === 'broken') ? exit.findings : hops.every((hop) => hop.state === 'unknown') ? exit.unknown : exit.ok,
  })
}

/** The port of the settings where the container has it, else the only one that it has. */
function portOf(view: ReturnType<typeof makeView>, port: number): number {
  const ports = view.main?.ports ?? []
  return ports.some((one) => one.containerPort === port) || ports.length !== 1 ? port : ports[0]!.containerPort
}
