/** Liveness and startup probes that ask the wrong thing, or ask too impatiently. */
import type { Pod } from '../../facts/kubernetes/pod.ts'
import { portNumber } from '../../facts/probes.ts'
import { recentDiff, rolledOutAt } from '../changes.ts'
import { type Claim, eventEvidence, podCount, podEffect, refuted, seen, short, supported } from '../claim.ts'
import { asked, good, probeText, wrongProbe } from '../probe-answers.ts'
import { failing, lastedSeconds } from '../start-failure.ts'
import { changeText } from '../template-diff.ts'
import { earliest } from '../time.ts'
import { cpuShare, throttling } from '../usage.ts'
import type { Evidence } from '../verdict.ts'
import { containerStatuses, eventsOf, podIsReady, type View } from '../view.ts'
import { killedByProbe } from './failing-group.ts'
import { movedPorts } from './moved-port.ts'

/** Containers that the kubelet keeps ending because their liveness (or startup) probe fails. */
export function liveness(view: View): Claim[] {
  const elsewhere = movedPorts(view)
  for (const pod of view.pods) {
    // A startup probe that failed while the program booted did its work: the container has started since, and was never ended.
    const booted = containerStatuses(pod).every((one) => one.init || (one.started === true && one.restartCount === 0))
    const telling = booted ? /liveness/i : /liveness|startup/i
    const failedEvents = eventsOf(view, 'Pod', pod.metadata.name, /^Unhealthy$/).filter((e) => telling.test(e.message ?? ''))
    const dead = failing([pod]).find((f) => killedByProbe(view, f))
    const status = containerStatuses(pod).find((s) => !s.init && s.restartCount > 0)
    if ((!dead && endsItself(view, pod)) || elsewhere.some((m) => m.pod === pod)) continue
    if (failedEvents.length === 0 || (!dead && !status && podIsReady(pod) && !stillFailing(view, failedEvents[0]!))) continue
    if (podIsReady(pod) && (!stillFailing(view, failedEvents[0]!, 300_000) || recovered(view, pod, failedEvents[0]!))) continue
    const message = failedEvents[0]!.message ?? ''
    const startup = /startup/i.test(message)
    const container =
      pod.spec.containers.find((c) => c.name === (dead?.container ?? status?.name ?? view.main?.name)) ?? pod.spec.containers[0]
    const probe = startup ? container?.startupProbe : container?.livenessProbe
    if (!probe) continue
    const killing = eventsOf(view, 'Pod', pod.metadata.name, /^Killing$/)[0]
    const change = view.newPods.includes(pod) ? recentDiff(view)?.find((c) => c.field === 'liveness' || c.field === 'startup') : undefined
    const same = view.pods.filter((p) =>
      eventsOf(view, 'Pod', p.metadata.name, /^Unhealthy$/).some((e) => /liveness|startup/i.test(e.message ?? '')),
    )
    const evidence: Evidence[] = [
      eventEvidence(failedEvents[0]!),
      ...(killing ? [eventEvidence(killing)] : []),
      ...(change
        ? [
            seen(
              view.service.kind,
              view.workload!,
              `revision ${view.revisions[0]?.number}`,
              short(changeText(change)),
              undefined,
              rolledOutAt(view),
            ),
          ]
        : []),
    ]
    const base = {
      subject: view.subject,
      since: earliest(...same.map((p) => p.metadata.creationTimestamp)),
      introducedByRevision: change !== undefined,
      effects: podEffect(same, `restarted by its ${startup ? 'startup' : 'liveness'} probe`),
    }
    const judged = wrongProbe(view, pod, probe, message, 'live')
    const slow = /deadline exceeded|timeout|Client\.Timeout/i.test(message)
    // While a program boots, its port refuses. The same question answered well on a pod that is up says the probe is right and impatient.
    const answeredElsewhere =
      probe.httpGet && view.pods.some((p) => good(asked(view, p, portNumber(container, probe.httpGet?.port), probe.httpGet?.path)))
    const rightQuestion = probe.httpGet
      ? portNumber(container, probe.httpGet.port) === view.service.port && (probe.httpGet.path ?? '/') === view.service.health.live
      : false
    const otherPort = probe.httpGet ? portNumber(container, probe.httpGet.port) !== view.service.port : false
    const patience = (probe.initialDelaySeconds ?? 0) + (probe.periodSeconds ?? 10) * (probe.failureThreshold ?? 3)
    if (
      judged?.wrong ||
      (!slow &&
        !answeredElsewhere &&
        !rightQuestion &&
        (/statuscode: (404|405|401|403)/.test(message) ||
          /executable file not found|no such file/i.test(message) ||
          ((change !== undefined || otherPort) && /connection refused/i.test(message))))
    ) {
      return [
        supported({
          ...base,
          code: 'liveness_misconfig',
          confidence: judged?.wrong || change ? 0.96 : 0.82,
          summary: `the kubelet restarts ${podCount(same, view.pods.length)} because the ${startup ? 'startup' : 'liveness'} probe asks ${probeText(probe)}, which fails while the program runs`,
          evidence: [...(judged?.evidence ?? []), ...evidence],
        }),
        refuted(
          'memory_limit_low',
          view.subject,
          `the container was ended by the kubelet after failed probes (exit ${dead?.ended?.exitCode ?? status?.lastState?.terminated?.exitCode ?? '?'}), not OOMKilled`,
        ),
      ]
    }
    if (!dead && !status) continue
    const lone = slow && !change ? onlyThis(view, pod, same, evidence) : []
    if (lone.length) return lone
    const blocked = slow && !change ? busyRelease(view, pod, [...evidence]) : []
    if (blocked.length) return blocked
    return [
      supported({
        ...base,
        code: 'liveness_too_aggressive',
        confidence: answeredElsewhere || rightQuestion || change ? 0.9 : 0.75,
        summary: `the kubelet restarts ${podCount(same, view.pods.length)} before they can answer: the probe gives ${patience} s${slow ? ` and ${probe.timeoutSeconds ?? 1} s an answer` : ''}${dead ? `, the last run lasted ${Math.round(lastedSeconds(dead.ended) ?? 0)} s` : ''}`,
        evidence,
      }),
      refuted('liveness_misconfig', view.subject, 'the probe asks the right port and path'),
    ]
  }
  return []
}

