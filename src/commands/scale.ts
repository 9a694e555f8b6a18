/** `task-mcp scale`: another number of replicas, or from 0 back to the earlier one. */
import { planScale } from '../actions/scale.ts'
import type { Context } from '../context.ts'
import { type ExitCode, exit } from '../errors.ts'
import { act, type Planner } from './act.ts'
import type { ActionOptions } from './action-options.ts'
import { explained, where, workloadWords } from './look-only.ts'
import { diagnosedObjections } from './objections.ts'

export const planner: Planner<ActionOptions & { replicas?: number }> = (args, options) => ({
  plan: (look, writer) => planScale(look, writer, args[0], options.replicas, options.why ?? 'asked for by hand'),
})

export async function run(context: Context, args: readonly string[], options: ActionOptions & { replicas?: number }): Promise<ExitCode> {
  if (
    await explained(context, options, (settings) => [
      `kubectl get horizontalpodautoscalers ${where(settings)}`,
      `kubectl scale ${where(settings)} ${args[0] ?? workloadWords(settings)} --replicas=${options.replicas ?? 'COUNT'}`,
    ])
  )
    return exit.ok
  const objections = () => diagnosedObjections(context, options, 'scale', args[0])
  return act(context, { name: 'scale', args, options, objections, ...planner(args, options) })
}
