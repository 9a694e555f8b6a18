/** The least that says how far a rollout is: the workload, its ReplicaSets and its pods, as a Snapshot of their own. */
import type { Clock } from '../context.ts'
import { deadlineIn } from '../duration.ts'
import type { Settings } from '../settings.ts'
import type { Cluster } from '../targets/ports.ts'
import type { ResourceName } from './kubernetes/resources.ts'
import { part } from './part.ts'
import { type ClusterParts, type Snapshot, snapshotVersion, type Unseen } from './snapshot.ts'

const kinds = { Deployment: ['deployments', 'replicasets'], StatefulSet: ['statefulsets'], DaemonSet: ['daemonsets'] } as const

const notLookedAt: Unseen = { state: 'absent', reason: 'not looked at' }

/** Reads three kinds of objects, each a part that says why when it was not seen. */
export async function gatherRollout(
  settings: Settings,
  cluster: Cluster,
  clock: Clock,
  version: string,
  interrupted: AbortSignal,
): Promise<Snapshot> {
  const started = clock.now()
  const signal = AbortSignal.any([interrupted, deadlineIn(settings.timeoutSeconds)])
  const { namespace, kind } = settings.service
  const wanted: readonly ResourceName[] = ['pods', ...kinds[kind]]
  const read = await Promise.all(
    wanted.map(
      async (name) => [name, await part(async () => (await cluster.list(name, { namespace }, signal)).items, interrupted)] as const,
    ),
  )
  const { context, server } = cluster.identity()
  return {
    schemaVersion: snapshotVersion,
    tool: version,
    takenAt: new Date(started).toISOString(),
    took: (clock.now() - started) / 1000,
    requests: wanted.length,
    target: { context, server, service: settings.service, thresholds: settings.thresholds, lookbackSeconds: settings.lookbackSeconds },
    cluster: Object.fromEntries(read) as ClusterParts,
    instant: notLookedAt,
    ranges: notLookedAt,
    direct: notLookedAt,
    alerts: notLookedAt,
    logs: notLookedAt,
    probes: [],
    sources: { prometheus: undefined, alertmanager: undefined },
  }
}
