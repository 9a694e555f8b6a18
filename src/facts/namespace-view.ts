/** A Snapshot of the objects of the namespace alone: no metrics, logs or probes. */
import { createHmac, randomBytes } from 'node:crypto'
import type { Context } from '../context.ts'
import type { Settings } from '../settings.ts'
import type { Cluster } from '../targets/ports.ts'
import { gatherCluster } from './cluster.ts'
import { type Snapshot, snapshotVersion, type Unseen } from './snapshot.ts'
import { seen } from './workload-pods.ts'

const notLookedAt: Unseen = { state: 'absent', reason: 'not looked at' }

/** Reads everything that a judgement of objects needs; kinds that were not seen say why. Throws DeniedError where not even pods may be listed. */
export async function namespaceSnapshot(
  settings: Settings,
  cluster: Cluster,
  context: Pick<Context, 'clock' | 'version'>,
  signal: AbortSignal,
): Promise<Snapshot> {
  const started = context.clock.now()
  const salt = randomBytes(16)
  const fingerprint = (value: string) => `#${createHmac('sha256', salt).update(value).digest('hex').slice(0, 10)}`
  const { service, thresholds, lookbackSeconds } = settings
  const others = [...new Set(service.dependencies.flatMap((one) => one.namespace ?? []))]
  const before = cluster.stats.requests
  const parts = await gatherCluster(cluster, service.namespace, others, fingerprint, signal)
  seen(parts.pods)
  const { context: name, server } = cluster.identity()
  return {
    schemaVersion: snapshotVersion,
    tool: context.version,
    takenAt: new Date(started).toISOString(),
    took: (context.clock.now() - started) / 1000,
    requests: cluster.stats.requests - before,
    target: { context: name, server, service, thresholds, lookbackSeconds },
    cluster: parts,
    instant: notLookedAt,
    ranges: notLookedAt,
    direct: notLookedAt,
    alerts: notLookedAt,
    logs: notLookedAt,
    probes: [],
    sources: { prometheus: undefined, alertmanager: undefined },
  }
}
