/** How long answers take. Pure. */
import { startedAt } from './edits.ts'
import { traffic, trafficLately } from './traffic.ts'
import { instant, type View } from './view.ts'

/** Requests of half a minute below which a quantile of it is the time of one or two: three are above each. */
const fewestFor = { p95: 60, p99: 300 } as const

const last = (view: View, name: string): number | undefined => instant(view, name)?.[0]?.points.at(-1)?.[1]

/** Requests of the last half minute. */
const asked = (view: View): number => trafficLately(view, 30)?.total ?? 0

/** A quantile of latency, in seconds: over two minutes, or over the last half where that is longer and enough was asked: what has just begun drowns in two minutes. */
export function quantile(view: View, name: 'p95' | 'p99'): number | undefined {
  const known = [last(view, name), asked(view) >= fewestFor[name] ? last(view, `${name}_lately`) : undefined]
  const seen = known.filter((seconds) => seconds !== undefined && Number.isFinite(seconds)) as number[]
  return seen.length > 0 ? Math.max(...seen) : undefined
}

/** Whether answers of the last half minute are in time, and enough of them to say so: what two minutes show late is then over. */
export function inTimeAgain(view: View): boolean {
  const within = (name: string, seconds: number): boolean => (last(view, name) ?? Number.NaN) <= seconds
  const { p95Seconds, p99Seconds } = view.thresholds
  return asked(view) >= fewestFor.p99 && within('p95_lately', p95Seconds) && within('p99_lately', p99Seconds)
}

/** Seconds after its start in which the first answers of a program take longer than those that follow. */
const warmUpSeconds = 30

/** Whether no pod has done more than begin, and a quantile of so few requests is the time of their first ones. */
export function warmingUp(view: View): boolean {
  const young = view.pods.every((pod) => view.now - startedAt(pod) < warmUpSeconds * 1000)
  return view.pods.length > 0 && young && (traffic(view)?.total ?? 0) < fewestFor.p95
}
