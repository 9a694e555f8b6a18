/** Takes one Snapshot: every read in parallel under one deadline. Nothing is judged here. */
import { createHmac, randomBytes } from 'node:crypto'
import type { Clock, SourcePlace, Targets } from '../context.ts'
import { deadlineIn } from '../duration.ts'
import type { ServiceSettings, Settings } from '../settings.ts'
import type { Alert, Cluster } from '../targets/ports.ts'
import { readCertificates } from './certificates.ts'
import { gatherCluster } from './cluster.ts'
import { scrapeTwice } from './direct.ts'
import { discover } from './discover.ts'
import { type Discovered, discoverService } from './discover-service.ts'
import { edgePods } from './edge-pods.ts'
import type { Pod } from './kubernetes/pod.ts'
import { choosePods, readLogs } from './logs.ts'
import { find, findWorkload, mainContainer, podsOf } from './lookup.ts'
import { type BudgetReading, gatherMetrics, type MetricFacts } from './metrics.ts'
import { part } from './part.ts'
import { probeEdge, probePods, probeService } from './probes.ts'
import {
  type CertificateFact,
  type ClusterParts,
  type DirectScrape,
  type LogExcerpt,
  type Part,
  type ProbeResult,
  type Snapshot,
  snapshotVersion,
  type Unseen,
} from './snapshot.ts'

export interface GatherDeps {
  targets: Targets
  clock: Clock
  /** Aborts when the user interrupts. */
  signal: AbortSignal
  version: string
  /** Settings with what the cluster tells of the service put in where nobody said it. */
  refine?: (found: readonly Discovered[]) => Settings
  /** Read what error budgets are made of too. It takes Prometheus longer than the rest, which does not wait long for what is only read beside it. */
  budgets?: BudgetReading | undefined
}

/** Of the time a command may take, the share that reading may; the rest is for judging and showing. */
const shareForReading = 0.9

const notReached = (what: string): Unseen => ({ state: 'unreachable', reason: `${what} could not be asked: the cluster was not reached` })

/** Reads the cluster, the metrics, the logs and the service itself. Throws only for an interruption or a broken kubeconfig. */
export async function gather(settings: Settings, deps: GatherDeps): Promise<Snapshot> {
  const { targets, clock, version } = deps
  const started = clock.now()
  const signal = AbortSignal.any([deps.signal, deadlineIn(settings.timeoutSeconds * shareForReading)])
  const salt = randomBytes(16)
  const known = new Map<string, string>()
  const fingerprint = (value: string): string => {
    const print = known.get(value) ?? `#${createHmac('sha256', salt).update(value).digest('hex').slice(0, 10)}`
    known.set(value, print)
    return print
  }
  const { service, lookbackSeconds } = settings
  const cluster = await targets.cluster()
  const before = cluster.stats.requests
  const identity = cluster.identity()

  const others = [...new Set(service.dependencies.flatMap((d) => d.namespace ?? []))]
  const [seen, metrics, alerts, edge] = await Promise.all([
    gatherCluster(cluster, service.namespace, others, fingerprint, signal).then((parts) =>
      gatherPods(cluster, parts, deps.refine?.(discoverService(parts, service)).service ?? service, signal, deps.signal),
    ),
    gatherMetrics(targets, settings.prometheus, service, lookbackSeconds, started / 1000, signal, deps.budgets),
    gatherAlerts(targets, settings, signal),
    service.edge === undefined ? [] : [probeEdge(targets, service.edge, signal)],
  ])
  const direct: Part<DirectScrape[]> = knowsRequests(metrics, started / 1000)
    ? { state: 'absent', reason: 'not needed: Prometheus has the service' }
    : await scrapePods(cluster, seen, clock, signal, deps.signal)
  return {
    schemaVersion: snapshotVersion,
    tool: version,
    takenAt: new Date(started).toISOString(),
    took: (clock.now() - started) / 1000,
    requests: cluster.stats.requests - before,
    target: { context: identity.context, server: identity.server, service: seen.service, thresholds: settings.thresholds, lookbackSeconds },
    cluster: seen.parts,
    instant: metrics.instant,
    ranges: metrics.ranges,
    direct,
    alerts: alerts.alerts,
    ...(metrics.slo && { slo: metrics.slo }),
    logs: seen.logs,
    ...(seen.edgeLogs && { edgeLogs: seen.edgeLogs }),
    probes: [...seen.probes, ...(await Promise.all(edge))],
    certificates: seen.certificates,
    sources: { prometheus: metrics.where, alertmanager: alerts.where },
  }
}

