/** ConfigMaps and Secrets that the pods use and that somebody edited. Pure. */
import type { KubeObject } from '../facts/kubernetes/object.ts'
import { find } from '../facts/lookup.ts'
import { references } from './causes/missing.ts'
import { editedAt, editedSinceMade, lastEdit } from './changes.ts'
import { millis } from './time.ts'
import type { Evidence } from './verdict.ts'
import type { View } from './view.ts'

export interface Touched {
  kind: 'ConfigMap' | 'Secret'
  object: KubeObject
  at: number
}

/** ConfigMaps and Secrets that the pods use and that were edited (not merely created) within the look-back, newest first. */
export function touched(view: View): Touched[] {
  const spec = view.template?.spec
  if (!spec) return []
  const named = new Map(references(spec).map((r) => [`${r.kind}/${r.name}`, r]))
  return [...named.values()]
    .flatMap((r): Touched[] => {
      const object = find(view.snapshot, r.kind === 'Secret' ? 'secrets' : 'configmaps', r.name, view.service.namespace)
      const at = object && millis(editedAt(object))
      const created = millis(object?.metadata.creationTimestamp)
      if (
        !object ||
        at === undefined ||
        created === undefined ||
        !editedSinceMade(object) ||
        at < view.now - view.snapshot.target.lookbackSeconds * 1000
      )
        return []
      return [{ kind: r.kind, object, at }]
    })
    .sort((a, b) => b.at - a.at)
}

/** When the containers of a pod last started, in milliseconds; 0 where nothing tells. */
export const startedAt = (pod: {
  status?: { startTime?: string; containerStatuses?: { state?: { running?: { startedAt?: string } } }[] }
}): number =>
  Math.max(0, ...(pod.status?.containerStatuses ?? []).map((s) => millis(s.state?.running?.startedAt) ?? 0)) ||
  (millis(pod.status?.startTime) ?? 0)

export const editEvidence = ({ kind, object, at }: Touched): Evidence => ({
  source: 'kubernetes',
  asked: `${kind.toLowerCase()}/${object.metadata.name} metadata.managedFields`,
  observed: `edited${lastEdit(object)?.manager ? ` by ${lastEdit(object)!.manager}` : ''}`,
  at: new Date(at).toISOString(),
  ref: { uid: object.metadata.uid, resourceVersion: object.metadata.resourceVersion },
})

/** The field manager under which this tool writes: what it wrote was an action that a person decided on. */
const ourselves = 'task-mcp'

/** The newest edit of a ConfigMap that pods have read since: they started after it, or have it mounted and read it again by themselves. Ours are left out unless they are asked for. */
export function readConfigMap(view: View, ours = false): Touched | undefined {
  const edits = touched(view).filter((t) => t.kind === 'ConfigMap' && (ours || lastEdit(t.object)?.manager !== ourselves))
  const mounted = new Set(view.template?.spec.volumes?.flatMap((v) => v.configMap?.name ?? []))
  return edits.find((t) => view.pods.some((p) => startedAt(p) >= t.at - 1000)) ?? edits.find((t) => mounted.has(t.object.metadata.name))
}
