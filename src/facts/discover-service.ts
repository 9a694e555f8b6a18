/** What the cluster itself tells of a service that nobody described: its Service, port, health paths and metrics page. Pure. */
import type { ServiceSettings } from '../settings.ts'
import type { Container, PodTemplate, Probe } from './kubernetes/pod.ts'
import { all, find, findWorkload, mainContainer, podsOf, replicaSetsOf, sees } from './lookup.ts'
import { portNumber } from './probes.ts'
import type { ClusterParts, Snapshot } from './snapshot.ts'

export interface Discovered {
  /** The setting's path in task-mcp.yaml. */
  path: string
  value: unknown
  how: string
}

/** The newest template that has ready pods: a probe that was just broken is no guide to what the program answers. */
function provenTemplate(snapshot: Snapshot, service: ServiceSettings): PodTemplate | undefined {
  const workload = findWorkload(snapshot, service.kind, service.workload, service.namespace)
  if (!workload) return undefined
  const ready = replicaSetsOf(snapshot, workload).find((r) => (r.status?.readyReplicas ?? 0) > 0)
  return ready?.spec.template ?? workload.spec.template
}

const serving = (container: Container | undefined): number | undefined => {
  const ports = container?.ports ?? []
  return (ports.find((p) => /^(http|web|api|main)/.test(p.name ?? '')) ?? (ports.length === 1 ? ports[0] : undefined))?.containerPort
}

const pathOf = (probe: Probe | undefined, container: Container | undefined, port: number): string | undefined =>
  probe?.httpGet && portNumber(container, probe.httpGet.port) === port ? (probe.httpGet.path ?? '/') : undefined

const kinds = ['Deployment', 'StatefulSet', 'DaemonSet'] as const

/** The kind under which a workload of this name is there: the one that was told, else the only other. */
function kindHere(snapshot: Snapshot, { kind, workload, namespace }: ServiceSettings): ServiceSettings['kind'] {
  const there = kinds.filter((k) => findWorkload(snapshot, k, workload, namespace))
  return there.length === 1 && sees(snapshot, 'deployments') ? there[0]! : kind
}

/** Values for settings that were left to their defaults; the caller keeps what was said. */
export function discoverService(cluster: ClusterParts, told: ServiceSettings): Discovered[] {
  const snapshot = { cluster } as Snapshot
  const kind = kindHere(snapshot, told)
  const service = { ...told, kind }
  const template = provenTemplate(snapshot, service)
  const workload = findWorkload(snapshot, service.kind, service.workload, service.namespace)
  if (!template || !workload) return []
  const found: Discovered[] = []
  if (kind !== told.kind)
    found.push({ path: 'service.kind', value: kind, how: `there is a ${kind} ${told.workload} and no ${told.kind} of that name` })
  const from = `${service.kind} ${service.workload}`
  const container = mainContainer(template, service)
  const declared = container?.ports?.some((p) => p.containerPort === service.port)
  const port = declared ? service.port : (serving(container) ?? service.port)
  if (port !== service.port) found.push({ path: 'service.port', value: port, how: `the port of container ${container?.name} of ${from}` })
  const ready = pathOf(container?.readinessProbe, container, port)
  const live = pathOf(container?.livenessProbe, container, port)
  if (ready) found.push({ path: 'service.health.ready', value: ready, how: `the readiness probe of ${from}` })
  if (live) found.push({ path: 'service.health.live', value: live, how: `the liveness probe of ${from}` })
  const annotations = template.metadata?.annotations ?? {}
  const page = annotations['prometheus.io/path']
  const metricsPort = Number(annotations['prometheus.io/port'])
  if (page) found.push({ path: 'service.metrics.path', value: page, how: `the annotation prometheus.io/path of ${from}` })
  if (metricsPort && metricsPort !== port)
    found.push({ path: 'service.metrics.port', value: metricsPort, how: `the annotation prometheus.io/port of ${from}` })
  if (!find(snapshot, 'services', service.service, service.namespace)) {
    const pods = new Set(podsOf(snapshot, workload).map((p) => p.metadata.name))
    const fronts = all(snapshot, 'endpointslices').filter((s) =>
      s.endpoints?.some((e) => e.targetRef?.name !== undefined && pods.has(e.targetRef.name)),
    )
    const names = new Set(fronts.map((s) => s.metadata.labels?.['kubernetes.io/service-name']).filter((n) => n !== undefined))
    const [only] = names
    if (names.size === 1 && only) found.push({ path: 'service.service', value: only, how: `the Service that leads to the pods of ${from}` })
  }
  return found
}
