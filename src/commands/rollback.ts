/** `task-mcp rollback`: the template of an earlier revision. */
import { planRollback } from '../actions/rollback.ts'
import type { Context } from '../context.ts'
import type { ExitCode } from '../errors.ts'
import { act, type Planner } from './act.ts'
import type { ActionOptions } from './action-options.ts'
import { diagnosedObjections } from './objections.ts'

export const planner: Planner<ActionOptions & { to?: number }> = (args, options) => ({
  plan: (look, writer) => planRollback(look, writer, args[0], options.to, options.why ?? 'asked for by hand'),
})

export function run(context: Context, args: readonly string[], options: ActionOptions & { to?: number }): Promise<ExitCode> {
  const objections = () => diagnosedObjections(context, options, 'rollback', args[0])
  return act(context, { name: 'rollback', args, options, objections, ...planner(args, options) })
}
