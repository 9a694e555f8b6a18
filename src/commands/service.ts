/** `task-mcp service`: point a Service at the pods it is for. */
import { planService } from '../actions/service.ts'
import type { Context } from '../context.ts'
import type { ExitCode } from '../errors.ts'
import { act, type Planner } from './act.ts'
import type { ActionOptions } from './action-options.ts'

type ServiceOptions = ActionOptions & { everyNode: boolean; askedPort?: number }

export const planner: Planner<ServiceOptions> = (args, options) => ({
  plan: (look) => planService(look, args[0], options, options.why ?? 'asked for by hand'),
})

export function run(context: Context, args: readonly string[], options: ServiceOptions): Promise<ExitCode> {
  return act(context, { name: 'service', args, options, ...planner(args, options) })
}
