/** What the service cannot do without: declared in the settings, or named in its pod template as an address. Pure. */
import type { EndpointSlice, Service } from '../facts/kubernetes/network.ts'
import type { EnvVar, Pod, PodTemplate } from '../facts/kubernetes/pod.ts'
import { all, find, findWorkload, type Workload } from '../facts/lookup.ts'
import { escapeRegex } from '../facts/queries.ts'
import type { Snapshot } from '../facts/snapshot.ts'
import type { DependencySettings, ServiceSettings } from '../settings.ts'
import { mapSelects } from './selectors.ts'

export interface Dependency {
  name: string
  declared: boolean
  /** Outside the cluster, as far as we can tell. */
  external: boolean
  host: string | undefined
  port: number | undefined
  namespace: string
  serviceName: string | undefined
  service: Service | undefined
  slices: EndpointSlice[]
  workload: Workload | undefined
  workloadKind: 'Deployment' | 'StatefulSet' | 'DaemonSet'
  pods: Pod[]
  /** Where it is named: "settings", "env DATABASE_HOST". */
  from: string
}

/** Text in which a dependency is named as a program names it: by its host or Service, or by the address that these resolve to. */
export function namesDependency(d: Dependency): RegExp {
  const { clusterIP, externalName } = d.service?.spec ?? {}
  const address = clusterIP === 'None' ? undefined : clusterIP
  const names = [d.host, d.serviceName, d.name, address, externalName, ...d.pods.map((p) => p.status?.podIP)]
  const escaped = [...new Set(names.filter((n) => n !== undefined && n !== ''))].map((n) => escapeRegex(n!))
  return new RegExp(`(?<![\\w.-])(?:${escaped.join('|')})(?![\\w-])`, 'i')
}

interface Address {
  host: string
  port: number | undefined
  from: string
}

const pattern = /(?:^|[\s,;@/])((?:[a-z0-9](?:[-a-z0-9]*[a-z0-9])?\.)*[a-z0-9](?:[-a-z0-9]*[a-z0-9])?):(\d{2,5})(?=$|[/\s,;?])/gi

/** Addresses in the literal environment of a template: `host:port`, URLs, and *_HOST with *_PORT pairs. */
export function addressesIn(env: readonly EnvVar[]): Address[] {
  const values = new Map(env.map((e) => [e.name, e.value]))
  const found: Address[] = []
  for (const { name, value } of env) {
    if (!value) continue
    for (const match of value.matchAll(pattern)) found.push({ host: match[1]!.toLowerCase(), port: Number(match[2]), from: `env ${name}` })
    const url = /^[a-z][a-z0-9+.-]*:\/\/(?:[^@/\s]*@)?([a-z0-9.-]+)(?::\d+)?(?:[/?]|$)/i.exec(value)
    if (url && !found.some((f) => f.host === url[1]!.toLowerCase()))
      found.push({ host: url[1]!.toLowerCase(), port: undefined, from: `env ${name}` })
    if (/HOST(NAME)?$|_ADDR(ESS)?$|_SERVICE$/i.test(name) && /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/i.test(value)) {
      const port = Number(values.get(name.replace(/HOST(NAME)?$|ADDR(ESS)?$|SERVICE$/i, 'PORT')))
      if (!found.some((f) => f.host === value.toLowerCase()))
        found.push({ host: value.toLowerCase(), port: port || undefined, from: `env ${name}` })
    }
  }
  return found.filter((f) => !/^(localhost|0\.0\.0\.0|127\.|\d+$)/.test(f.host))
}

/** Service name and namespace that an in-cluster host name means, seen from `namespace`. */
function serviceOf(host: string, namespace: string): { name: string; namespace: string } | undefined {
  const parts = host.split('.')
  if (parts.length === 1) return { name: parts[0]!, namespace }
  if (parts.length === 2 || parts[2] === 'svc') return { name: parts[0]!, namespace: parts[1]! }
  return undefined
}

export function findDependencies(snapshot: Snapshot, service: ServiceSettings, template: PodTemplate | undefined): Dependency[] {
  const containers = [...(template?.spec.initContainers ?? []), ...(template?.spec.containers ?? [])]
  const discovered = addressesIn(containers.flatMap((c) => c.env ?? []))
  const result: Dependency[] = service.dependencies.map((d) => declared(snapshot, service, d))
  for (const address of discovered) {
    const target = serviceOf(address.host, service.namespace)
    if (target?.name === service.service && target.namespace === service.namespace) continue
    const known = result.find(
      (d) =>
        d.host === address.host || (target && d.serviceName === target.name && d.namespace === target.namespace) || d.name === address.host,
    )
    if (known) {
      known.port ??= address.port
      continue
    }
    const object = target && find(snapshot, 'services', target.name, target.namespace)
    // A bare word that names no Service here is only taken for an address when it carried a port.
    if (!object && (target ? !address.port : !address.host.includes('.'))) continue
    result.push(
      resolve(
        snapshot,
        {
          name: address.host,
          declared: false,
          external: !target,
          host: address.host,
          port: address.port,
          from: address.from,
          namespace: target?.namespace ?? service.namespace,
          serviceName: target?.name,
          workloadKind: 'Deployment',
        },
        undefined,
      ),
    )
  }
  for (const { service: named, from } of namedByItself(snapshot, service)) {
    if (result.some((d) => d.serviceName === named && d.namespace === service.namespace)) continue
    result.push(
      resolve(
        snapshot,
        {
          name: named,
          declared: false,
          external: false,
          host: named,
          port: undefined,
          from,
          namespace: service.namespace,
          serviceName: named,
          workloadKind: 'Deployment',
        },
        undefined,
      ),
    )
  }
  return result
}

