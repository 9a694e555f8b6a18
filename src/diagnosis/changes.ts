/** What changed lately, and when: revisions of the template, and edits of the objects that the service depends on. Pure. */
import type { KubeObject, ManagedField } from '../facts/kubernetes/object.ts'
import { all } from '../facts/lookup.ts'
import { changeText, material, type TemplateChange, templateDiff } from './template-diff.ts'
import { latest, millis } from './time.ts'
import { podIsReady, type View } from './view.ts'

export interface Change {
  kind: string
  name: string
  /** RFC 3339. */
  at: string
  what: string
  /** The field manager that wrote it, where known: kubectl-edit, argocd-controller. */
  by: string | undefined
  created: boolean
}

const controllers = /^(kube-controller-manager|kubelet|kube-scheduler|kube-apiserver|cluster-autoscaler)$/

/** The newest write by someone other than Kubernetes itself, outside status. */
export function lastEdit(object: KubeObject): ManagedField | undefined {
  return (object.metadata.managedFields ?? [])
    .filter((f) => f.subresource === undefined && f.time && !controllers.test(f.manager ?? ''))
    .sort((a, b) => (millis(b.time) ?? 0) - (millis(a.time) ?? 0))[0]
}

/** When an object was last written, by its managed fields; its creation where nothing wrote since. */
export const editedAt = (object: KubeObject): string | undefined => latest(lastEdit(object)?.time, object.metadata.creationTimestamp)

/** Milliseconds after its creation in which an object is written while it is only made. */
const making = 1500

/** Whether an object was written again after it was made: at `at` (milliseconds), by default when its managed fields say. */
export const editedSinceMade = (object: KubeObject, at = millis(editedAt(object))): boolean =>
  (at ?? 0) - (millis(object.metadata.creationTimestamp) ?? 0) >= making

/** What the newest revision changed against the one before it; undefined where there is no earlier revision to compare with. */
export function newestDiff(view: View): TemplateChange[] | undefined {
  const [newest, ...older] = view.revisions
  const before = newest && older.find((r) => r.number < newest.number)
  return newest && before ? templateDiff(before.template, newest.template) : undefined
}

/** The same, where the newest revision can have brought something in: it rolled out within the look-back, or never got as far as to serve. One that has served for longer is not what changed. */
export function recentDiff(view: View): TemplateChange[] | undefined {
  const at = millis(rolledOutAt(view))
  const recent = at !== undefined && at >= view.now - view.snapshot.target.lookbackSeconds * 1000
  const unfinished = view.oldPods.length > 0 && !view.newPods.some(podIsReady)
  return recent || unfinished ? newestDiff(view) : undefined
}

/** When the newest revision began to roll out. A rollback reuses an old ReplicaSet, so its creation alone does not say. */
export function rolledOutAt(view: View): string | undefined {
  const newest = view.revisions[0]
  if (!newest?.replicaSet) return newest?.createdAt
  const history = newest.replicaSet.metadata.annotations?.['deployment.kubernetes.io/revision-history']
  return history ? latest(newest.createdAt, ...view.newPods.map((p) => p.metadata.creationTimestamp)) : newest.createdAt
}

/** Keys of a ConfigMap or Secret as its managed fields list them; undefined where nothing does. */
export function keysOf(object: KubeObject & { data?: Record<string, string> }): Set<string> | undefined {
  if (object.data) return new Set(Object.keys(object.data))
  const fields = object.metadata.managedFields
  if (!fields?.length) return undefined
  const keys = fields.flatMap((f) => ['f:data', 'f:stringData', 'f:binaryData'].flatMap((d) => Object.keys(f.fieldsV1?.[d] ?? {})))
  return new Set(keys.filter((k) => k.startsWith('f:')).map((k) => k.slice(2)))
}

/** Every change within the look-back, newest first. */
export function changes(view: View): Change[] {
  const since = view.now - view.snapshot.target.lookbackSeconds * 1000
  const found: Change[] = []
  const at = rolledOutAt(view)
  const diff = newestDiff(view)
  if (at && diff) {
    const told = material(diff).length ? material(diff) : diff
    const by = view.workload && lastEdit(view.workload)?.manager
    found.push({
      kind: view.service.kind,
      name: view.service.workload,
      at,
      what: told.map(changeText).join(', ') || 'rolled out again',
      by,
      created: false,
    })
  }
  const kinds = [
    ['configmaps', 'ConfigMap'],
    ['secrets', 'Secret'],
    ['services', 'Service'],
    ['networkpolicies', 'NetworkPolicy'],
    ['resourcequotas', 'ResourceQuota'],
    ['limitranges', 'LimitRange'],
    ['horizontalpodautoscalers', 'HorizontalPodAutoscaler'],
    ['poddisruptionbudgets', 'PodDisruptionBudget'],
    ['ingresses', 'Ingress'],
    ['roles', 'Role'],
    ['rolebindings', 'RoleBinding'],
    ['validatingwebhookconfigurations', 'ValidatingWebhookConfiguration'],
    ['mutatingwebhookconfigurations', 'MutatingWebhookConfiguration'],
  ] as const
  for (const [resource, kind] of kinds) {
    for (const object of all(view.snapshot, resource)) {
      const edit = lastEdit(object)
      const time = editedAt(object)
      const elsewhere = object.metadata.namespace !== undefined && object.metadata.namespace !== view.service.namespace
      if (!time || elsewhere || object.metadata.name === 'kube-root-ca.crt') continue
      const created = !editedSinceMade(object)
      found.push({ kind, name: object.metadata.name, at: time, what: created ? 'created' : 'edited', by: edit?.manager, created })
    }
  }
  return found
    .filter((c) => (millis(c.at) ?? 0) >= since)
    .sort((a, b) => (millis(b.at) ?? 0) - (millis(a.at) ?? 0) || (a.name < b.name ? -1 : 1))
}
