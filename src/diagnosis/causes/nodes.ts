/** Nodes that cannot hold what they took. */
import type { Pod } from '../../facts/kubernetes/pod.ts'
import { all, find } from '../../facts/lookup.ts'
import { recentDiff } from '../changes.ts'
import { type Claim, conditionEvidence, eventEvidence, type Family, podCount, podEffect, seen, short, supported } from '../claim.ts'
import { revisionEvidence } from '../revision.ts'
import { condOf, nodeIsReady, nodeSubject, notReadyProof, pressured } from '../scheduling.ts'
import { material, type TemplateChange } from '../template-diff.ts'
import { eventTime, isNewest, isOurPod, podIsReady, type View } from '../view.ts'

export const nodes: Family = (view) => [...under(view), ...evicted(view)]

/** Nodes under the service's pods that went away or are short of something. */
function under(view: View): Claim[] {
  const names = new Set(view.pods.concat(view.leaving).map((p) => p.spec.nodeName))
  return all(view.snapshot, 'nodes')
    .filter((n) => names.has(n.metadata.name))
    .flatMap((node): Claim[] => {
      const pods = view.pods.concat(view.leaving).filter((p) => p.spec.nodeName === node.metadata.name)
      if (!nodeIsReady(node)) {
        const since = condOf(node, 'Ready')?.lastTransitionTime
        return [
          supported({
            code: 'node_not_ready',
            subject: nodeSubject(node),
            since,
            confidence: 0.97,
            summary: `node ${node.metadata.name} is not ready; ${podCount(pods, view.pods.length)} run on it`,
            evidence: notReadyProof(node),
            effects: podEffect(pods, 'on a node that does not answer'),
          }),
        ]
      }
      const pressure = pressured(node)
      const hit = pods.filter((p) => !podIsReady(p) || p.status?.reason === 'Evicted')
      if (pressure && hit.length)
        return [
          supported({
            code: 'node_pressure',
            subject: nodeSubject(node),
            since: pressure.lastTransitionTime,
            confidence: 0.93,
            summary: `node ${node.metadata.name} reports ${pressure.type}`,
            evidence: [conditionEvidence('Node', node, pressure)],
            effects: podEffect(hit, 'not ready'),
          }),
        ]
      return []
    })
}

const recentSeconds = 1800
/** One eviction that the controller has made good is past after so many seconds; a program that fills its disk is evicted again within minutes. */
const madeGoodSeconds = 120
const againSeconds = 600

const evictedAt = (pod: Pod): number =>
  Math.max(
    Date.parse(pod.status?.startTime ?? pod.metadata.creationTimestamp ?? '') || 0,
    ...(pod.status?.conditions ?? []).map((c) => Date.parse(c.lastTransitionTime ?? '') || 0),
  )

/** Pods of the workload that the kubelet evicted lately. */
function evicted(view: View): Claim[] {
  const owned = new Set(
    [view.workload?.metadata.uid, ...view.revisions.map((r) => r.replicaSet?.metadata.uid)].filter((u) => u !== undefined),
  )
  const gone = all(view.snapshot, 'pods').filter(
    (p) =>
      p.status?.phase === 'Failed' &&
      p.status.reason === 'Evicted' &&
      (p.metadata.ownerReferences ?? []).some((o) => owned.has(o.uid)) &&
      view.now - evictedAt(p) < recentSeconds * 1000,
  )
  const events = all(view.snapshot, 'events').filter(
    (e) =>
      e.reason === 'Evicted' && isOurPod(view, e.involvedObject.name) && view.now - Date.parse(eventTime(e) ?? '') < recentSeconds * 1000,
  )
  const first = gone[0]
  const times = new Map([
    ...events.map((e): [string, number] => [e.involvedObject.name ?? '', Date.parse(eventTime(e) ?? '')]),
    ...gone.map((p): [string, number] => [p.metadata.name, evictedAt(p)]),
  ])
  const last = Math.max(0, ...times.values())
  const age = (view.now - last) / 1000
  const whole = view.pods.length >= (view.replicas ?? 0) && view.pods.every(podIsReady)
  if (whole && age > madeGoodSeconds && (times.size < 2 || age > againSeconds)) return []
  const message = first?.status?.message ?? events[0]?.message ?? ''
  if (!message) return []
  const evidence = first ? [seen('Pod', first, 'status.message', short(message))] : [eventEvidence(events[0]!)]
  const own =
    /ephemeral local storage usage exceeds|exceed(?:s|ed) (?:its|the) (?:local )?(?:ephemeral|emptyDir)|usage of EmptyDir volume|container .* exceeded its local ephemeral/i.test(
      message,
    )
  if (own) {
    const changed = onlyOfTheNewest(view, gone, [...times.keys()])
    const volume = /volume "([^"]+)"/i.exec(message)?.[1]
    return [
      supported({
        code: 'ephemeral_storage',
        subject: view.subject,
        since: first?.metadata.creationTimestamp,
        confidence: 0.95,
        introducedByRevision: changed.length > 0,
        summary: `pods are evicted for writing more than their ephemeral storage allows${changed.length > 0 ? `, since revision ${view.revisions[0]?.number}` : ''}`,
        evidence: [...evidence, ...revisionEvidence(view, changed)],
        effects: podEffect(gone, 'Evicted'),
        ...(volume === undefined ? {} : { hints: { volume } }),
      }),
    ]
  }
  const node = find(view.snapshot, 'nodes', first?.spec.nodeName)
  return [
    supported({
      code: 'node_pressure',
      subject: node ? nodeSubject(node) : { kind: 'Node', name: first?.spec.nodeName ?? '?' },
      since: first?.metadata.creationTimestamp,
      confidence: 0.9,
      summary: `pods were evicted: ${short(message, 100)}`,
      evidence,
      effects: podEffect(gone, 'Evicted'),
    }),
  ]
}

/** What the newest revision changed, where every evicted pod is of it: none of an earlier one was. */
function onlyOfTheNewest(view: View, gone: readonly Pod[], names: readonly string[]): TemplateChange[] {
  const set = view.revisions[0]?.name
  const newest = (name: string): boolean => {
    const pod = gone.find(({ metadata }) => metadata.name === name)
    return pod === undefined ? set !== undefined && name.startsWith(`${set}-`) : isNewest(view, pod)
  }
  return names.every(newest) ? material(recentDiff(view) ?? []) : []
}
