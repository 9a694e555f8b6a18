/** A dependency that got another template, and answers that have been late since, of a service that was left as it was. */
import { replicaSetsOf } from '../../facts/lookup.ts'
import { recentDiff, rolledOutAt } from '../changes.ts'
import { finite } from '../charts.ts'
import { type Claim, type Family, refuted, seen, short, supported } from '../claim.ts'
import type { Dependency } from '../dependencies.ts'
import { ms } from '../quantity.ts'
import { feltByUsers } from '../symptoms.ts'
import { changeText, material, type TemplateChange, templateDiff } from '../template-diff.ts'
import { millis } from '../time.ts'
import { range, type View } from '../view.ts'
import { isDown } from './dependencies.ts'
import { busy } from './slow-release.ts'

/** Seconds after a rollout by which what it did has begun to show in two minutes of latency, and points on either side that make a step. */
const shown = 90
const fewest = 2

export const changedDependency: Family = (view): Claim[] => {
  const step = feltByUsers(view) ? latencyStep(view) : undefined
  if (step === undefined || busy(view)) return []
  const own = material(recentDiff(view) ?? []).length > 0 ? (millis(rolledOutAt(view)) ?? 0) / 1000 : 0
  const late = view.dependencies.flatMap((d) => {
    const change = isDown(view, d) ? undefined : rollout(view, d)
    return change && change.at <= step.at && step.at <= change.at + shown && own < change.at - shown ? [{ d, change }] : []
  })
  const [found, ...others] = late
  if (!found || others.length > 0) return []
  const { d, change } = found
  const since = new Date(change.at * 1000).toISOString()
  const told = short(change.changed.map(changeText).join(', '), 90)
  return [
    supported({
      code: 'dependency_slow',
      subject: { kind: d.workloadKind, namespace: d.namespace, name: d.workload!.metadata.name },
      since,
      confidence: 0.75,
      summary: `95% of answers take ${ms(step.is)} since ${d.name} was rolled out again (${told}), before it took ${ms(step.was)}; this service was not changed`,
      evidence: [
        {
          source: 'prometheus',
          asked: `95th percentile of latency, before and since the rollout of ${d.name}`,
          observed: `${ms(step.was)}, then ${ms(step.is)}`,
          expected: `below ${ms(view.thresholds.p95Seconds)}`,
          at: new Date(step.at * 1000).toISOString(),
        },
        seen(d.workloadKind, d.workload!, 'spec.template', told, 'as before', since),
      ],
    }),
    refuted('bad_release', view.subject, `the newest revision of this service is older than the rollout of ${d.name}`),
  ]
}

/** Where latency went from in time to late and stayed there: when (seconds), and the 95th percentile on either side, in seconds. */
function latencyStep(view: View): { at: number; was: number; is: number } | undefined {
  const points = finite(range(view, 'p95')?.[0])
  const late = ([, value]: readonly [number, number]): boolean => value > view.thresholds.p95Seconds
  const from = points.findLastIndex((p) => !late(p)) + 1
  const before = points.slice(0, from)
  const is = points.at(-1)?.[1]
  if (points.length - from < fewest || before.length < fewest || before.slice(-fewest).some(late) || is === undefined) return undefined
  return { at: points[from]![0], was: before.at(-1)![1], is }
}

/** The newest rollout of a Deployment that is depended on, and what it changed; undefined where it changed nothing that a program could tell. */
function rollout(view: View, { workload, external }: Dependency): { at: number; changed: TemplateChange[] } | undefined {
  const [newest, before] = workload && !external ? replicaSetsOf(view.snapshot, workload) : []
  const at = millis(newest?.metadata.creationTimestamp)
  const changed = newest && before ? material(templateDiff(before.spec.template, newest.spec.template)) : []
  return at !== undefined && changed.length > 0 ? { at: at / 1000, changed } : undefined
}
