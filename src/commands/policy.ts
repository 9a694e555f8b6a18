/** `task-mcp policy`: widen a NetworkPolicy by the path that it cuts. */
import { type PathWord, planPolicy } from '../actions/policy.ts'
import type { Context } from '../context.ts'
import type { ExitCode } from '../errors.ts'
import { act, type Planner } from './act.ts'
import type { ActionOptions } from './action-options.ts'

const everything: readonly PathWord[] = ['ingress', 'dns', 'dependencies']

type PolicyOptions = ActionOptions & { allow?: readonly PathWord[] }

export const planner: Planner<PolicyOptions> = (args, options) => ({
  plan: (look) => planPolicy(look, args[0], options.allow ?? everything, options.why ?? 'asked for by hand'),
})

export function run(context: Context, args: readonly string[], options: PolicyOptions): Promise<ExitCode> {
  return act(context, { name: 'policy', args, options, ...planner(args, options) })
}
