/** How near the pods were to their limits over time, and when their containers ended. Pure. */
import type { Pod } from '../facts/kubernetes/pod.ts'
import type { History } from './charts.ts'
import { quantity } from './quantity.ts'
import { byPod } from './usage.ts'
import { range, type View } from './view.ts'

/** The largest share of its limit that any pod used, at each time. Pods that are gone are held against the limit of those that are there. */
export function saturation(view: View, resource: 'cpu' | 'memory'): History {
  const limits = new Map(view.pods.map((pod) => [pod.metadata.name, limitOf(pod, resource)]))
  const common = [...limits.values()].find((limit) => limit !== undefined)
  const highest = new Map<number, number>()
  for (const [name, series] of byPod(range(view, resource))) {
    const limit = limits.has(name) ? limits.get(name) : common
    if (limit === undefined) continue
    for (const [at, value] of series.points) {
      if (!Number.isFinite(value)) continue
      highest.set(at, Math.max(highest.get(at) ?? 0, value / limit))
    }
  }
  return [...highest].sort(([a], [b]) => a - b)
}

function limitOf(pod: Pod, resource: 'cpu' | 'memory'): number | undefined {
  const limits = pod.spec.containers.map((container) => quantity(container.resources?.limits?.[resource]))
  if (limits.length === 0 || limits.some((limit) => limit === undefined)) return undefined
  return limits.reduce<number>((sum, limit) => sum + (limit ?? 0), 0) || undefined
}

/** The last ends of containers that were started again: when, and how each ended. */
export function restarts(view: View): { at: string; text: string }[] {
  return view.pods
    .flatMap((pod) =>
      (pod.status?.containerStatuses ?? []).flatMap(({ name, restartCount, lastState }) => {
        const ended = lastState?.terminated
        if (restartCount === 0 || !ended?.finishedAt) return []
        const how = `${ended.reason ?? 'ended'}${ended.exitCode === undefined ? '' : ` (exit ${ended.exitCode})`}`
        const times = restartCount === 1 ? 'once' : `${restartCount} times in all`
        return [{ at: ended.finishedAt, text: `pod ${pod.metadata.name} container ${name}: ${how}, started again ${times}` }]
      }),
    )
    .sort((a, b) => (a.at < b.at ? -1 : 1))
}
