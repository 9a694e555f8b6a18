/** What a diagnosis of the service says against an action. */
import type { Objection } from '../actions/plan.ts'
import type { Context } from '../context.ts'
import type { ActionName } from '../diagnosis/verdict.ts'
import type { ActionOptions } from './action-options.ts'

export async function diagnosedObjections(
  _context: Context,
  _options: ActionOptions,
  _action: ActionName,
  _word: string | undefined,
): Promise<Objection[]> {
  return []
}
