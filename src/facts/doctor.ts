/** What can be seen and done from here: every capability of the tool tried once, in parallel. Gathers only; src/diagnosis/doctor.ts judges. */
import type { Clock, SourcePlace, Targets } from '../context.ts'
import type { Settings } from '../settings.ts'
import type { AccessCheck, Cluster, ClusterIdentity, ScrapeTarget } from '../targets/ports.ts'
import { discover } from './discover.ts'
import type { KubeEvent } from './kubernetes/event.ts'
import type { DaemonSet, Deployment, StatefulSet } from './kubernetes/workload.ts'
import { part } from './part.ts'
import { type PermissionGroup, permissionsFor } from './permissions.ts'
import type { Part } from './snapshot.ts'

export interface AccessFound extends Omit<PermissionGroup, 'checks'> {
  /** How many permissions the group has, and those that are not granted. */
  checks: number
  missing: AccessCheck[]
}

export interface DoctorFacts {
  /** RFC 3339. */
  takenAt: string
  service: { namespace: string; kind: string; workload: string }
  identity: Part<ClusterIdentity>
  /** `skewSeconds`: how far this machine's clock is ahead of the API server's; undefined when that does not say its time. */
  version: Part<{ gitVersion: string; skewSeconds: number | undefined }>
  /** The workload by its name in the settings. */
  workload: Part<{ ready: number; wanted: number }>
  access: Part<AccessFound[]>
  /** `targets` are those of the workload alone. */
  prometheus: Part<{ where: string; targets: ScrapeTarget[] }>
  alertmanager: Part<{ where: string; firing: number }>
  /** Pods of the namespace with figures from metrics-server. */
  usage: Part<number>
  /** RFC 3339 time of the oldest event of the namespace; undefined when there is none. */
  oldestEvent: Part<string | undefined>
}

/** Try everything once. Only an interruption is thrown; what fails or is not back by the deadline is a part that says why. */
export async function gatherDoctor(
  settings: Settings,
  targets: Targets,
  clock: Clock,
  deadline: AbortSignal,
  interrupted: AbortSignal,
): Promise<DoctorFacts> {
  const { namespace, kind, workload } = settings.service
  const attempt = <T>(read: (cluster: Cluster) => Promise<T>): Promise<Part<T>> =>
    part(async () => read(await targets.cluster()), interrupted)
  const find = (name: 'prometheus' | 'alertmanager') => part(() => discover(name, settings[name], targets.cluster, deadline), interrupted)
  const using = <T>(place: Part<SourcePlace>, use: (place: SourcePlace) => Promise<T>): Part<T> | Promise<Part<T>> =>
    place.state === 'ok' ? part(() => use(place.value), interrupted) : place

  const takenAt = new Date(clock.now()).toISOString()
  const metricsPlace = find('prometheus')
  const alertsPlace = find('alertmanager')
  const [identity, version, found, access, prometheus, alertmanager, usage, oldestEvent] = await Promise.all([
    attempt(async (cluster) => cluster.identity()),
    attempt(async (cluster) => {
      const before = clock.now()
      const { gitVersion, serverTime } = await cluster.version(deadline)
      // The server says its time in whole seconds: the middle of that second against the middle of the request.
      const skewSeconds = serverTime === undefined ? undefined : ((before + clock.now()) / 2 - (serverTime + 500)) / 1000
      return { gitVersion, skewSeconds }
    }),
    attempt((cluster) => readiness(cluster, settings, deadline)),
    attempt(async (cluster) => {
      const sources = [...new Set([await metricsPlace, await alertsPlace].flatMap(namespacesOf))]
      const dependencies = [...new Set(settings.service.dependencies.flatMap((one) => one.namespace ?? []))].filter(
        (place) => place !== namespace,
      )
      const groups = permissionsFor({ service: namespace, dependencies, sources })
      const allowed = await cluster.can(
        groups.flatMap((group) => group.checks),
        deadline,
      )
      let at = 0
      return groups.map(({ checks, ...group }) => ({
        ...group,
        checks: checks.length,
        missing: checks.filter(() => allowed[at++] !== true),
      }))
    }),
    metricsPlace.then((place) =>
      using(place, async (at) => {
        const metrics = await targets.metrics(at)
        const scraped = await metrics.targets(deadline)
        return {
          where: metrics.where,
          targets: scraped.filter(({ labels }) => labels.namespace === namespace && labels.pod?.startsWith(`${workload}-`)),
        }
      }),
    ),
    alertsPlace.then((place) =>
      using(place, async (at) => {
        const source = await targets.alerts(at)
        return { where: source.where, firing: (await source.alerts(deadline)).filter((alert) => alert.state === 'active').length }
      }),
    ),
    attempt(async (cluster) => (await cluster.list('podmetrics', { namespace }, deadline)).items.length),
    attempt(async (cluster) => oldest((await cluster.list('events', { namespace, limit: 5000 }, deadline)).items)),
  ])
  return {
    takenAt,
    service: { namespace, kind, workload },
    identity,
    version,
    workload: found,
    access,
    prometheus,
    alertmanager,
    usage,
    oldestEvent,
  }
}

const namespacesOf = (place: Part<SourcePlace>): string[] =>
  place.state === 'ok' && 'namespace' in place.value ? [place.value.namespace] : []

async function readiness(cluster: Cluster, settings: Settings, signal: AbortSignal): Promise<{ ready: number; wanted: number }> {
  const { kind, namespace, workload: name } = settings.service
  if (kind === 'DaemonSet') {
    const { status }: DaemonSet = await cluster.get('daemonsets', { namespace, name }, signal)
    return { ready: status?.numberReady ?? 0, wanted: status?.desiredNumberScheduled ?? 0 }
  }
  const { spec, status }: Deployment | StatefulSet = await cluster.get(
    kind === 'Deployment' ? 'deployments' : 'statefulsets',
    { namespace, name },
    signal,
  )
  return { ready: status?.readyReplicas ?? 0, wanted: spec.replicas ?? 1 }
}

function oldest(events: readonly KubeEvent[]): string | undefined {
  const times = events
    .map((event) => event.firstTimestamp ?? event.eventTime ?? event.metadata.creationTimestamp)
    .filter((time) => time !== undefined)
  return times.sort((a, b) => Date.parse(a) - Date.parse(b))[0]
}
