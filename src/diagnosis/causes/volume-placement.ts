/** Pods that no node takes because of a volume. */
import type { Pod } from '../../facts/kubernetes/pod.ts'
import { find, sees } from '../../facts/lookup.ts'
import { type Claim, eventEvidence, seen } from '../claim.ts'
import { changedIn } from '../revision.ts'
import type { Evidence, Subject } from '../verdict.ts'
import { eventsOf, type View } from '../view.ts'

export function volumes(
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
