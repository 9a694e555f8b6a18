/** Pods that no scheduler was asked about. */
import { find, sees } from '../../facts/lookup.ts'
import { recentDiff, rolledOutAt } from '../changes.ts'
import { type Claim, podCount, podEffect, seen, supported } from '../claim.ts'
import { changedIn } from '../revision.ts'
import { earliest, millis } from '../time.ts'
import { podIsReady, type View } from '../view.ts'

/** A pod that nobody has looked at for so long was meant for a scheduler that is not there: the usual one takes milliseconds. */
const unseenSeconds = 8

/** Pods that no scheduler was asked about: their template names the node itself, or a scheduler that does not answer. */
export function passedOver(view: View): Claim[] {
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
