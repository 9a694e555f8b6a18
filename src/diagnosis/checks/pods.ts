/** Checks of the workload, its pods and what lets them start. */

import { span } from '../../duration.ts'
import type { ReplicaSet } from '../../facts/kubernetes/workload.ts'
import { all, replicaSetsOf, sees } from '../../facts/lookup.ts'
import { short } from '../claim.ts'
import { symptoms } from '../symptoms.ts'
import { millis } from '../time.ts'
import { containerStatuses, eventTime, podIsReady, type View } from '../view.ts'
import { blind, type CheckResult, found, many, notApplicable, ok, some, unknown } from './result.ts'

const kinds = { Deployment: 'deployments', StatefulSet: 'statefulsets', DaemonSet: 'daemonsets' } as const

export function targetFound(view: View): CheckResult {
  const { kind, workload, namespace } = view.service
  if (view.workload) return ok(`${kind} ${workload} is in namespace ${namespace} of ${view.snapshot.target.context}`)
  const unseen = blind(view, kinds[kind])
  if (unseen) return unseen
  const others = all(view.snapshot, kinds[kind]).map((o) => o.metadata.name)
  return found(
    `namespace ${namespace} has no ${kind} ${workload}; ${others.length ? `it has ${some(others, 5)}` : `it has no ${kind} at all`}. Look in other namespaces before calling it an outage`,
  )
}

export function podsReady(view: View): CheckResult {
  const unseen = blind(view, 'pods')
  if (unseen) return unseen
  if (!view.workload) return unknown('the workload was not seen, so how many pods it wants is not known')
  const ready = view.pods.filter(podIsReady).length
  const wanted = view.replicas ?? 0
  if (wanted === 0) return found('no pod is asked for: replicas is 0')
  const waiting = view.pods.filter((p) => !podIsReady(p)).map((p) => p.metadata.name)
  const missing = ready < wanted && waiting.length === 0 ? '; the missing ones do not exist' : ''
  const text = `${ready} of ${many(wanted, 'pod')} ready${waiting.length ? `; not ready: ${some(waiting)}` : missing}`
  const felt = symptoms(view).some((symptom) => podSymptoms.has(symptom.code))
  return felt ? found(text) : ok(waiting.length || missing ? `${text}; still starting` : text)
}

const podSymptoms = new Set(['down', 'unavailable_replicas', 'rollout_blocked'])

/** Not worth a word while a pod is young: it is being made. */
const making = /^(ContainerCreating|PodInitializing)$/

export function containerStates(view: View): CheckResult {
  const unseen = blind(view, 'pods')
  if (unseen) return unseen
  if (view.pods.length === 0) return notApplicable('there is no pod')
  const lookback = view.snapshot.target.lookbackSeconds * 1000
  const said = view.pods.flatMap((pod) =>
    containerStatuses(pod).flatMap((s) => {
      const name = `${pod.metadata.name}/${s.name}`
      const waits = s.state?.waiting
      const last = s.lastState?.terminated ?? (s.init && s.state?.terminated?.exitCode === 0 ? undefined : s.state?.terminated)
      const age = view.now - (millis(pod.metadata.creationTimestamp) ?? view.now)
      const waiting = waits?.reason && !(making.test(waits.reason) && age < 60_000) ? [`waits: ${waits.reason}`] : []
      const ended =
        last && view.now - (millis(last.finishedAt) ?? view.now) <= lookback
          ? [`ended with ${last.exitCode}${last.reason ? ` (${last.reason})` : ''}, ${many(s.restartCount, 'restart')}`]
          : []
      return waiting.length + ended.length ? [`${name} ${[...waiting, ...ended].join(', ')}`] : []
    }),
  )
  return said.length
    ? found(some(said))
    : ok(`every container of ${many(view.pods.length, 'pod')} runs and none ended in the last ${span(lookback / 1000)}`)
}

export function oomKills(view: View): CheckResult {
  const unseen = blind(view, 'pods')
  if (unseen) return unseen
  const kills = view.pods.flatMap((pod) =>
    containerStatuses(pod).flatMap((s) => {
      const last = [s.state?.terminated, s.lastState?.terminated].find((t) => t?.reason === 'OOMKilled' || t?.exitCode === 134)
      if (!last) return []
      return [
        `${pod.metadata.name}/${s.name} ${last.reason === 'OOMKilled' ? 'OOMKilled by the kernel' : 'exit 134: the heap limit of Node'}${last.finishedAt ? ` at ${last.finishedAt}` : ''}`,
      ]
    }),
  )
  return kills.length ? found(some(kills)) : ok('no container was ended for its memory')
}

const refused = (set: ReplicaSet): string | undefined =>
  set.status?.conditions?.find((c) => c.type === 'ReplicaFailure' && c.status === 'True')?.message