/** Whether a program ended by an error of its own: a probe that is refused after that is no reason. The kubelet's signals end one with 137, 143, or what it makes of them. */
const endsItself = (view: View, pod: Pod): boolean =>
  failing([pod]).some((f) => f.kind === 'crash' && !killedByProbe(view, f) && ![0, 2, 137, 143].includes(f.ended?.exitCode ?? 137))

/** One pod of several that answers its liveness probe too late, while peers of the same revision have answered the same probe all the time. */
function onlyThis(view: View, pod: Pod, same: readonly Pod[], evidence: Evidence[]): Claim[] {
  const past = (p: Pod): boolean => view.now - Date.parse(p.metadata.creationTimestamp ?? '') > calmMilliseconds
  const peers = view.pods.filter((p) => p !== pod && view.newPods.includes(p) === view.newPods.includes(pod))
  if (same.length > 1 || peers.length === 0 || ![pod, ...peers].every(past) || !peers.every(podIsReady)) return []
  return [
    supported({
      code: 'single_bad_pod',
      subject: { kind: 'Pod', namespace: view.service.namespace, name: pod.metadata.name },
      confidence: 0.85,
      summary: `pod ${pod.metadata.name} alone answers its liveness probe too late; its peers of the same revision answer the same probe in time`,
      evidence,
      hints: { pod: pod.metadata.name },
    }),
    refuted('liveness_too_aggressive', view.subject, 'the other pods answer the same probe in time'),
  ]
}

const stillFailing = (view: View, event: { lastTimestamp?: string; series?: { lastObservedTime?: string } }, within = 60_000): boolean =>
  view.now - Date.parse(event.series?.lastObservedTime ?? event.lastTimestamp ?? '') < within

/** A probe may fail while a program boots; one that has failed no later than this after the start, and for a minute not at all, is past. */
const bootMilliseconds = 15_000
const calmMilliseconds = 60_000

/** Whether the pod has run and answered since the probe last failed. */
function recovered(view: View, pod: Pod, event: { lastTimestamp?: string; series?: { lastObservedTime?: string } }): boolean {
  const started = Math.max(0, ...containerStatuses(pod).map((s) => Date.parse(s.state?.running?.startedAt ?? '') || 0))
  const failed = Date.parse(event.series?.lastObservedTime ?? event.lastTimestamp ?? '') || 0
  return view.now - started > calmMilliseconds && failed < started + bootMilliseconds
}

/** Share of its CPU limit, or of its time under throttling, from which a pod that answers no probe in time counts as busy. */
const busyShare = 0.4

/** Probes time out although nobody touched them: the new revision keeps its own thread busy. */
function busyRelease(view: View, pod: Pod, evidence: Evidence[]): Claim[] {
  const changed = view.newPods.includes(pod) ? (recentDiff(view) ?? []) : []
  const release = changed.filter((c) => ['image', 'env', 'command', 'volumes', 'containers'].includes(c.field))
  if (release.length === 0 || changed.some((c) => c.name === 'limits.cpu')) return []
  const names = view.newPods.map((p) => p.metadata.name)
  const share = Math.max(0, ...names.map((n) => cpuShare(view).get(n)?.share ?? 0))
  const throttled = Math.max(0, ...names.map((n) => throttling(view).get(n) ?? 0))
  if (share < busyShare && throttled < busyShare) return []
  return [
    supported({
      code: 'event_loop_block',
      subject: view.subject,
      since: rolledOutAt(view),
      confidence: 0.88,
      introducedByRevision: true,
      summary: `revision ${view.revisions[0]?.number} keeps its own thread busy (${Math.round(share * 100)}% of its CPU limit) and does not answer its unchanged probe in time`,
      evidence: [
        ...evidence,
        ...release
          .slice(0, 2)
          .map((c) =>
            seen(
              view.service.kind,
              view.workload!,
              `revision ${view.revisions[0]?.number}`,
              short(changeText(c)),
              undefined,
              rolledOutAt(view),
            ),
          ),
      ],
    }),
    refuted('liveness_too_aggressive', view.subject, 'the probe is the same as before; the earlier revision answered it in time'),
  ]
}
