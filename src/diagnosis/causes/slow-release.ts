/** A release whose pods wait: answers late since its rollout, while CPU, traffic and dependencies are as before. */
import { recentDiff, rolledOutAt } from '../changes.ts'
import { finite } from '../charts.ts'
import { type Claim, type Family, refuted, short, supported } from '../claim.ts'
import { ms } from '../quantity.ts'
import { changesEvidence } from '../revision.ts'
import { changeText, material, type TemplateChange } from '../template-diff.ts'
import { millis } from '../time.ts'
import { cpuShare, throttledMuch, throttling } from '../usage.ts'
import { instant, range, type View } from '../view.ts'

/** Seconds of history that "before" is taken from, and after which what the rollout itself delayed is over. */
const before = 600
const settled = 60
/** Points of a range on either side that make a median worth something. */
const enough = 3
/** Times that answers take longer, and seconds: less is what any rollout does to caches and connections. */
const times = 2.5
const muchLonger = 0.05

/** Latency on both sides of the newest rollout; undefined where there is no change, too little history, or no step at it. */
export function slowedBy(view: View): { changed: TemplateChange[]; since: string; was: number; is: number } | undefined {
  const changed = material(recentDiff(view) ?? [])
  const since = rolledOutAt(view)
  const at = (millis(since) ?? Number.NaN) / 1000
  if (changed.length === 0 || since === undefined || Number.isNaN(at)) return undefined
  const points = finite(range(view, 'p95')?.[0])
  const was = median(points.filter(([time]) => time >= at - before && time <= at))
  const after = points.filter(([time]) => time >= at + settled).slice(-12)
  const is = median(after)
  if (was === undefined || is === undefined) return undefined
  const lasts = after.every(([, value]) => value > Math.max(was * times, view.thresholds.p95Seconds))
  return lasts && is - was > muchLonger ? { changed, since, was, is } : undefined
}

function median(points: readonly (readonly [number, number])[]): number | undefined {
  const values = points.map(([, value]) => value).sort((a, b) => a - b)
  return values.length < enough ? undefined : values[Math.floor(values.length / 2)]
}

export const slowRelease: Family = (view): Claim[] => {
  const step = slowedBy(view)
  if (step === undefined || busy(view) || waitsForOthers(view)) return []
  const number = view.revisions[0]?.number
  return [
    supported({
      code: 'bad_release',
      subject: view.subject,
      since: step.since,
      confidence: 0.87,
      introducedByRevision: true,
      summary: `revision ${number} takes ${ms(step.is)} to answer, the one before took ${ms(step.was)}, and its CPU is idle (${short(step.changed.map(changeText).join(', '), 90)})`,
      evidence: [
        {
          source: 'prometheus',
          asked: '95th percentile of latency, before and since the rollout',
          observed: `${ms(step.was)}, then ${ms(step.is)}`,
          expected: `below ${ms(view.thresholds.p95Seconds)}`,
          at: step.since,
        },
        changesEvidence(view, step.changed),
      ],
    }),
    refuted('cpu_throttling', view.subject, 'the pods are not held back, and use little of their limit'),
    refuted('traffic_surge', view.subject, 'there are no more requests than before the rollout'),
    refuted('noisy_neighbour', view.subject, 'answers became late with the rollout, at once and in every pod'),
  ]
}

/** Whether the program itself, or its limit, is what takes the time; or there is more to do than before. */
export function busy(view: View): boolean {
  const near = [...cpuShare(view).values()].some(({ share }) => share > 0.7)
  const held = [...throttling(view).values()].some((share) => share > throttledMuch)
  const loop = (instant(view, 'loop_utilization') ?? []).some((series) => (series.points.at(-1)?.[1] ?? 0) > 0.8)
  return near || held || loop || moreTraffic(view)
}

/** Whether more than twice as much is asked since the newest rollout. */
export function moreTraffic(view: View): boolean {
  const at = (millis(rolledOutAt(view)) ?? 0) / 1000
  const sums = new Map<number, number>()
  for (const series of range(view, 'request_rate') ?? [])
    for (const [time, value] of finite(series)) sums.set(time, (sums.get(time) ?? 0) + value)
  const points = [...sums]
  const was = median(points.filter(([time]) => time >= at - before && time <= at))
  const is = median(points.filter(([time]) => time >= at + settled))
  return was !== undefined && is !== undefined && is > Math.max(was * 2, 1)
}

/** Whether what it calls is late itself, so that any revision would be. */
function waitsForOthers(view: View): boolean {
  const late = (name: string) =>
    (instant(view, name) ?? []).some((series) => (series.points.at(-1)?.[1] ?? 0) > view.thresholds.p95Seconds / 2)
  return late('dependency_p95') || late('query_time')
}
