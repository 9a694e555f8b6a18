/** `task-mcp restart`: make every pod of a workload anew, one after another. */
import { planRestart } from '../actions/restart.ts'
import type { Context } from '../context.ts'
import type { ExitCode } from '../errors.ts'
import { act, type Planner } from './act.ts'
import type { ActionOptions } from './action-options.ts'
import { diagnosedObjections } from './objections.ts'

export const planner: Planner<ActionOptions> = (args, options) => ({
  plan: (look, writer) => planRestart(look, writer, args[0], options.why ?? 'asked for by hand'),
})

export function run(context: Context, args: readonly string[], options: ActionOptions): Promise<ExitCode> {
  const objections = () => diagnosedObjections(context, options, 'restart', args[0])
  return act(context, { name: 'restart', args, options, objections, ...planner(args, options) })
}
