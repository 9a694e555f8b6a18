/** `task-mcp config-restore`: keys of a ConfigMap back to what was last applied. */
import { planConfig } from '../actions/config-restore.ts'
import type { Context } from '../context.ts'
import type { ExitCode } from '../errors.ts'
import { act, type Planner } from './act.ts'
import type { ActionOptions } from './action-options.ts'

export const planner: Planner<ActionOptions & { key?: string }> = (args, options) => ({
  plan: (look, writer) => planConfig(look, writer, args[0]!, options.key, options.why ?? 'asked for by hand'),
})

export function run(context: Context, args: readonly string[], options: ActionOptions & { key?: string }): Promise<ExitCode> {
  return act(context, { name: 'config-restore', args, options, ...planner(args, options) })
}
