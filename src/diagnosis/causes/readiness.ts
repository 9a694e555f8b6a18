/** Readiness probes that ask the wrong thing. */
import type { Container, Pod } from '../../facts/kubernetes/pod.ts'
import { recentDiff, rolledOutAt } from '../changes.ts'
import { type Claim, eventEvidence, podCount, podEffect, refuted, seen, short, supported } from '../claim.ts'
import { probeText, wrongProbe } from '../probe-answers.ts'
import { failing } from '../start-failure.ts'
import { changeText } from '../template-diff.ts'
import { earliest } from '../time.ts'
import type { Evidence } from '../verdict.ts'
import { containerStatuses, eventsOf, podIsReady, type View } from '../view.ts'

/** Running, not ready pods, whose containers have not crashed. */
function unready(view: View): Pod[] {
  const failed = new Set(
    failing(view.pods)
      .filter((f) => !f.init && f.kind !== 'crash')
      .map((f) => f.pod),
  )
  return view.pods.filter((p) => !podIsReady(p) && !failed.has(p) && containerStatuses(p).some((s) => !s.init && s.state?.running))
}

/** Containers of a pod that run and are not ready, the one that serves first; one that has not passed its startup probe is not asked yet. */
function unreadyContainers(view: View, pod: Pod): Container[] {
  const waiting = new Set(
    containerStatuses(pod)
      .filter((s) => !s.init && !s.ready && s.state?.running && s.started !== false)
      .map((s) => s.name),
  )
  return pod.spec.containers
    .filter((c) => waiting.has(c.name))
    .sort((a, b) => Number(b.name === view.main?.name) - Number(a.name === view.main?.name))
}

export function readiness(view: View): Claim[] {
  const pods = unready(view)
  for (const { pod, container } of pods.flatMap((pod) => unreadyContainers(view, pod).map((container) => ({ pod, container })))) {
    const probe = container.readinessProbe
    if (!probe) continue
    const change = view.newPods.includes(pod)
      ? recentDiff(view)?.find(
          (c) =>
            (c.container === undefined || c.container === container.name) &&
            (c.field === 'readiness' || (c.field === 'ports' && typeof probe.httpGet?.port === 'string')),
        )
      : undefined
    const failed = eventsOf(view, 'Pod', pod.metadata.name, /^Unhealthy$/).find(
      (e) => /readiness/i.test(e.message ?? '') && (e.involvedObject.fieldPath ?? container.name).includes(container.name),
    )
    const verdict = wrongProbe(view, pod, probe, failed?.message, 'ready')
    const same = pods.filter(
      (p) =>
        p.spec.containers.find((c) => c.name === container.name)?.readinessProbe && view.newPods.includes(p) === view.newPods.includes(pod),
    )
    const changedEvidence: Evidence[] = change
      ? [
          seen(
            view.service.kind,
            view.workload!,
            `revision ${view.revisions[0]?.number} readiness probe`,
            short(changeText(change)),
            undefined,
            rolledOutAt(view),
          ),
        ]
      : []
    if (verdict?.wrong) {
      return [
        supported({
          code: 'readiness_misconfig',
          subject: view.subject,
          since: earliest(...same.map((p) => p.metadata.creationTimestamp)),
          confidence: change ? 0.97 : 0.9,
          introducedByRevision: change !== undefined,
          summary: `${podCount(same, view.pods.length)} run but never become ready: the readiness probe asks ${probeText(probe)}, which ${verdict.says}`,
          evidence: [...verdict.evidence, ...changedEvidence, ...(failed ? [eventEvidence(failed)] : [])],
          effects: podEffect(same, 'running, not ready'),
        }),
        refuted('dependency_down', view.subject, `the probe did not get an answer that names a dependency; it ${verdict.says}`),
      ]
    }
    if (change && !verdict?.ownFault && failed) {
      return [
        supported({
          code: 'readiness_misconfig',
          subject: view.subject,
          since: rolledOutAt(view),
          confidence: 0.8,
          introducedByRevision: true,
          summary: `${podCount(same, view.pods.length)} do not become ready since the readiness probe was changed`,
          evidence: [...changedEvidence, eventEvidence(failed)],
          effects: podEffect(same, 'running, not ready'),
        }),
      ]
    }
  }
  return []
}
