/** Pods that no node takes. */
import type { Pod } from '../../facts/kubernetes/pod.ts'
import { all } from '../../facts/lookup.ts'
import { type Claim, conditionEvidence, eventEvidence, podCount, podEffect, refuted, seen, short, supported } from '../claim.ts'
import { bytes, cores, quantity } from '../quantity.ts'
import { changedIn } from '../revision.ts'
import { blocking, matchesSelector, nodeIsReady, nodeSubject, notReadyProof, pressured, requests } from '../scheduling.ts'
import { earliest, millis } from '../time.ts'
import type { Evidence, Subject } from '../verdict.ts'
import { eventsOf, eventTime, isOurPod, type View } from '../view.ts'
import { passedOver } from './passed-over.ts'
import { volumes } from './volume-placement.ts'

const condition = (pod: Pod) => pod.status?.conditions?.find((c) => c.type === 'PodScheduled' && c.status === 'False')

/** What the scheduler said of a pod, and where it stands. */
interface Said {
  message: string
  proof: Evidence[]
}

export function placement(view: View): Claim[] {
  const pending = view.pods.filter((p) => !p.spec.nodeName && (condition(p) || (p.spec.schedulingGates?.length ?? 0) > 0))
  const first = pending[0]
  if (!first) return passedOver(view)
  const why = condition(first)
  const now: Said = { message: why?.message ?? '', proof: why ? [conditionEvidence('Pod', first, why)] : [] }
  const cordonedAt = /unschedulable/i.test(now.message) ? whenCordoned(view) : undefined
  const before = cordonedAt === undefined ? undefined : saidBefore(view, first, cordonedAt)
  if (before === undefined) return explained(view, pending, now)
  // The scheduler looks at cordons first and then says nothing else: the pod has no place without them either.
  const cordon = explained(view, pending, now).filter((c) => c.code === 'node_cordoned')
  return [...explained(view, pending, before), ...cordon.map((c) => ({ ...c, since: cordonedAt }))]
}

function whenCordoned(view: View): string | undefined {
  const taints = all(view.snapshot, 'nodes').flatMap((n) => n.spec?.taints ?? [])
  return earliest(...taints.filter((t) => t.key === 'node.kubernetes.io/unschedulable').map((t) => t.timeAdded))
}

/** What kept a pod from every node before `time`, where it is nothing that goes by itself: rules, or a lack that had lasted a minute. */
function saidBefore(view: View, pod: Pod, time: string): Said | undefined {
  const at = millis(time)!
  const event = eventsOf(view, 'Pod', pod.metadata.name, /^FailedScheduling$/).find((e) => (millis(eventTime(e)) ?? at) < at)
  const waited = at - (millis(pod.metadata.creationTimestamp) ?? at)
  if (!event?.message || /unschedulable/i.test(event.message)) return undefined
  if (!/didn't match|didn't have free ports|untolerated taint/.test(event.message) && waited < 60_000) return undefined
  return { message: event.message, proof: [eventEvidence(event)] }
}

