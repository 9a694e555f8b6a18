/** What the newest revision changed, as evidence. Pure. */
import type { Pod } from '../facts/kubernetes/pod.ts'
import { recentDiff, rolledOutAt } from './changes.ts'
import { seen, short } from './claim.ts'
import { changeText, type TemplateChange, type TemplateField } from './template-diff.ts'
import type { Evidence } from './verdict.ts'
import type { View } from './view.ts'

/** One change of the newest revision. */
export const changeEvidence = (view: View, change: TemplateChange): Evidence =>
  seen(
    view.service.kind,
    view.workload!,
    `revision ${view.revisions[0]?.number}${change.container ? ` container ${change.container}` : ''}`,
    short(changeText(change)),
    undefined,
    rolledOutAt(view),
  )

/** Some of its changes in one line, whichever containers they are of. */
export const changesEvidence = (view: View, changed: readonly TemplateChange[]): Evidence =>
  seen(
    view.service.kind,
    view.workload!,
    `revision ${view.revisions[0]?.number}`,
    short(changed.map(changeText).join(', ')),
    undefined,
    rolledOutAt(view),
  )

/** Up to three of them. */
export const revisionEvidence = (view: View, changed: readonly TemplateChange[]): Evidence[] =>
  changed.slice(0, 3).map((change) => changeEvidence(view, change))

/** The first change of these fields by a revision that some of these pods are of: as a list, empty where there is none. */
export function changedIn(view: View, pods: readonly Pod[], fields: readonly TemplateField[], name?: RegExp): Evidence[] {
  if (!view.workload || !pods.some((p) => view.newPods.includes(p))) return []
  const change = recentDiff(view)?.find((c) => fields.includes(c.field) && (!name || name.test(c.name ?? '')))
  return change ? [changesEvidence(view, [change])] : []
}
