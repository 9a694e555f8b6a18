/** Containers that do not start, grouped, and what the newest revision changed of them. */
import type { Pod } from '../../facts/kubernetes-types.ts'
import { recentDiff } from '../changes.ts'
import type { Failing } from '../start-failure.ts'
import type { TemplateChange } from '../template-diff.ts'
import type { View } from '../view.ts'

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