function explained(view: View, pending: readonly Pod[], { message, proof }: Said): Claim[] {
  const first = pending[0]!
  const base = {
    since: earliest(...pending.map((p) => p.metadata.creationTimestamp)),
    effects: podEffect(pending, 'Pending, not scheduled'),
  }
  const count = podCount(pending, view.pods.length)
  const make = (code: Claim['code'], subject: Subject, summary: string, more: Evidence[], confidence = 0.96): Claim =>
    supported({
      ...base,
      code,
      subject,
      summary: `${count} cannot be placed: ${summary}`,
      evidence: [...proof, ...more],
      confidence,
      introducedByRevision: more.some((e) => e.asked.includes('revision')),
    })

  const claim = volumes(view, first, message, make)
  if (claim) return [claim]
  const everyNode = all(view.snapshot, 'nodes')
  const fit = everyNode.filter((n) => matchesSelector(first.spec, n))
  const selectorChange = changedIn(view, pending, ['placement'], /nodeSelector|affinity|nodeName/)
  if (
    /didn't match Pod's node affinity|node\(s\) didn't match node selector/i.test(message) &&
    (fit.length === 0 || everyNode.length === 0)
  ) {
    const wanted = first.spec.nodeSelector
      ? Object.entries(first.spec.nodeSelector)
          .map(([k, v]) => `${k}=${v}`)
          .join(',')
      : 'its node affinity'
    return [
      make('unschedulable_selector', view.subject, `no node has ${wanted}`, selectorChange),
      refuted(
        'unschedulable_resources',
        view.subject,
        'the scheduler ruled the nodes out by their labels, before it looked at their free capacity',
      ),
    ]
  }
  const need = requests(first.spec)
  const big =
    fit.length > 0 &&
    fit.every(
      (n) =>
        need.cpu > (quantity(n.status?.allocatable?.cpu) ?? Number.POSITIVE_INFINITY) ||
        need.memory > (quantity(n.status?.allocatable?.memory) ?? Number.POSITIVE_INFINITY),
    )
  const cordoned = fit.filter((n) => n.spec?.unschedulable)
  const notReady = fit.filter((n) => !nodeIsReady(n) || (n.spec?.taints ?? []).some((t) => /not-ready|unreachable/.test(t.key)))
  const squeezed = fit.filter((n) => pressured(n))
  if (!big) {
    if (cordoned.length && /unschedulable/i.test(message)) {
      const node = cordoned[0]!
      return [
        make(
          'node_cordoned',
          nodeSubject(node),
          `${cordoned.map((n) => n.metadata.name).join(', ')} ${cordoned.length > 1 ? 'are' : 'is'} cordoned and no other node fits`,
          [
            seen(
              'Node',
              node,
              'spec.unschedulable',
              'true',
              'false',
              node.spec?.taints?.find((t) => /unschedulable/.test(t.key))?.timeAdded,
            ),
          ],
        ),
        refuted('unschedulable_resources', view.subject, `the request (${cores(need.cpu)} CPU, ${bytes(need.memory)}) fits an empty node`),
      ]
    }
    if (notReady.length && /not-ready|unreachable/i.test(message))
      return [
        make('node_not_ready', nodeSubject(notReady[0]!), `node ${notReady[0]!.metadata.name} is not ready`, notReadyProof(notReady[0]!)),
      ]
    if (squeezed.length && /pressure/i.test(message))
      return [
        make('node_pressure', nodeSubject(squeezed[0]!), `node ${squeezed[0]!.metadata.name} reports ${pressured(squeezed[0]!)!.type}`, [
          conditionEvidence('Node', squeezed[0]!, pressured(squeezed[0]!)!),
        ]),
      ]
  }
  const victim =
    eventsOf(view, 'Pod', first.metadata.name, /Preempted/)[0] ??
    all(view.snapshot, 'events').find((e) => e.reason === 'Preempted' && isOurPod(view, e.involvedObject.name))
  if (victim && /Insufficient|Preempt/i.test(message))
    return [make('preempted', view.subject, 'a pod of higher priority took its place', [eventEvidence(victim)], 0.93)]
  const insufficient = [...new Set([...message.matchAll(/Insufficient ([\w./-]+)/gi)].map((m) => m[1]))]
  if (insufficient.length || big || /Too many pods/i.test(message)) {
    return [
      make(
        'unschedulable_resources',
        view.subject,
        big
          ? `it asks for ${cores(need.cpu)} CPU and ${bytes(need.memory)}, more than any node has`
          : `not enough free ${insufficient.join(' and ') || 'pod slots'} on any node that fits`,
        [
          ...everyNode
            .slice(0, 3)
            .map((n) =>
              seen('Node', n, 'status.allocatable', `cpu ${n.status?.allocatable?.cpu}, memory ${n.status?.allocatable?.memory}`),
            ),
          ...changedIn(view, pending, ['resources'], /requests|limits/),
        ],
      ),
      refuted('unschedulable_selector', view.subject, `${fit.length} of ${everyNode.length} nodes match the pod's node selector`),
    ]
  }
  if (/anti-affinity|pod affinity|topology spread/i.test(message))
    return [
      make(
        'unschedulable_antiaffinity',
        view.subject,
        'its affinity or spread rules leave no node',
        changedIn(view, pending, ['placement']),
      ),
    ]
  if (/didn't have free ports/i.test(message))
    return [
      make(
        'port_conflict',
        view.subject,
        'its host port is taken on every node that fits',
        changedIn(view, pending, ['ports', 'placement']),
      ),
    ]
  const taint = fit.flatMap((n) => blocking(first.spec, n).map((t) => ({ n, t })))[0]
  if (taint || /untolerated taint/i.test(message))
    return [
      make(
        'unschedulable_taint',
        view.subject,
        `it does not tolerate ${taint ? `taint ${taint.t.key}${taint.t.value ? `=${taint.t.value}` : ''}:${taint.t.effect} of node ${taint.n.metadata.name}` : 'the taints of the nodes'}`,
        changedIn(view, pending, ['placement'], /tolerations/),
      ),
    ]
  if (first.spec.schedulingGates?.length)
    return [make('unschedulable_selector', view.subject, `it is held by scheduling gate ${first.spec.schedulingGates[0]!.name}`, [])]
  if (/didn't match Pod's node affinity|node selector/i.test(message))
    return [make('unschedulable_selector', view.subject, 'the nodes that match its selector cannot take it', selectorChange, 0.8)]
  return message ? [make('unschedulable_resources', view.subject, short(message, 120), [], 0.5)] : []
}
