/** `task-mcp resources`: limits and requests of one container. */
import { planResources, type ResourceWish } from '../actions/resources.ts'
import type { Context } from '../context.ts'
import type { ExitCode } from '../errors.ts'
import { act, type Planner } from './act.ts'
import type { ActionOptions } from './action-options.ts'
import { diagnosedObjections } from './objections.ts'

export const planner: Planner<ActionOptions & ResourceWish> = (args, options) => ({
  plan: (look, writer) => planResources(look, writer, args[0], options, options.why ?? 'asked for by hand'),
})

export function run(context: Context, args: readonly string[], options: ActionOptions & ResourceWish): Promise<ExitCode> {
  const objections = () => diagnosedObjections(context, options, 'resources', args[0])
  return act(context, { name: 'resources', args, options, objections, ...planner(args, options) })
}
