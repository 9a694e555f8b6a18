/** Finds Prometheus and Alertmanager: as the settings say, else by their Services in the cluster. */
import type { SourcePlace } from '../context.ts'
import { AbsentError, DeniedError } from '../errors.ts'
import type { SourceSettings } from '../settings.ts'
import type { Cluster } from '../targets/ports.ts'
import type { Service } from './kubernetes/network.ts'

type Source = 'prometheus' | 'alertmanager'

const names: Readonly<Record<Source, { label: string[]; name: RegExp; port: number }>> = {
  prometheus: {
    label: ['app.kubernetes.io/name', 'app', 'k8s-app'],
    name: /^(.*-)?prometheus(-server|-operated|-k8s|-prometheus)?$/,
    port: 9090,
  },
  alertmanager: { label: ['app.kubernetes.io/name', 'app', 'k8s-app'], name: /^(.*-)?alertmanager(-operated|-main)?$/, port: 9093 },
}

const usualNamespaces = ['monitoring', 'prometheus', 'observability', 'kube-prometheus-stack']

/** The place of a Service's namespace among the usual ones; others come after all of them. */
const usual = ({ metadata }: Service): number =>
  (usualNamespaces.indexOf(metadata.namespace ?? '') + usualNamespaces.length + 1) % (usualNamespaces.length + 1)

/** Port name or number to reach a Service's HTTP API by. */
function portOf(service: Service, wanted: number): number | string {
  const ports = service.spec.ports ?? []
  const port = ports.find((p) => p.port === wanted) ?? ports.find((p) => /^(web|http)/.test(p.name ?? '')) ?? ports[0]
  return port?.port ?? wanted
}

/**
 * Services that look like the source, the likeliest first: by standard label, then by name; of equal ones, those where monitoring
 * usually lives, since a team's own one knows that team alone. Pure.
 */
export function candidates(services: readonly Service[], source: Source): Service[] {
  const { label, name } = names[source]
  const score = (s: Service): number => {
    const labelled = label.some((l) => s.metadata.labels?.[l] === source || s.metadata.labels?.[l] === `kube-prometheus-stack-${source}`)
    const named = name.test(s.metadata.name)
    return (labelled ? 2 : 0) + (named ? 1 : 0) - (/operator|exporter|pushgateway|adapter|headless|node/.test(s.metadata.name) ? 4 : 0)
  }
  return services
    .filter((s) => score(s) > 0)
    .sort(
      (a, b) =>
        score(b) - score(a) ||
        usual(a) - usual(b) ||
        (`${a.metadata.namespace}/${a.metadata.name}` < `${b.metadata.namespace}/${b.metadata.name}` ? -1 : 1),
    )
}

/** Services of the whole cluster, or where that is denied those of the namespaces that monitoring usually lives in. */
async function servicesAnywhere(cluster: Cluster, namespace: string | undefined, signal: AbortSignal): Promise<Service[]> {
  try {
    return (await cluster.list('services', { namespace }, signal)).items
  } catch (error) {
    if (namespace || !(error instanceof DeniedError)) throw error
    const tried = await Promise.allSettled(usualNamespaces.map((ns) => cluster.list('services', { namespace: ns }, signal)))
    const items = tried.flatMap((t) => (t.status === 'fulfilled' ? t.value.items : []))
    if (items.length) return items
    throw error
  }
}

/** Where to reach a source, or AbsentError saying what was looked for. */
export async function discover(
  source: Source,
  settings: SourceSettings,
  cluster: () => Promise<Cluster>,
  signal: AbortSignal,
): Promise<SourcePlace> {
  if (settings.url) return { url: settings.url, settings }
  const prefixed = settings.prefix === undefined ? {} : { prefix: settings.prefix }
  if (settings.service && settings.namespace)
    return { namespace: settings.namespace, service: settings.service, port: settings.port ?? names[source].port, ...prefixed, settings }
  const items = await servicesAnywhere(await cluster(), settings.namespace, signal)
  const found = settings.service ? items.find((s) => s.metadata.name === settings.service) : candidates(items, source)[0]
  if (!found)
    throw new AbsentError(
      `no ${source} Service was found in the cluster`,
      `give --${source} URL, or ${source}.namespace and ${source}.service in task-mcp.yaml`,
    )
  return {
    namespace: found.metadata.namespace ?? 'default',
    service: found.metadata.name,
    port: settings.port ?? portOf(found, names[source].port),
    ...prefixed,
    settings,
  }
}
