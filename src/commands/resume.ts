/** `task-mcp resume`: let a paused rollout go on. */
import { planResume } from '../actions/resume.ts'
import type { Context } from '../context.ts'
import type { ExitCode } from '../errors.ts'
import { act, type Planner } from './act.ts'
import type { ActionOptions } from './action-options.ts'

export const planner: Planner<ActionOptions> = (args, options) => ({
  plan: (look, writer) => planResume(look, writer, args[0], options.why ?? 'asked for by hand'),
})

export function run(context: Context, args: readonly string[], options: ActionOptions): Promise<ExitCode> {
  return act(context, { name: 'resume', args, options, ...planner(args, options) })
}
