/** The systems a command may ask, each adapter imported when first asked for: loading them all would double the start of every command. */
import type { SourcePlace, Targets } from '../context.ts'
import type { Settings } from '../settings.ts'
import type { ClusterDeps } from './kubernetes.ts'
import type { KubernetesCluster } from './kubernetes-cluster.ts'
import type { Fetch } from './service.ts'

/** Targets for these settings. Nothing is connected, read or imported before its method is called; each is opened once. */
export function makeTargets(settings: Settings, deps: ClusterDeps): Targets {
  let opened: Promise<KubernetesCluster> | undefined
  let asking: Promise<Fetch> | undefined
  const cluster = () => {
    opened ??= import('./kubernetes.ts').then((kubernetes) => kubernetes.openCluster(settings.cluster, deps))
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
    fetch: async (url, init, signal) => (await fetch())(url, init, signal),
  }
}
