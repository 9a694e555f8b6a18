/** `task-mcp undo`: take back a change that was made from here. */
import { planUndo } from '../actions/undo.ts'
import type { Context } from '../context.ts'
import type { ExitCode } from '../errors.ts'
import { act } from './act.ts'
import type { ActionOptions } from './action-options.ts'

export function run(context: Context, args: readonly string[], options: ActionOptions): Promise<ExitCode> {
  return act(context, { name: 'undo', args, options, plan: (look) => planUndo(look, args[0], options.why ?? 'asked for by hand') })
}