const failure = /refused|timed? ?out|unreachable|ENOTFOUND|EAI_AGAIN|ECONN|terminated|lost|no such host|cannot|failed|unavailable/i

/** Services of the namespace that the service itself names where it says that something fails: in a bad health answer, or in its log. */
function namedByItself(snapshot: Snapshot, service: ServiceSettings): { service: string; from: string }[] {
  const logs = snapshot.logs.state === 'ok' ? snapshot.logs.value.flatMap((l) => l.lines.slice(-60).map((x) => x.text)) : []
  const bodies = snapshot.probes.flatMap((p) => (p.result.state === 'ok' && p.result.value.status >= 500 ? [p.result.value.body] : []))
  const texts = [
    ...bodies.map((text) => ({ text, from: 'health answer' })),
    ...logs.filter((t) => failure.test(t)).map((text) => ({ text, from: 'log' })),
  ]
  if (texts.length === 0) return []
  return all(snapshot, 'services').flatMap((s) => {
    const { name, namespace } = s.metadata
    if (namespace !== service.namespace || name === service.service) return []
    const address = s.spec.clusterIP && s.spec.clusterIP !== 'None' ? `|${s.spec.clusterIP.replaceAll('.', '\\.')}` : ''
    const said = new RegExp(`(?:^|[^a-z0-9.-])(?:${name.replaceAll('.', '\\.')}${address})(?=$|[^a-z0-9-])`, 'i')
    const where = texts.find((t) => said.test(t.text))
    return where ? [{ service: name, from: where.from }] : []
  })
}

function declared(snapshot: Snapshot, service: ServiceSettings, d: DependencySettings): Dependency {
  const inCluster = d.service !== undefined || d.kind !== undefined || d.workload !== undefined
  return resolve(
    snapshot,
    {
      name: d.name,
      declared: true,
      external: !inCluster,
      host: d.host ?? d.service,
      port: d.port,
      from: 'settings',
      namespace: d.namespace ?? service.namespace,
      serviceName: d.service ?? (inCluster ? d.name : undefined),
      workloadKind: d.kind ?? 'Deployment',
    },
    inCluster ? (d.workload ?? d.name) : undefined,
  )
}

function resolve(
  snapshot: Snapshot,
  base: Omit<Dependency, 'service' | 'slices' | 'workload' | 'pods'>,
  workloadName: string | undefined,
): Dependency {
  const service = base.serviceName ? find(snapshot, 'services', base.serviceName, base.namespace) : undefined
  const selector = service?.spec.selector
  const named = workloadName ? findWorkload(snapshot, base.workloadKind, workloadName, base.namespace) : undefined
  const workloads = (['deployments', 'statefulsets', 'daemonsets'] as const)
    .flatMap((kind) => all(snapshot, kind) as Workload[])
    .filter((w) => w.metadata.namespace === base.namespace)
  const selected = workloads.find((w) => mapSelects(selector, w.spec.template.metadata?.labels))
  // A Service that selects nothing is most likely meant for the workload of its name.
  const alike = selector && workloads.find((w) => w.metadata.name === service?.metadata.name)
  const workload = named ?? selected ?? alike
  const labels = workload?.spec.selector.matchLabels ?? selector
  const kinds = { deployments: 'Deployment', statefulsets: 'StatefulSet', daemonsets: 'DaemonSet' } as const
  const workloadKind = workload
    ? (Object.entries(kinds).find(([kind]) => all(snapshot, kind as keyof typeof kinds).includes(workload as never))?.[1] ??
      base.workloadKind)
    : base.workloadKind
  return {
    ...base,
    workloadKind,
    service,
    workload,
    slices: all(snapshot, 'endpointslices').filter(
      (s) => s.metadata.namespace === base.namespace && s.metadata.labels?.['kubernetes.io/service-name'] === base.serviceName,
    ),
    pods: all(snapshot, 'pods').filter((p) => p.metadata.namespace === base.namespace && mapSelects(labels, p.metadata.labels)),
  }
}
