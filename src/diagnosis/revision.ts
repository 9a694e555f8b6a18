/** What the newest revision changed, as evidence. Pure. */
import { rolledOutAt } from './changes.ts'
import { seen, short } from './claim.ts'
import { changeText, type TemplateChange } from './template-diff.ts'
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

/** Up to three of them. */
export const revisionEvidence = (view: View, changed: readonly TemplateChange[]): Evidence[] =>
  changed.slice(0, 3).map((change) => changeEvidence(view, change))
