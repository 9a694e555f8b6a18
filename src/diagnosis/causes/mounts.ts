/** Pods that have a node and wait there for a volume that cannot be mounted; Secrets and ConfigMaps are the family of missing objects. */
import type { Pod } from '../../facts/kubernetes/pod.ts'
import { find } from '../../facts/lookup.ts'
import { recentDiff } from '../changes.ts'
import { type Claim, eventEvidence, podCount, podEffect, short, supported } from '../claim.ts'
import { changeEvidence } from '../revision.ts'
import { earliest, millis } from '../time.ts'
import type { Subject } from '../verdict.ts'
import { eventsOf, podIsReady, type View } from '../view.ts'

const ofOthers = /(secret|configmap) "[^"]+" not found|references non-existent/i
/** What a kubelet says of a pod that it learnt of a moment ago, and never again. */
const atFirst =
  /failed to sync \w+ cache|is forbidden: .*no relationship found|object .* not registered|timed out waiting for the condition/i
const tokenOf = /failed to fetch token: .*"([^"]+)" not found/i

/** A volume that is only slow is mounted by then: seconds. */
const patience = 15

/** The claim of a pod that a volume stands for: by its name in the pod, or by the name of the volume that the claim is bound to. */
function claimOf(view: View, pod: Pod, volume: string | undefined): string | undefined {
  const claims = (pod.spec.volumes ?? []).flatMap((v) => (v.persistentVolumeClaim ? [{ ...v.persistentVolumeClaim, name: v.name }] : []))
  const bound = (name: string) => find(view.snapshot, 'persistentvolumeclaims', name, view.service.namespace)?.spec?.volumeName
  return claims.find((c) => c.name === volume || bound(c.claimName) === volume)?.claimName
}

export function mounts(view: View): Claim[] {
  const waiting = view.pods
    .filter((p) => p.spec.nodeName && p.status?.phase === 'Pending' && !podIsReady(p))
    .flatMap((pod) => {
      const [event] = eventsOf(view, 'Pod', pod.metadata.name, /^(FailedMount|FailedAttachVolume|FailedMapVolume)$/)
      const young = view.now - (millis(pod.metadata.creationTimestamp) ?? 0) < patience * 1000
      const said = event?.message ?? ''
      return event && !young && !ofOthers.test(said) && !atFirst.test(said) ? [{ pod, event }] : []
    })
  const [first] = waiting
  if (!first) return []
  const message = first.event.message ?? ''
  const { namespace } = view.service
  const pods = waiting.map((w) => w.pod)
  const account = tokenOf.exec(message)?.[1]
  const claim = claimOf(view, first.pod, /volume "([^"]+)"/.exec(message)?.[1])
  const change = view.newPods.includes(first.pod)
    ? recentDiff(view)?.find((c) => c.field === (account ? 'service-account' : 'volumes'))
    : undefined
  const subject: Subject = account
    ? { kind: 'ServiceAccount', namespace, name: account }
    : claim
      ? { kind: 'PersistentVolumeClaim', namespace, name: claim }
      : view.subject
  return [
    supported({
      code: account ? 'service_account_missing' : 'pvc_pending',
      subject,
      since: earliest(...pods.map((p) => p.metadata.creationTimestamp)),
      confidence: 0.9,
      summary: `${podCount(pods, view.pods.length)} wait on their node: ${
        account
          ? `ServiceAccount ${account} does not exist`
          : `a volume cannot be mounted (${short(message.replace(/^MountVolume\.\w+ failed for /, ''), 110)})`
      }`,
      evidence: [eventEvidence(first.event), ...(change ? [changeEvidence(view, change)] : [])],
      effects: podEffect(pods, 'ContainerCreating'),
      introducedByRevision: change !== undefined,
    }),
  ]
}
