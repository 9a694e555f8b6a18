/** How many replicas a workload had before it was scaled to 0, from whatever still tells. */
import type { KubeEvent } from '../facts/kubernetes/event.ts'
import { autoscalerOf, type Look, listed, revisionsOf, type Target } from './look.ts'

export interface EarlierCount {
  count: number
  /** Where that is known from. */
  from: string
}

/** The count and its source: our own record, the scaling event, the autoscaler, an older ReplicaSet, what was applied, else 1. */
export async function earlierCount(look: Look, target: Target): Promise<EarlierCount> {
  return (
    (await recorded(look, target)) ??
    (await scalingEvent(look, target)) ??
    (await autoscaled(look, target)) ??
    (await olderSet(look, target)) ??
    applied(target) ?? { count: 1, from: 'nothing tells the earlier count' }
  )
}

async function recorded(look: Look, target: Target): Promise<EarlierCount | undefined> {
  const changes = await look.record.changes(look.cluster.identity().server)
  const last = changes.findLast(
    (change) => change.plan.target.uid === target.object.metadata.uid && change.plan.action === 'scale' && change.writes.length > 0,
  )
  const field = last?.plan.writes.flatMap((write) => write.fields).find((change) => change.path.join('.') === 'spec.replicas')
  return typeof field?.from === 'number' && field.from > 0 && field.to === 0
    ? { count: field.from, from: `change ${last!.id} in the run record` }
    : undefined
}

/** The event of the last time that pods were taken down to 0. Several at once are a rollout in between: none of them alone tells. */
async function scalingEvent(look: Look, target: Target): Promise<EarlierCount | undefined> {
  const events = (await listed(look, 'events', { namespace: target.namespace, fieldSelector: `involvedObject.name=${target.name}` })) ?? []
  const time = (event: KubeEvent) => Date.parse(event.lastTimestamp ?? event.eventTime ?? event.metadata.creationTimestamp ?? '')
  const downs = events
    .filter((event) => event.involvedObject.kind === target.kind)
    .flatMap((event) => {
      const count = Number(
        /^Scaled down replica set \S+ (?:from (\d+) to 0|to 0 from (\d+))$/
          .exec(event.message ?? '')
          ?.slice(1)
          .find((part) => part !== undefined),
      )
      return count > 0 ? [{ event, count, at: time(event) }] : []
    })
    .sort((a, b) => b.at - a.at)
  const [newest, before] = downs
  if (newest === undefined || (before !== undefined && newest.at - before.at < 10_000)) return undefined
  return { count: newest.count, from: `the event "${newest.event.message}"` }
}

async function autoscaled(look: Look, target: Target): Promise<EarlierCount | undefined> {
  const hpa = await autoscalerOf(look, target)
  return hpa === undefined
    ? undefined
    : { count: hpa.spec.minReplicas ?? 1, from: `the minimum of horizontalpodautoscaler/${hpa.metadata.name}` }
}

async function olderSet(look: Look, target: Target): Promise<EarlierCount | undefined> {
  if (target.kind !== 'Deployment') return undefined
  for (const set of await revisionsOf(look, target.object)) {
    const count = Number(set.metadata.annotations?.['deployment.kubernetes.io/desired-replicas'])
    if (count > 0) return { count, from: `replicaset/${set.metadata.name}` }
  }
  return undefined
}

function applied(target: Target): EarlierCount | undefined {
  const text = target.object.metadata.annotations?.['kubectl.kubernetes.io/last-applied-configuration']
  if (text === undefined) return undefined
  try {
    const count: unknown = (JSON.parse(text) as { spec?: { replicas?: unknown } }).spec?.replicas ?? 1
    return typeof count === 'number' && count > 0 ? { count, from: 'what was last applied with kubectl' } : undefined
  } catch {
    return undefined
  }
}
