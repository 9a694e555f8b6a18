/** The systems a command may ask, each adapter imported when first asked for: loading them all would double the start of every command. */
import type { SourcePlace, Targets } from '../context.ts'
import type { Settings } from '../settings.ts'
import type { ClusterDeps } from './kubernetes.ts'
import type { Connection } from './kubernetes-api.ts'
import type { KubernetesCluster } from './kubernetes-cluster.ts'
import type { Fetch } from './service.ts'

/** Targets for these settings. Nothing is connected, read or imported before its method is called; each is opened once. */
export function makeTargets(settings: Settings, deps: ClusterDeps): Targets {
  let connected: Promise<Connection> | undefined
  let opened: Promise<KubernetesCluster> | undefined
  let asking: Promise<Fetch> | undefined
  const connection = () => {
    connected ??= import('./kubernetes.ts').then((kubernetes) => kubernetes.connect(settings.cluster, deps))
    return connected
  }
  const cluster = () => {
    opened ??= Promise.all([connection(), import('./kubernetes-cluster.ts')]).then(([way, module]) => new module.KubernetesCluster(way))
    return opened
  }
  const fetch = () => {
    asking ??= import('./service.ts').then((service) => service.makeFetch(deps.env))
    return asking
  }
  const http = async (place: SourcePlace) => {
    const { sourceHttp } = await import('./source-http.ts')
    return sourceHttp(place, 'url' in place ? { fetch: await fetch() } : { cluster: await cluster() })
  }
  return {
    cluster,
    writer: cluster,
    metrics: async (place) => (await import('./prometheus.ts')).openPrometheus(await http(place)),
    alerts: async (place) => (await import('./alertmanager.ts')).openAlertmanager(await http(place)),
    notifier: async (channel) => (await import('./notify.ts')).openNotifier(channel, { env: deps.env, fetch: await fetch() }),
    forward: async (place, signal) => (await import('./kubernetes-forward.ts')).forwardPort(await connection(), place, signal),
    downloads: async () => (await import('./kubernetes-downloads.ts')).openDownloads(await connection()),
    fetch: async (url, init, signal) => (await fetch())(url, init, signal),
  }
}
