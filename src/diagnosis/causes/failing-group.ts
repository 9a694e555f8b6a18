/** Containers that do not start, grouped, and what the newest revision changed of them. */
import type { Pod } from '../../facts/kubernetes/pod.ts'
import { newestDiff, recentDiff } from '../changes.ts'
import { quantity } from '../quantity.ts'
import type { Failing } from '../start-failure.ts'
import { material, type TemplateChange } from '../template-diff.ts'
import { eventsOf, type View } from '../view.ts'

export const unique = (pods: readonly Pod[]): Pod[] => [...new Set(pods)]

/** Changes of the newest revision to one container, where these pods are of that revision. */
export function changesTo(view: View, group: readonly Failing[]): TemplateChange[] {
  const first = group[0]!
  if (!view.newPods.includes(first.pod)) return []
  return (recentDiff(view) ?? []).filter((c) => c.container === undefined || c.container === first.container)
}

export function byContainer(list: readonly Failing[]): Failing[][] {
  return [...new Set(list.map((f) => f.container))].map((name) => list.filter((f) => f.container === name))
}

/** Whether the kubelet ended this container because its liveness or startup probe failed. */
export function killedByProbe(view: View, f: Failing): boolean {
  const killing = eventsOf(view, 'Pod', f.pod.metadata.name, /^Killing$/).some(
    (e) => /failed (?:liveness|startup) probe/i.test(e.message ?? '') && (e.involvedObject.fieldPath ?? f.container).includes(f.container),
  )
  const exit = f.ended?.exitCode
  return killing && (exit === 137 || exit === 143 || exit === 0 || exit === 2)
}

/** The memory limit of a container that the newest revision set or lowered. */
export const newLowerLimit = (view: View, container: string | undefined): TemplateChange | undefined =>
  material(newestDiff(view) ?? []).find(
    (c) =>
      c.field === 'resources' &&
      c.name === 'limits.memory' &&
      c.container === container &&
      (c.from === undefined || (quantity(c.to) ?? 0) < (quantity(c.from) ?? 0)),
  )

/** The same for a container that fails, where it is of that revision. */
export const loweredLimit = (view: View, f: Failing): TemplateChange | undefined =>
  view.newPods.includes(f.pod) ? newLowerLimit(view, f.container) : undefined

/**
 * Whether a container was killed (137) under a memory limit that was lowered, by no probe. The kubelet calls it OOMKilled only where it heard
 * of that before it saw the end, so that now and then it says Error.
 */
export const killedUnderLowerLimit = (view: View, f: Failing): boolean =>
  f.kind === 'crash' && f.ended?.exitCode === 137 && loweredLimit(view, f) !== undefined && !killedByProbe(view, f)
