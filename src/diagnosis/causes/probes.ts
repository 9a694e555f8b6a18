/** Probes that ask the wrong thing, or ask too impatiently. */
import type { Pod, Probe } from '../../facts/kubernetes-types.ts'
import { portNumber } from '../../facts/probes.ts'
import { newestDiff, rolledOutAt } from '../changes.ts'
import { type Claim, eventEvidence, type Family, podCount, podEffect, refuted, seen, short, supported } from '../claim.ts'
import { failing, lastedSeconds } from '../start-failure.ts'
import { changeText } from '../template-diff.ts'
import { earliest } from '../time.ts'
import { cpuShare, throttling } from '../usage.ts'
import type { Evidence } from '../verdict.ts'
import { containerStatuses, eventsOf, podIsReady, probesOf, type View } from '../view.ts'
import { killedByProbe } from './start.ts'

export const probes: Family = (view) => [...readiness(view), ...liveness(view)]

export const probeText = (p: Probe | undefined): string =>
  p?.httpGet
    ? `GET ${p.httpGet.path ?? '/'} on port ${p.httpGet.port}`
    : p?.tcpSocket
      ? `TCP connect to port ${p.tcpSocket.port}`
      : p?.exec
        ? `exec ${p.exec.command?.join(' ')}`
        : p?.grpc
          ? `gRPC on port ${p.grpc.port}`
          : 'none'

type Answer =
  | { kind: 'status'; status: number; body: string; seconds: number }
  | { kind: 'refused' | 'timeout' | 'unknown'; reason: string }

/** What the pod answered when we asked what the kubelet asks. */
function asked(view: View, pod: Pod, port: number | undefined, path: string | undefined): Answer | undefined {
  const probe = probesOf(view, 'pod', pod.metadata.name).find((p) => p.port === port && p.path === (path ?? '/'))
  if (!probe) return undefined
  const { result } = probe
  if (result.state === 'ok') return { kind: 'status', ...result.value }
  if (/refused|reset|EOF|no route/i.test(result.reason)) return { kind: 'refused', reason: result.reason }
  return {
    kind: /time|deadline|abort/i.test(result.reason) && result.state === 'unreachable' ? 'timeout' : 'unknown',
    reason: result.reason,
  }
}

const good = (a: Answer | undefined): boolean => a?.kind === 'status' && a.status >= 200 && a.status < 400
const answerText = (a: Answer | undefined): string =>
  !a ? 'not asked' : a.kind === 'status' ? `${a.status} ${short(a.body, 80)}` : a.kind === 'refused' ? 'connection refused' : a.reason

/** Running, not ready pods, whose containers have not crashed. */
function unready(view: View): Pod[] {
  const failed = new Set(
    failing(view.pods)
      .filter((f) => !f.init && f.kind !== 'crash')
      .map((f) => f.pod),
  )
  return view.pods.filter((p) => !podIsReady(p) && !failed.has(p) && containerStatuses(p).some((s) => !s.init && s.state?.running))
}

/** Other ports and paths on which the same pod answers well: proof that the program is up and only the probe is wrong. */
function alive(view: View, pod: Pod, port: number | undefined, path: string | undefined): { asked: string; answer: Answer } | undefined {
  const others = probesOf(view, 'pod', pod.metadata.name).filter((p) => !(p.port === port && (path === undefined || p.path === path)))
  for (const p of others) {
    const answer = asked(view, pod, p.port as number, p.path)
    if (answer && good(answer)) return { asked: `GET ${p.path} of pod/${pod.metadata.name}:${p.port}`, answer }
  }
  return undefined
}

