/** Edits that left no time: who takes a key away owns no field afterwards, so that no managed field tells of it. Pure. */
import type { Condition, KubeObject } from '../facts/kubernetes/object.ts'
import type { Snapshot } from '../facts/snapshot.ts'
import { millis } from './time.ts'

/** Kept in other places than the rest, or nowhere, so that their versions count something else. */
const countedElsewhere = new Set(['events', 'podmetrics', 'nodemetrics'])

const version = (o: KubeObject): number =>
  /^\d+$/.test(o.metadata.resourceVersion ?? '') ? Number(o.metadata.resourceVersion) : Number.NaN

/** Moments that had passed when an object was last written. */
function passed({ metadata, ...rest }: KubeObject): number[] {
  const conditions = (rest as { status?: { conditions?: Condition[] } }).status?.conditions ?? []
  return [metadata.creationTimestamp, ...(metadata.managedFields ?? []).map((f) => f.time), ...conditions.map((c) => c.lastTransitionTime)]
    .map(millis)
    .filter((at) => at !== undefined)
}

/**
 * The latest moment, in milliseconds, that had surely passed when an object was last written: an object with a smaller resourceVersion
 * already told of it. Versions grow with every write to a store, whatever is written. Undefined where nothing can be compared.
 */
export function writtenAfter(snapshot: Snapshot, object: KubeObject): number | undefined {
  const mine = version(object)
  const moments = Object.entries(snapshot.cluster).flatMap(([kind, part]) =>
    part.state !== 'ok' || countedElsewhere.has(kind) ? [] : (part.value as KubeObject[]).filter((o) => version(o) < mine).flatMap(passed),
  )
  return moments.length ? moments.reduce((a, b) => Math.max(a, b)) : undefined
}
