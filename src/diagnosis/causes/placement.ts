/** Pods that no node takes. */
import type { Pod } from '../../facts/kubernetes-types.ts'
import { all, find, sees } from '../../facts/lookup.ts'
import { recentDiff, rolledOutAt } from '../changes.ts'
import { type Claim, conditionEvidence, eventEvidence, podCount, podEffect, refuted, seen, short, supported } from '../claim.ts'
import { bytes, cores, quantity } from '../quantity.ts'
import { blocking, matchesSelector, nodeIsReady, nodeSubject, notReadyProof, pressured, requests } from '../scheduling.ts'
import { changeText, type TemplateField } from '../template-diff.ts'
import { earliest, millis } from '../time.ts'
import type { Evidence, Subject } from '../verdict.ts'
import { eventsOf, isOurPod, podIsReady, type View } from '../view.ts'

const condition = (pod: Pod) => pod.status?.conditions?.find((c) => c.type === 'PodScheduled' && c.status === 'False')

function changedIn(view: View, pods: readonly Pod[], fields: readonly TemplateField[], name?: RegExp): Evidence[] {
  if (!pods.some((p) => view.newPods.includes(p))) return []
  const change = recentDiff(view)?.find((c) => fields.includes(c.field) && (!name || name.test(c.name ?? '')))
  return change && view.workload
    ? [
        seen(
          view.service.kind,
          view.workload,
          `revision ${view.revisions[0]?.number}`,
          short(changeText(change)),
          undefined,
          rolledOutAt(view),
        ),
      ]
    : []
}

/** A pod that nobody has looked at for so long was meant for a scheduler that is not there: the usual one takes milliseconds. */
const unseenSeconds = 8

/** Pods that no scheduler was asked about: their template names the node itself, or a scheduler that does not answer. */
function passedOver(view: View): Claim[] {
  const waiting = view.pods.filter((p) => p.status?.phase === 'Pending' && !p.status.containerStatuses?.length && !p.status.podIP)
  const lost = waiting.filter((p) => p.spec.nodeName && sees(view.snapshot, 'nodes') && !find(view.snapshot, 'nodes', p.spec.nodeName))
  const ignored = waiting.filter(
    (p) =>
      !p.spec.nodeName &&
      !p.status?.conditions?.some((c) => c.type === 'PodScheduled') &&
      (p.spec.schedulerName ?? 'default-scheduler') !== 'default-scheduler' &&
      view.now - (millis(p.metadata.creationTimestamp) ?? view.now) > unseenSeconds * 1000,
  )
  const [pods, what] = lost[0]
    ? [lost, `their template names node ${lost[0].spec.nodeName}, which does not exist`]
    : [ignored, `no scheduler called ${ignored[0]?.spec.schedulerName} looks at them`]
  const first = pods[0]
  if (!first) return goneAgain(view)
  return [
    supported({
      code: 'unschedulable_selector',
      subject: view.subject,
      since: earliest(...pods.map((p) => p.metadata.creationTimestamp)),
      confidence: 0.94,
      summary: `${podCount(pods, view.pods.length)} cannot be placed: ${what}`,
      evidence: [
        seen(
          'Pod',
          first,
          lost[0] ? 'spec.nodeName' : 'spec.schedulerName',
          (lost[0] ? first.spec.nodeName : first.spec.schedulerName) ?? '',
        ),
        ...changedIn(view, pods, ['placement'], /nodeName|schedulerName/),
      ],
      effects: podEffect(pods, 'Pending, not scheduled'),
      introducedByRevision: changedIn(view, pods, ['placement'], /nodeName|schedulerName/).length > 0,
    }),
  ]
}

/** Pods that are bound to a node that does not exist are deleted within seconds, so that at times there is none to see. */
function goneAgain(view: View): Claim[] {
  const name = view.template?.spec.nodeName
  if (!name || !view.workload || !sees(view.snapshot, 'nodes') || find(view.snapshot, 'nodes', name)) return []
  if (view.pods.filter(podIsReady).length >= (view.replicas ?? 0)) return []
  return [
    supported({
      code: 'unschedulable_selector',
      subject: view.subject,
      since: rolledOutAt(view),
      confidence: 0.9,
      introducedByRevision: recentDiff(view)?.some((c) => c.name === 'nodeName') ?? false,
      summary: `no pod stays: the template names node ${name}, which does not exist`,
      evidence: [seen(view.service.kind, view.workload, 'spec.template.spec.nodeName', name, 'a node of the cluster')],
    }),
  ]
}

export function placement(view: View): Claim[] {
  const pending = view.pods.filter((p) => !p.spec.nodeName && (condition(p) || (p.spec.schedulingGates?.length ?? 0) > 0))
  const first = pending[0]
  if (!first) return passedOver(view)
  const why = condition(first)
  const message = why?.message ?? ''
  const base = {
    since: earliest(...pending.map((p) => p.metadata.creationTimestamp)),
    effects: podEffect(pending, 'Pending, not scheduled'),
  }
  const proof: Evidence[] = why ? [conditionEvidence('Pod', first, why)] : []
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
  return why ? [make('unschedulable_resources', view.subject, short(message, 120), [], 0.5)] : []
}

function volumes(
  view: View,
  pod: Pod,
  message: string,
  make: (code: Claim['code'], subject: Subject, summary: string, more: Evidence[], confidence?: number) => Claim,
): Claim | undefined {
  const named = (pod.spec.volumes ?? []).flatMap((v) => v.persistentVolumeClaim?.claimName ?? [])
  const claimed = named.map((name) => ({ name, claim: find(view.snapshot, 'persistentvolumeclaims', name, view.service.namespace) }))
  const unbound = claimed.find((c) => (c.claim ? c.claim.status?.phase !== 'Bound' : sees(view.snapshot, 'persistentvolumeclaims')))
  if (!unbound && !/persistentvolume|volume node affinity/i.test(message)) return undefined
  const name = unbound?.name ?? /persistentvolumeclaim "([^"]+)"/i.exec(message)?.[1] ?? named[0]
  if (!name) return undefined
  const subject = { kind: 'PersistentVolumeClaim', namespace: view.service.namespace, name }
  const object = unbound?.claim
  if (!object)
    return make(
      'pvc_pending',
      subject,
      `PersistentVolumeClaim ${name} ${unbound ? 'does not exist' : 'cannot be used on any node'}`,
      changedIn(view, [pod], ['volumes']),
    )
  const wanted = object.spec?.storageClassName
  const known =
    wanted === undefined || !sees(view.snapshot, 'storageclasses') || find(view.snapshot, 'storageclasses', wanted) !== undefined
  const events = eventsOf(view, 'PersistentVolumeClaim', name).slice(0, 1).map(eventEvidence)
  return make(
    'pvc_pending',
    subject,
    `PersistentVolumeClaim ${name} is ${object.status?.phase ?? 'Pending'}${known ? '' : `: StorageClass ${wanted} does not exist`}`,
    [
      seen('PersistentVolumeClaim', object, 'status.phase', object.status?.phase ?? 'Pending', 'Bound'),
      ...(known ? [] : [{ source: 'kubernetes' as const, asked: `storageclass/${wanted}`, observed: 'not found', expected: 'present' }]),
      ...events,
      ...changedIn(view, [pod], ['volumes']),
    ],
  )
}