export function podAdmission(view: View): CheckResult {
  const unseen = blind(view, view.service.kind === 'Deployment' ? 'replicasets' : 'events')
  if (unseen) return unseen
  const sets = view.workload ? replicaSetsOf(view.snapshot, view.workload) : []
  const said = sets.flatMap((s) => refused(s) ?? [])
  const names = new Set([view.service.workload, ...sets.map((s) => s.metadata.name)])
  const since = view.now - view.snapshot.target.lookbackSeconds * 1000
  const events = all(view.snapshot, 'events').filter(
    (e) => e.reason === 'FailedCreate' && names.has(e.involvedObject.name ?? '') && (millis(eventTime(e)) ?? 0) >= since,
  )
  const missingPods = view.replicas !== undefined && view.pods.length < view.replicas
  const messages = said.length ? said : missingPods ? events.map((e) => e.message ?? '') : []
  if (messages.length) return found(`new pods are refused: ${short(messages[0] ?? '')}`)
  return missingPods && !sees(view.snapshot, 'events')
    ? unknown('pods are missing and the events that would say why were not seen')
    : ok('nothing refuses new pods')
}

export function podPlacement(view: View): CheckResult {
  const unseen = blind(view, 'pods')
  if (unseen) return unseen
  const waiting = view.pods.flatMap((pod) => {
    const scheduled = pod.status?.conditions?.find((c) => c.type === 'PodScheduled' && c.status === 'False')
    return scheduled ? [`${pod.metadata.name}: ${short(scheduled.message ?? scheduled.reason ?? 'not scheduled')}`] : []
  })
  if (waiting.length) return found(some(waiting, 2))
  const homes = new Set(view.pods.map((p) => p.spec.nodeName))
  const sick = troubledNodes(view).filter((n) => homes.has(n.name))
  return sick.length ? found(some(sick.map((n) => `node ${n.name} of this service: ${n.why}`))) : ok('every pod has a node')
}

function troubledNodes(view: View): { name: string; why: string }[] {
  return all(view.snapshot, 'nodes').flatMap((node) => {
    const wrong = (node.status?.conditions ?? []).filter((c) => (c.type === 'Ready' ? c.status !== 'True' : c.status === 'True'))
    const why = [...wrong.map((c) => (c.type === 'Ready' ? 'not ready' : c.type)), ...(node.spec?.unschedulable ? ['cordoned'] : [])]
    return why.length ? [{ name: node.metadata.name, why: why.join(', ') }] : []
  })
}

export function nodePressure(view: View): CheckResult {
  const unseen = blind(view, 'nodes')
  if (unseen) return unseen
  const sick = troubledNodes(view)
  return sick.length
    ? found(some(sick.map((n) => `${n.name}: ${n.why}`)))
    : ok(`${many(all(view.snapshot, 'nodes').length, 'node')}, none under pressure`)
}

export function replicasWanted(view: View): CheckResult {
  if (!view.workload) return blind(view, kinds[view.service.kind]) ?? unknown('the workload is not there')
  if (view.replicas === 0) return found('replicas is 0: somebody or something scaled it down')
  if ('paused' in view.workload.spec && view.workload.spec.paused)
    return found('the rollout is paused: changes of the template do not reach the pods')
  return ok(`${many(view.replicas ?? 0, 'replica')} asked for`)
}

export function autoscaler(view: View): CheckResult {
  const unseen = blind(view, 'horizontalpodautoscalers')
  if (unseen) return unseen
  const mine = all(view.snapshot, 'horizontalpodautoscalers').find((h) => h.spec.scaleTargetRef.name === view.service.workload)
  if (!mine) return notApplicable('no autoscaler is set for this workload')
  const inactive = mine.status?.conditions?.find((c) => c.type === 'ScalingActive' && c.status === 'False')
  if (inactive) return found(`autoscaler ${mine.metadata.name} does not act: ${short(inactive.message ?? inactive.reason ?? '')}`)
  const limited = mine.status?.conditions?.find((c) => c.type === 'ScalingLimited' && c.status === 'True' && c.reason === 'TooManyReplicas')
  const counts = `${mine.status?.currentReplicas ?? 0} of at most ${mine.spec.maxReplicas} replicas`
  return limited
    ? found(`autoscaler ${mine.metadata.name} wants more than it may: ${counts}`)
    : ok(`autoscaler ${mine.metadata.name}: ${counts}`)
}

export function warningEvents(view: View): CheckResult {
  const unseen = blind(view, 'events')
  if (unseen) return unseen
  const names = new Set([
    view.service.workload,
    view.service.service,
    ...view.revisions.map((r) => r.name),
    ...view.pods.map((p) => p.metadata.name),
  ])
  const since = view.now - view.snapshot.target.lookbackSeconds * 1000
  const warnings = all(view.snapshot, 'events')
    .filter((e) => e.type === 'Warning' && names.has(e.involvedObject.name ?? '') && (millis(eventTime(e)) ?? 0) >= since)
    .sort((a, b) => (millis(eventTime(b)) ?? 0) - (millis(eventTime(a)) ?? 0))
  const texts = [...new Set(warnings.map((e) => `${e.reason}: ${short(e.message ?? '', 120)}`))]
  return texts.length ? found(some(texts)) : ok('no warning about this workload; events are kept for about an hour')
}
