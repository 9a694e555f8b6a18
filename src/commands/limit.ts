/** `task-mcp limit SETTING VALUE`: a limit of the server, while it runs. */
import { planLimit } from '../actions/limit.ts'
import type { Context } from '../context.ts'
import type { ExitCode } from '../errors.ts'
import { act, type Planner } from './act.ts'
import type { ActionOptions } from './action-options.ts'
import { diagnosedObjections } from './objections.ts'

export const planner: Planner<ActionOptions> = (args, options) => ({
  plan: (look) => planLimit(look, args[0]!, args[1]!, options.why ?? 'asked for by hand'),
})

export function run(context: Context, args: readonly string[], options: ActionOptions): Promise<ExitCode> {
  const objections = () => diagnosedObjections(context, options, 'limit', undefined)
  return act(context, { name: 'limit', args, options, objections, ...planner(args, options) })
}