function readiness(view: View): Claim[] {
  const pods = unready(view)
  for (const pod of pods) {
    const container = pod.spec.containers.find((c) => c.name === view.main?.name) ?? pod.spec.containers[0]
    const probe = container?.readinessProbe
    if (!probe) continue
    const change = view.newPods.includes(pod)
      ? newestDiff(view)?.find((c) => c.field === 'readiness' || (c.field === 'ports' && typeof probe.httpGet?.port === 'string'))
      : undefined
    const failed = eventsOf(view, 'Pod', pod.metadata.name, /^Unhealthy$/).find((e) => /readiness/i.test(e.message ?? ''))
    const verdict = wrongProbe(view, pod, probe, failed?.message, 'ready')
    const same = pods.filter(
      (p) =>
        p.spec.containers.find((c) => c.name === container?.name)?.readinessProbe &&
        view.newPods.includes(p) === view.newPods.includes(pod),
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

/** Judges one probe against what the pod itself answers. `ownFault`: the program answered the probe with an error of its own. */
function wrongProbe(
  view: View,
  pod: Pod,
  probe: Probe,
  event: string | undefined,
  purpose: 'ready' | 'live',
): { wrong: boolean; ownFault: boolean; says: string; evidence: Evidence[] } | undefined {
  const container = pod.spec.containers.find((c) => c.readinessProbe === probe || c.livenessProbe === probe || c.startupProbe === probe)
  if (probe.httpGet) {
    const port = portNumber(container, probe.httpGet.port)
    const answer = asked(view, pod, port, probe.httpGet.path)
    const settingsPath = purpose === 'ready' ? view.service.health.ready : view.service.health.live
    const reference = asked(view, pod, view.service.port, settingsPath)
    const other = alive(view, pod, port, probe.httpGet.path)
    const notFound =
      (answer?.kind === 'status' &&
        (answer.status === 404 ||
          answer.status === 405 ||
          answer.status === 401 ||
          answer.status === 403 ||
          (answer.status >= 300 && answer.status < 400))) ||
      (!answer && /statuscode: (404|405|401|403)/.test(event ?? ''))
    const refusedPort = answer?.kind === 'refused' || (!answer && /connection refused/.test(event ?? ''))
    const wrongScheme = /server gave HTTP response to HTTPS client|malformed HTTP/i.test(event ?? '')
    const says =
      port === undefined
        ? `names port "${probe.httpGet.port}", which the container does not have`
        : wrongScheme
          ? 'speaks HTTPS to a plain HTTP port'
          : notFound
            ? `answers ${answer?.kind === 'status' ? answer.status : /statuscode: (\d+)/.exec(event ?? '')?.[1]}`
            : 'refuses the connection'
    const evidence: Evidence[] = [
      {
        source: 'probe',
        asked: `GET ${probe.httpGet.path ?? '/'} of pod/${pod.metadata.name}:${port ?? probe.httpGet.port} (its ${purpose === 'ready' ? 'readiness' : 'liveness'} probe)`,
        observed: answer ? answerText(answer) : (event ?? 'not asked'),
        expected: '200',
      },
    ]
    const fine =
      reference && good(reference)
        ? { asked: `GET ${settingsPath} of pod/${pod.metadata.name}:${view.service.port}`, answer: reference }
        : other
    if (fine) evidence.push({ source: 'probe', asked: fine.asked, observed: answerText(fine.answer), expected: '200' })
    // A port that refuses while another question on it is answered was asked before the program listened.
    const elsewhere =
      fine !== undefined && (notFound || !probesOf(view, 'pod', pod.metadata.name).some((p) => p.port === port && p.result.state === 'ok'))
    const wrong = port === undefined || wrongScheme || ((notFound || refusedPort) && elsewhere)
    return { wrong, ownFault: answer?.kind === 'status' && answer.status >= 500, says, evidence }
  }
  if (probe.tcpSocket || probe.grpc) {
    const port = probe.tcpSocket ? portNumber(container, probe.tcpSocket.port) : probe.grpc?.port
    const fine = alive(view, pod, port, undefined)
    const wrong = fine !== undefined && /refused|timeout|deadline|unimplemented/i.test(event ?? '')
    return {
      wrong,
      ownFault: false,
      says: `fails: ${short(event ?? 'no answer', 80)}`,
      evidence: fine ? [{ source: 'probe', asked: fine.asked, observed: answerText(fine.answer), expected: '200' }] : [],
    }
  }
  const fine = alive(view, pod, undefined, undefined)
  const wrong = fine !== undefined && /not found|no such file|executable|exec failed|exit status 12[67]/i.test(event ?? '')
  return {
    wrong,
    ownFault: false,
    says: `fails: ${short(event ?? 'no answer', 80)}`,
    evidence: fine ? [{ source: 'probe', asked: fine.asked, observed: answerText(fine.answer), expected: '200' }] : [],
  }
}

/** Containers that the kubelet keeps ending because their liveness (or startup) probe fails. */
function liveness(view: View): Claim[] {
  for (const pod of view.pods) {
    // A startup probe that failed while the program booted did its work: the container has started since, and was never ended.
    const booted = containerStatuses(pod).every((one) => one.init || (one.started === true && one.restartCount === 0))
    const telling = booted ? /liveness/i : /liveness|startup/i
    const failedEvents = eventsOf(view, 'Pod', pod.metadata.name, /^Unhealthy$/).filter((e) => telling.test(e.message ?? ''))
    const dead = failing([pod]).find((f) => killedByProbe(view, f))
    const status = containerStatuses(pod).find((s) => !s.init && s.restartCount > 0)
    if (failedEvents.length === 0 || (!dead && !status && podIsReady(pod) && !stillFailing(view, failedEvents[0]!))) continue
    if (podIsReady(pod) && (!stillFailing(view, failedEvents[0]!, 300_000) || recovered(view, pod, failedEvents[0]!))) continue
    const message = failedEvents[0]!.message ?? ''
    const startup = /startup/i.test(message)
    const container =
      pod.spec.containers.find((c) => c.name === (dead?.container ?? status?.name ?? view.main?.name)) ?? pod.spec.containers[0]
    const probe = startup ? container?.startupProbe : container?.livenessProbe
    if (!probe) continue
    const killing = eventsOf(view, 'Pod', pod.metadata.name, /^Killing$/)[0]
    const change = view.newPods.includes(pod) ? newestDiff(view)?.find((c) => c.field === 'liveness' || c.field === 'startup') : undefined
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
  const changed = view.newPods.includes(pod) ? (newestDiff(view) ?? []) : []
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
