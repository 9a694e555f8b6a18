/** A runbook walked without a person: checks answer, actions say what the verdict thinks of them, manual steps stay to be done. Pure. */
import { checks } from '../diagnosis/checks.ts'
import type { Cause, StepResult } from '../diagnosis/verdict.ts'
import type { View } from '../diagnosis/view.ts'
import type { Runbook, Step } from './runbook.ts'

/** Takes a runbook, what was seen, and the causes of the verdict, best first; gives one result for each step, in the order of the phases. */
export function walk(runbook: Runbook, view: View, causes: readonly Cause[]): StepResult[] {
  const order = { immediate: 0, troubleshooting: 1, recovery: 2 }
  return [...runbook.steps]
    .sort((a, b) => order[a.phase] - order[b.phase])
    .map((step) => ({ id: step.id, phase: step.phase, title: step.title, kind: step.kind, ...answer(step, view, causes) }))
}

function answer(step: Step, view: View, causes: readonly Cause[]): Pick<StepResult, 'status' | 'found'> {
  switch (step.kind) {
    case 'check':
      return (
        checks[step.check]?.(view) ?? {
          status: 'unknown',
          found: `this version has no check "${step.check}"; the step says how to look by hand`,
        }
      )
    case 'action':
      return opinion(step.action, causes)
    case 'manual':
      return { status: 'todo', found: step.look }
  }
}

/** What the causes say about an action. A warning outweighs a proposal. */
function opinion(action: string, causes: readonly Cause[]): Pick<StepResult, 'status' | 'found'> {
  for (const cause of causes) {
    const never = cause.never.find((refusal) => refusal.action === action)
    if (never) return { status: 'not-applicable', found: `do not: ${never.why} (${cause.code})` }
  }
  for (const cause of causes) {
    const remedy = cause.remedies.find((proposed) => proposed.action === action)
    if (remedy) return { status: 'todo', found: `called for by ${cause.code}: ${remedy.why}. ${remedy.command}` }
  }
  return {
    status: 'not-applicable',
    found: causes.length > 0 ? 'no cause that was found calls for it' : 'no cause was found, so nothing calls for it',
  }
}
