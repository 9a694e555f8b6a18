/** A runbook walked without a person: checks answer, actions say what the verdict thinks of them, manual steps stay to be done. Pure. */
import { checks } from '../diagnosis/checks.ts'
import type { Cause, Remedy, StepResult } from '../diagnosis/verdict.ts'
import type { View } from '../diagnosis/view.ts'
import type { Runbook, Step } from './runbook.ts'

/** Takes a runbook, what was seen, and the causes of the verdict, best first; gives one result for each step, in the order of the phases. */
export function walk(runbook: Runbook, view: View, causes: readonly Cause[]): StepResult[] {
  return inOrder(runbook).map((step) => ({
    id: step.id,
    phase: step.phase,
    title: step.title,
    kind: step.kind,
    ...answer(step, view, causes),
  }))
}

/** The steps by phase, each phase in the order of the document. */
export function inOrder(runbook: Runbook): Step[] {
  const order = { immediate: 0, troubleshooting: 1, recovery: 2 }
  return [...runbook.steps].sort((a, b) => order[a.phase] - order[b.phase])
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

/** A cause that speaks for an action, or against it. */
export type Called =
  | { for: Cause; remedy: Remedy /** Whether it is the first remedy of the first cause. */; first: boolean }
  | { against: Cause; why: string }

/** What the causes say about an action. A warning outweighs a proposal. Undefined where no cause speaks of it. */
export function called(action: string, causes: readonly Cause[]): Called | undefined {
  for (const cause of causes) {
    const never = cause.never.find((refusal) => refusal.action === action)
    if (never) return { against: cause, why: never.why }
  }
  for (const cause of causes) {
    const remedy = cause.remedies.find((proposed) => proposed.action === action)
    if (remedy) return { for: cause, remedy, first: remedy === causes[0]?.remedies[0] }
  }
  return undefined
}

function opinion(action: string, causes: readonly Cause[]): Pick<StepResult, 'status' | 'found'> {
  const said = called(action, causes)
  if (said === undefined)
    return {
      status: 'not-applicable',
      found: causes.length > 0 ? 'no cause that was found calls for it' : 'no cause was found, so nothing calls for it',
    }
  if ('against' in said) return { status: 'not-applicable', found: `do not: ${said.why} (${said.against.code})` }
  return { status: 'todo', found: `called for by ${said.for.code}: ${said.remedy.why}. ${said.remedy.command}` }
}
