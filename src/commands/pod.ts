/** `task-mcp pod`: capture one bad pod, then delete or isolate it. */
import { capturePod, planPod } from '../actions/pod.ts'
import type { Context } from '../context.ts'
import type { ExitCode } from '../errors.ts'
import { act, type Planner } from './act.ts'
import type { ActionOptions } from './action-options.ts'

export const planner: Planner<ActionOptions & { isolate: boolean }> = (args, options) => ({
  plan: (look, writer) => planPod(look, writer, args[0]!, options.isolate ? 'isolate' : 'delete', options.why ?? 'asked for by hand'),
  before: async (plan, look, { files, terminal }) => {
    const pod = await look.cluster.get('pods', { namespace: plan.target.namespace, name: plan.target.name }, look.signal)
    terminal.err(`  what it knows is kept in ${await capturePod(look, files, pod, plan.id)}\n`)
  },
})

export function run(context: Context, args: readonly string[], options: ActionOptions & { isolate: boolean }): Promise<ExitCode> {
  return act(context, { name: 'pod', args, options, ...planner(args, options) })
}
