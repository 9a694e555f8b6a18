/** A dependency that answers late, by the times that the service takes of its queries. */
import type { Pod } from '../../facts/kubernetes/pod.ts'
import { type Claim, open, refuted, supported } from '../claim.ts'
import { errorsNow } from '../failures.ts'
import { median } from '../history.ts'
import { inTimeAgain } from '../latency.ts'
import { feltByUsers } from '../symptoms.ts'
import { nodeShare } from '../usage.ts'
import type { Subject } from '../verdict.ts'
import { instant, ofPod, type View } from '../view.ts'
import { isDown } from './dependencies.ts'
import { servedIn } from './pool.ts'

/** Queries of one kind, in two minutes, below which their mean says nothing: a migration runs once. */
const fewestQueries = 10

/** Queries of one kind, in seconds, by the mean of a window. */
interface Kind {
  operation: string | undefined
  seconds: number
  window: '2m' | '30s'
}

/** The kind of query that is slow and takes most time in all, over two minutes and over the last of them: what has only just become slow drowns in two minutes of what was quick. */
function slowestQuery(view: View): (Kind & { alone: boolean }) | undefined {
  const counts = instant(view, 'query_count') ?? []
  const asked = (operation: string | undefined): number => counts.find((s) => s.labels.operation === operation)?.points.at(-1)?.[1] ?? 0
  const over = (name: string, window: Kind['window']): Kind[] =>
    (instant(view, name) ?? [])
      .map(({ labels: { operation }, points }) => ({ operation, seconds: points.at(-1)?.[1] ?? Number.NaN, window }))
      .filter(({ operation }) => asked(operation) >= fewestQueries)
  const lately = over('query_time_lately', '30s')
  const all = [...over('query_time', '2m'), ...lately]
  const limit = view.thresholds.p95Seconds
  const quickAgain = new Set(lately.filter((o) => o.seconds < limit / 2).map((o) => o.operation))
  const slowest = all
    .filter((o) => o.seconds > limit && !quickAgain.has(o.operation))
    .sort((a, b) => b.seconds * asked(b.operation) - a.seconds * asked(a.operation))[0]
  return slowest && { ...slowest, alone: !lateAlike(slowest, all) }
}

/** Of the time of the slowest kind of query, the share that another takes too where all are late alike. */
const likewise = 0.4
/** Times that the middle one of the others takes longer in the last half minute than over two where all became late at once. */
const allGrown = 3

/** Whether the other kinds are late too: as it is where the machine is, and not one table. */
function lateAlike(slowest: Kind, all: readonly Kind[]): boolean {
  const others = all.filter((o) => o.window === slowest.window && o.operation !== slowest.operation)
  const before = ({ operation }: Kind): number | undefined => all.find((o) => o.window === '2m' && o.operation === operation)?.seconds
  const grown = median(others.map((o) => o.seconds / (before(o) ?? o.seconds))) ?? 1
  return grown > allGrown || others.some((o) => o.seconds > likewise * slowest.seconds)
}

/** Of the time that a query seems to take, the part by which the program may be late to notice its end. */
const lateShare = 0.5
/** Of the time of a query, the least part that it spends waiting for a connection where the pool is what holds it up. */
const mostlyWaiting = 0.5

/** Share of a node's processors from which nobody on it gets what it asks for, and cores that are no such work by themselves. */
const fullNode = 0.95
const ownPart = 0.5
const usedBy = (view: View, { metadata }: Pod): number => ofPod(view, 'cpu', metadata.name) ?? 0

/** Dependencies that answer late. Decided by the service's own query times against the service's latency. */
export function slowQueries(view: View): Claim[] {
  const slowest = slowestQuery(view)
  // What makes no answer late, as a migration at the start, is nobody's trouble.
  if (!slowest || !feltByUsers(view)) return []
  const store = view.dependencies.find((d) => !d.external)
  const subject: Subject = store
    ? { kind: store.workloadKind, namespace: store.namespace, name: store.workload?.metadata.name ?? store.name }
    : { kind: 'Dependency', name: 'database' }
  if (store && isDown(view, store)) return []
  if (!store && view.dependencies.length > 0)
    return [open('dependency_slow', subject, 'which dependency the slow queries go to is not known')]
  if (inTimeAgain(view) && !errorsNow(view))
    return [refuted('dependency_slow', subject, 'the requests of the last half minute were answered in time: it is over')]
  const starved = store?.pods.find((pod) => nodeShare(view, pod.spec.nodeName) > fullNode && usedBy(view, pod) < ownPart)
  if (starved && !slowest.alone)
    return [
      open(
        'dependency_slow',
        subject,
        `node ${starved.spec.nodeName}, on which ${starved.metadata.name} is, is full of the work of others`,
      ),
    ]
  const lag = median((instant(view, 'loop_lag') ?? []).flatMap((s) => s.points.at(-1)?.[1] ?? [])) ?? 0
  if (lag > slowest.seconds * lateShare)
    return [
      open(
        'dependency_slow',
        subject,
        `queries seem to take ${slowest.seconds.toFixed(2)} s to a program that is itself ${lag.toFixed(2)} s late`,
      ),
    ]
  const served = servedIn(view)
  if (served !== undefined && served < slowest.seconds * (1 - mostlyWaiting))
    return [
      refuted(
        'dependency_slow',
        subject,
        `of ${slowest.seconds.toFixed(2)} s that a query takes, ${subject.name} has it for ${served.toFixed(2)} s; the rest it waits for a connection`,
      ),
    ]
  return [
    supported({
      code: 'dependency_slow',
      subject,
      confidence: 0.88,
      summary: `queries to ${subject.name} take ${slowest.seconds.toFixed(2)} s (${slowest.operation})`,
      evidence: [
        {
          source: 'prometheus',
          asked: `rate(db_query_duration_seconds_sum[${slowest.window}]) / rate(db_query_duration_seconds_count[${slowest.window}]) by operation`,
          observed: `${slowest.operation}: ${slowest.seconds.toFixed(2)} s`,
          expected: `below ${view.thresholds.p95Seconds} s`,
        },
      ],
    }),
  ]
}
