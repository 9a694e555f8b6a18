/** The facts of a Snapshot in one order, whatever order they arrived in: by name, events by time first. Pure; the Snapshot given is left as it is. */
import type { KubeEvent } from '../facts/kubernetes/event.ts'
import type { KubeObject } from '../facts/kubernetes/object.ts'
import type { Part, Snapshot } from '../facts/snapshot.ts'
import type { QueryAnswer } from '../targets/ports.ts'

function sorted<T>(list: readonly T[], key: (item: T) => string): T[] {
  return list
    .map((item) => [key(item), item] as const)
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([, item]) => item)
}

const over = <T>(part: Part<T>, order: (value: T) => T): Part<T> => (part.state === 'ok' ? { ...part, value: order(part.value) } : part)

const objectKey = (o: KubeObject): string =>
  `${(o as KubeEvent).lastTimestamp ?? (o as KubeEvent).eventTime ?? ''} ${o.metadata.namespace ?? ''}/${o.metadata.name}`

const series = (answers: Record<string, QueryAnswer>): Record<string, QueryAnswer> =>
  Object.fromEntries(
    Object.entries(answers).map(([name, answer]) => [
      name,
      { ...answer, series: sorted(answer.series, (s) => JSON.stringify(Object.entries(s.labels).sort())) },
    ]),
  )

export function ordered(snapshot: Snapshot): Snapshot {
  const cluster = Object.fromEntries(
    Object.entries(snapshot.cluster).map(([kind, part]) => [kind, over(part as Part<KubeObject[]>, (list) => sorted(list, objectKey))]),
  ) as Snapshot['cluster']
  return {
    ...snapshot,
    cluster,
    instant: over(snapshot.instant, series),
    ranges: over(snapshot.ranges, series),
    logs: over(snapshot.logs, (list) => sorted(list, (l) => `${l.pod} ${l.container} ${l.previous}`)),
    probes: sorted(snapshot.probes, (p) => `${p.hop} ${p.name} ${p.purpose === 'ready' ? 0 : 1} ${p.port} ${p.path}`),
  }
}
