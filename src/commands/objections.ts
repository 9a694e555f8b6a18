/** What a diagnosis of the service says against an action. */

import { workloadWord } from '../actions/look.ts'
import type { Objection } from '../actions/plan.ts'
import { loadSettings } from '../config.ts'
import type { Context } from '../context.ts'
import type { ActionName, Cause } from '../diagnosis/verdict.ts'
import { ExpectedError, InterruptedError } from '../errors.ts'
import type { ActionOptions } from './action-options.ts'
import { diagnosisNow } from './diagnosis-now.ts'

/** Look at the service before it is changed by hand. Another workload than the service's own is not looked at; a diagnosis that fails is said on stderr. */
export async function diagnosedObjections(
  context: Context,
  options: ActionOptions,
  action: ActionName,
  word: string | undefined,
): Promise<Objection[]> {
  const { settings } = await loadSettings(options, context)
  const { kind, name } = workloadWord(word, settings)
  if (kind !== settings.service.kind || name !== settings.service.workload) return []
  try {
    return objectionsIn((await diagnosisNow(context, settings)).causes, action)
  } catch (error) {
    if (error instanceof InterruptedError || !(error instanceof ExpectedError)) throw error
    context.terminal.err(`careful: the service could not be diagnosed first: ${error.message}\n`)
    return []
  }
}

/** The refusals of all causes, unless the first cause wants just this action. Pure. */
export function objectionsIn(causes: readonly Cause[], action: ActionName): Objection[] {
  if (causes[0]?.remedies.some((remedy) => remedy.action === action)) return []
  return causes.flatMap((cause) =>
    cause.never
      .filter((refusal) => refusal.action === action)
      .map((refusal) => ({ code: cause.code, why: `${cause.summary}; ${refusal.why}` })),
  )
}

/**
 * What the other causes of a diagnosis say against the first one's remedy. That going back does nothing about them is no reason to leave a
 * revision in place that is a fault by itself, so it is only told: as `beside`. Pure.
 */
export function objectionsBeside(causes: readonly Cause[], action: ActionName): { objections: Objection[]; beside: string[] } {
  const found = objectionsIn(causes.slice(1), action)
  const goesBack = action === 'rollback' && causes[0]?.remedies[0]?.action === action
  return goesBack
    ? { objections: [], beside: found.map(({ code, why }) => `this does nothing about ${code}: ${why.split('; ')[0]}`) }
    : { objections: found, beside: [] }
}