interface PodFacts {
  parts: ClusterParts
  service: ServiceSettings
  /** The pods that were read and probed. */
  pods: Pod[]
  logs: Part<LogExcerpt[]>
  edgeLogs: Part<LogExcerpt[]> | undefined
  probes: ProbeResult[]
  certificates: Part<CertificateFact[]>
}

/** What the pods themselves say, once it is known which they are. */
async function gatherPods(
  cluster: Cluster,
  parts: ClusterParts,
  service: ServiceSettings,
  signal: AbortSignal,
  interrupted: AbortSignal,
): Promise<PodFacts> {
  const every = targetPods(parts, service)
  const pods = choosePods(every)
  const known = new Set(every.map((p) => p.metadata.name))
  const before = edgePods(parts, service).slice(0, mostEdgePods)
  const [logs, edgeLogs, probes, certificates] = await Promise.all([
    part(() => readLogs(cluster, pods, known, signal), interrupted),
    before.length === 0 ? undefined : part(() => readLogs(cluster, before, known, signal), interrupted),
    probe(cluster, parts, service, pods, signal),
    readCertificates(cluster, parts, signal),
  ])
  const ours = parts.pods?.state === 'ok' ? logs : unseenLike(parts.pods, 'logs')
  return { parts, service, pods, logs: ours, edgeLogs, probes, certificates }
}

/** Pods of a proxy whose logs are read: each has some of what all of them say. */
const mostEdgePods = 3

const unseenLike = (p: Part<unknown> | undefined, what: string): Unseen =>
  p && p.state !== 'ok' ? { state: p.state, reason: `${what}: pods were not seen (${p.reason})`, next: p.next } : notReached(what)

/** Pods of the workload that are not being deleted. */
function targetPods(parts: ClusterParts, service: ServiceSettings): Pod[] {
  const seen = { cluster: parts } as Snapshot
  const workload = findWorkload(seen, service.kind, service.workload, service.namespace)
  return workload ? podsOf(seen, workload).filter((p) => !p.metadata.deletionTimestamp) : []
}

const running = (pods: readonly Pod[]): Pod[] =>
  pods.filter((p) => p.status?.podIP && p.status.containerStatuses?.some((s) => s.state?.running))

async function probe(
  cluster: Cluster,
  parts: ClusterParts,
  service: ServiceSettings,
  pods: readonly Pod[],
  signal: AbortSignal,
): Promise<ProbeResult[]> {
  const front = find({ cluster: parts } as Snapshot, 'services', service.service, service.namespace)
  const asked = await Promise.all([
    probePods(cluster, running(pods), (pod) => mainContainer({ spec: pod.spec }, service), service, signal),
    front ? probeService(cluster, front, service, signal) : [],
  ])
  return asked.flat()
}

/** Whether Prometheus has requests of the service that are not from long ago, in seconds since the epoch. */
const knowsRequests = (m: MetricFacts, now: number): boolean =>
  m.ranges.state === 'ok' && (m.ranges.value.requests?.series ?? []).some((s) => (s.points.at(-1)?.[0] ?? 0) > now - 90)

async function scrapePods(
  cluster: Cluster,
  { service, pods }: PodFacts,
  clock: Clock,
  signal: AbortSignal,
  interrupted: AbortSignal,
): Promise<Part<DirectScrape[]>> {
  const { namespace, metrics, port } = service
  const names = running(pods).map((p) => p.metadata.name)
  if (names.length === 0) return { state: 'absent', reason: 'no running pod to read metrics from' }
  const scrape = async (name: string, bounded: AbortSignal): Promise<string> =>
    (await cluster.proxy({ namespace, kind: 'pods', name, port: metrics.port ?? port, path: metrics.path, limitBytes: 2_000_000 }, bounded))
      .body
  return part(() => scrapeTwice(names, scrape, clock, signal), interrupted)
}

async function gatherAlerts(
  targets: Targets,
  settings: Settings,
  signal: AbortSignal,
): Promise<{ alerts: Part<Alert[]>; where: string | undefined }> {
  const place = await part(
    (): Promise<SourcePlace> => discover('alertmanager', settings.alertmanager, () => targets.cluster(), signal),
    signal,
  )
  if (place.state !== 'ok') return { alerts: place, where: undefined }
  const source = await targets.alerts(place.value)
  return { alerts: await part(() => source.alerts(signal), signal), where: source.where }
}
