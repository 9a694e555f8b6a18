/** CPU and memory of the pods against their limits: from Prometheus where it has them, else from metrics-server. Pure. */
import type { Container, Pod } from '../facts/kubernetes/pod.ts'
import { all, find } from '../facts/lookup.ts'
import type { Series } from '../targets/ports.ts'
import { quantity } from './quantity.ts'
import { instant, range, type View } from './view.ts'

export interface Share {
  used: number
  limit: number
  share: number
}

/** Series of a query by pod and container, one per pod: the pod's own cgroup where it is exported, else the sum of its containers. */
export function byPod(series: readonly Series[] | undefined): Map<string, Series> {
  const pods = new Map<string, Series>()
  for (const s of series ?? []) {
    const pod = s.labels.pod
    if (!pod) continue
    const known = pods.get(pod)
    if (!s.labels.container) pods.set(pod, s)
    else if (!known) pods.set(pod, { labels: { pod, container: '*' }, points: s.points.map(([t, v]) => [t, v]) })
    else if (known.labels.container === '*') for (const [i, point] of known.points.entries()) point[1] += s.points[i]?.[1] ?? 0
  }
  return pods
}

const limitOf = (pod: Pod, resource: 'cpu' | 'memory'): number | undefined => {
  const limits = pod.spec.containers.map((c) => quantity(c.resources?.limits?.[resource]))
  return limits.every((l) => l !== undefined) && limits.length > 0 ? limits.reduce((sum, l) => sum! + l!, 0) : undefined
}

/** What metrics-server last said of a pod: cores or bytes. */
function served(view: View, pod: string, resource: 'cpu' | 'memory'): number | undefined {
  const metrics = all(view.snapshot, 'podmetrics').find((m) => m.metadata.name === pod)
  const values = metrics?.containers.map((c) => quantity(c.usage[resource]))
  return values?.length && values.every((v) => v !== undefined) ? values.reduce((sum, v) => sum! + v!, 0) : undefined
}

/** Cores or bytes each pod uses now. Pods that nothing was seen of are left out. */
export function usage(view: View, resource: 'cpu' | 'memory'): Map<string, number> {
  const series = byPod(instant(view, resource))
  const found = new Map<string, number>()
  for (const pod of view.pods) {
    const { name } = pod.metadata
    const measured = series.get(name)?.points.at(-1)?.[1]
    const value = measured !== undefined && Number.isFinite(measured) ? measured : served(view, name, resource)
    if (value !== undefined) found.set(name, value)
  }
  return found
}

function share(view: View, resource: 'cpu' | 'memory'): Map<string, Share> {
  const shares = new Map<string, Share>()
  for (const [name, used] of usage(view, resource)) {
    const limit = limitOf(view.pods.find((p) => p.metadata.name === name)!, resource)
    if (limit) shares.set(name, { used, limit, share: used / limit })
  }
  return shares
}

/** What the main container of a pod uses of its own memory limit: the kernel kills by container, whatever room the others leave. */
function ofMain(view: View, pod: Pod): Share | undefined {
  const container = view.main?.name
  const limit = containerLimit(
    pod.spec.containers.find((c) => c.name === container),
    'memory',
  )
  const { name } = pod.metadata
  const measured = (instant(view, 'memory') ?? [])
    .find((s) => s.labels.pod === name && s.labels.container === container)
    ?.points.at(-1)?.[1]
  const metrics = all(view.snapshot, 'podmetrics').find((m) => m.metadata.name === name)
  const used = measured ?? quantity(metrics?.containers.find((c) => c.name === container)?.usage.memory)
  return limit && used !== undefined && Number.isFinite(used) ? { used, limit, share: used / limit } : undefined
}

/** Memory by pod against its limit: of the whole pod or of its main container, whichever is nearer. */
export function memoryShare(view: View): Map<string, Share> {
  const shares = share(view, 'memory')
  for (const pod of view.pods) {
    const main = ofMain(view, pod)
    if (main && main.share > (shares.get(pod.metadata.name)?.share ?? 0)) shares.set(pod.metadata.name, main)
  }
  return shares
}
export const cpuShare = (view: View): Map<string, Share> => share(view, 'cpu')

/** Share of periods from which a limit is felt. */
export const throttledMuch = 0.25

/** Share of scheduling periods in which a pod was throttled, 0..1; pods without a CPU limit are left out. */
export function throttling(view: View): Map<string, number> {
  const found = new Map<string, number>()
  for (const [pod, series] of byPod(instant(view, 'throttled'))) {
    const value = series.points.at(-1)?.[1]
    if (value !== undefined && Number.isFinite(value)) found.set(pod, value)
  }
  return found
}

/** Cores that one pod usually used before a moment (milliseconds), over up to ten minutes; undefined where too little was seen. */
export function coresBefore(view: View, moment: number): number | undefined {
  const at = moment / 1000
  const times = new Map<number, number[]>()
  for (const { points } of byPod(range(view, 'cpu')).values())
    for (const [time, value] of points)
      if (Number.isFinite(value) && time <= at && time > at - 600) times.set(time, [...(times.get(time) ?? []), value])
  const means = [...times.values()].map((values) => values.reduce((sum, v) => sum + v, 0) / values.length).sort((a, b) => a - b)
  return means.length < 2 ? undefined : means[Math.floor(means.length / 2)]
}

export interface Trend {
  perSecond: number
  fit: number
  last: number
  seconds: number
}

/** A straight line through a series: its slope a second, how well it fits (R squared), its last value. Undefined below 5 points. */
export function trend(points: readonly (readonly [number, number])[]): Trend | undefined {
  const finite = points.filter(([, v]) => Number.isFinite(v))
  if (finite.length < 5) return undefined
  const n = finite.length
  const [mt, mv] = [finite.reduce((s, [t]) => s + t, 0) / n, finite.reduce((s, [, v]) => s + v, 0) / n]
  const stt = finite.reduce((s, [t]) => s + (t - mt) ** 2, 0)
  const stv = finite.reduce((s, [t, v]) => s + (t - mt) * (v - mv), 0)
  const svv = finite.reduce((s, [, v]) => s + (v - mv) ** 2, 0)
  if (stt === 0) return undefined
  return {
    perSecond: stv / stt,
    fit: svv === 0 ? 1 : stv ** 2 / (stt * svv),
    last: finite.at(-1)![1],
    seconds: finite.at(-1)![0] - finite[0]![0],
  }
}

/** The points of a pod's memory since its container last started. */
export function memoryPoints(view: View, pod: Pod): [number, number][] {
  const points = byPod(range(view, 'memory')).get(pod.metadata.name)?.points ?? []
  const started = Math.max(
    0,
    ...(pod.status?.containerStatuses ?? []).map(
      (s) => Date.parse(s.state?.running?.startedAt ?? s.lastState?.terminated?.startedAt ?? '') / 1000 || 0,
    ),
  )
  return points.filter(([t]) => t >= started)
}

/** CPU or memory limit of a container, in cores or bytes. */
export const containerLimit = (container: Container | undefined, resource: 'cpu' | 'memory'): number | undefined =>
  quantity(container?.resources?.limits?.[resource])

/** Share of a node's processors in use, 0..1; 0 where it was not seen. */
export function nodeShare(view: View, name: string | undefined): number {
  const used = instant(view, 'node_cpu')
    ?.find((s) => s.labels.node === name)
    ?.points.at(-1)?.[1]
  const capacity = quantity(find(view.snapshot, 'nodes', name)?.status?.capacity?.cpu)
  return used !== undefined && capacity ? used / capacity : 0
}
