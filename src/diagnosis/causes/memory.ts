/** Memory: too little given, or too much taken. */
import { span } from '../../duration.ts'
import type { LimitRange } from '../../facts/kubernetes/admission.ts'
import { all } from '../../facts/lookup.ts'
import { editedAt, newestDiff, rolledOutAt } from '../changes.ts'
import { type Claim, podCount, podEffect, refuted, seen, supported } from '../claim.ts'
import { bytes, quantity } from '../quantity.ts'
import { revisionEvidence } from '../revision.ts'
import { type Failing, failing, lastedSeconds, lastedText } from '../start-failure.ts'
import { material, type TemplateChange } from '../template-diff.ts'
import { earliest, millis } from '../time.ts'
import { containerLimit, memoryPoints, trend } from '../usage.ts'
import type { Evidence } from '../verdict.ts'
import type { View } from '../view.ts'
import { killedUnderLowerLimit, loweredLimit } from './failing-group.ts'

/** What the newest revision changed, where one of these is of it. */
export function ofNewest(view: View, group: readonly Failing[]): TemplateChange[] {
  return group.some((f) => view.newPods.includes(f.pod)) ? material(newestDiff(view) ?? []) : []
}

/** A container that is killed sooner than this never got to work: its limit is too low to start with. Seconds. */
export const bootSeconds = 5

/** Containers that the kernel killed for their memory. */
export function memory(view: View): Claim[] {
  const ended = failing(view.pods).filter((f) => f.kind === 'oom' || killedUnderLowerLimit(view, f))
  return [...new Set(ended.map((f) => f.container))].flatMap((name): Claim[] => {
    const group = ended.filter((f) => f.container === name)
    const first = group[0]!
    const pods = [...new Set(group.map((f) => f.pod))]
    const limit = containerLimit(first.spec, 'memory')
    const changed = ofNewest(view, group)
    const lowered = group.map((f) => loweredLimit(view, f)).find((c) => c !== undefined)
    const lived = lastedSeconds(first.ended)
    const evidence: Evidence[] = [
      seen(
        'Pod',
        first.pod,
        `status.containerStatuses[${name}].lastState.terminated`,
        `${first.ended?.reason ?? 'OOMKilled'}, exit ${first.ended?.exitCode ?? 137}${lived === undefined ? '' : ` after ${span(lived)}`}, ${first.status?.restartCount ?? 0} restarts`,
        'running',
        first.ended?.finishedAt,
      ),
      seen('Pod', first.pod, `spec.containers[${name}].resources.limits.memory`, limit === undefined ? 'none' : bytes(limit)),
    ]
    const base = {
      subject: view.subject,
      since: earliest(...group.map((f) => f.ended?.startedAt ?? f.pod.metadata.creationTimestamp)),
      effects: podEffect(pods, 'OOMKilled'),
      evidence,
    }
    const side = view.main && name !== view.main.name && !first.init
    if (side)
      return [
        supported({
          ...base,
          code: 'sidecar_oom',
          subject: { ...view.subject, container: name },
          confidence: 0.95,
          introducedByRevision: lowered !== undefined,
          summary: `sidecar ${name} is OOMKilled at its own limit of ${limit === undefined ? '?' : bytes(limit)}; ${view.main!.name} is not`,
          evidence: [...evidence, ...revisionEvidence(view, lowered ? [lowered] : [])],
        }),
        refuted('memory_leak', view.subject, `the container that ends is ${name}, not ${view.main!.name}`),
      ]
    const count = podCount(pods, view.pods.length)
    const range = limitedBy(view, name, limit, lived)
    if (range) {
      return [
        supported({
          ...base,
          code: 'memory_limit_low',
          subject: { kind: 'LimitRange', namespace: view.service.namespace, name: range.metadata.name },
          since: base.since,
          confidence: 0.93,
          summary: `${count} OOMKilled at the limit of ${bytes(limit!)}, which LimitRange ${range.metadata.name} gives to containers that state none`,
          evidence: [
            ...evidence,
            seen(
              'LimitRange',
              range,
              'spec.limits[].default.memory',
              bytes(limit!),
              `no limit in the template of ${name}`,
              editedAt(range),
            ),
          ],
        }),
        refuted('memory_leak', view.subject, 'the template states no limit; the one that was reached was given from outside'),
      ]
    }
    // What the revision before could live on is not too low: the newest one takes more.
    const outgrown = changed.length > 0 && lowered === undefined && limit !== undefined && limitBefore(view, name) === limit
    if (lowered || (!outgrown && (lived === undefined || lived < bootSeconds))) {
      return [
        supported({
          ...base,
          code: 'memory_limit_low',
          confidence: lowered ? 0.97 : 0.85,
          introducedByRevision: lowered !== undefined,
          summary: `${count} OOMKilled at the limit of ${limit === undefined ? '?' : bytes(limit)}${lowered ? `, which revision ${view.revisions[0]?.number} ${lowered.from === undefined ? 'set' : `lowered from ${lowered.from}`}` : ' while starting'}`,
          evidence: [...evidence, ...revisionEvidence(view, lowered ? [lowered] : [])],
        }),
        refuted(
          'memory_leak',
          view.subject,
          lowered ? 'the limit was lowered; what the program needs did not grow' : 'the container was killed before it could leak',
        ),
      ]
    }
    const line = pods.map((p) => trend(memoryPoints(view, p))).find((t) => t !== undefined)
    return [
      supported({
        ...base,
        code: 'memory_leak',
        confidence: changed.length ? 0.9 : 0.8,
        introducedByRevision: changed.length > 0,
        summary: `${count} OOMKilled after ${lastedText(first.ended)}: memory grows until the limit of ${limit === undefined ? '?' : bytes(limit)}${changed.length ? `, since revision ${view.revisions[0]?.number}` : ''}`,
        evidence: [...evidence, ...(line && line.perSecond > 0 ? [slope(line)] : []), ...revisionEvidence(view, changed)],
      }),
      refuted('memory_limit_low', view.subject, 'the limit was not lowered, and the program ran before it was killed'),
    ]
  })
}

/** The memory limit that a container had in the revision before the newest, in bytes. */
const limitBefore = (view: View, container: string): number | undefined =>
  quantity(view.revisions[1]?.template?.spec.containers.find((c) => c.name === container)?.resources?.limits?.memory)

/** The LimitRange that gave a container a limit too low to live under: it is younger than the template, or the program never got to work. Undefined where the template states a limit itself. */
function limitedBy(view: View, container: string, limit: number | undefined, lived: number | undefined): LimitRange | undefined {
  const own = [...(view.template?.spec.initContainers ?? []), ...(view.template?.spec.containers ?? [])].find((c) => c.name === container)
  if (!own || limit === undefined || own.resources?.limits?.memory !== undefined) return undefined
  const atOnce = lived === undefined || lived < bootSeconds
  return all(view.snapshot, 'limitranges').find(
    (r) =>
      (atOnce || (millis(editedAt(r)) ?? 0) > (millis(rolledOutAt(view)) ?? 0)) &&
      r.spec?.limits?.some((l) => l.type === 'Container' && quantity(l.default?.memory) === limit),
  )
}

export const slope = (t: { perSecond: number; fit: number; seconds: number }): Evidence => ({
  source: 'prometheus',
  asked: `container_memory_working_set_bytes over ${span(t.seconds)}`,
  observed: `grows ${bytes(t.perSecond * 60)} a minute (fit ${t.fit.toFixed(2)})`,
  expected: 'level',
})
