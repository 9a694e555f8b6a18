/** `task-mcp restart`: make every pod of a workload anew, one after another. */
import type { Plan } from '../actions/plan.ts'
import { planRestart } from '../actions/restart.ts'
import { loadSettings } from '../config.ts'
import type { Context } from '../context.ts'
import { type ExitCode, exit } from '../errors.ts'
import { counted } from '../output/page.ts'
import type { WorkloadKind } from '../settings.ts'
import { act, type Planner } from './act.ts'
import type { ActionOptions } from './action-options.ts'
import { takeBundle } from './capture-take.ts'
import { explained, where, workloadWords } from './look-only.ts'
import { diagnosedObjections } from './objections.ts'

interface RestartOptions extends ActionOptions {
  readonly capture?: boolean
}

/** How long each profile of a capture before a restart samples: somebody is waiting. */
const profileSeconds = 5

export const planner: Planner<RestartOptions> = (args, options) => ({
  plan: (look, writer) => planRestart(look, writer, args[0], options.why ?? 'asked for by hand'),
  ...(options.capture ? { before: (plan, _look, context) => keep(plan, options, context) } : {}),
})

/** Keeps what the pod in most trouble knows, before it is gone. When that fails, nothing is restarted. */
async function keep(plan: Plan, options: RestartOptions, context: Context): Promise<void> {
  const resolved = await loadSettings(options, context)
  const { kind, name, namespace } = plan.target
  const service = { ...resolved.settings.service, namespace, kind: kind as WorkloadKind, workload: name }
  const { file, manifest } = await takeBundle(
    context,
    { ...resolved, settings: { ...resolved.settings, service } },
    {
      pod: undefined,
      all: false,
      out: undefined,
      profiles: ['cpu', 'wall', 'heap'],
      seconds: profileSeconds,
      heapSnapshot: false,
      mostBytes: 200 * 1024 * 1024,
      debugPort: undefined,
      debugTokenFile: undefined,
      timeoutSeconds: undefined,
    },
  )
  const lacks = manifest.notTaken.length === 0 ? '' : `, without ${counted(manifest.notTaken.length, 'thing')} that could not be got`
  context.terminal.err(`  what pod ${manifest.target.pods.join()} knows is kept in ${file}${lacks}\n`)
}

export async function run(context: Context, args: readonly string[], options: RestartOptions): Promise<ExitCode> {
  if (await explained(context, options, (settings) => [`kubectl rollout restart ${where(settings)} ${args[0] ?? workloadWords(settings)}`]))
    return exit.ok
  const objections = () => diagnosedObjections(context, options, 'restart', args[0])
  return act(context, { name: 'restart', args, options, objections, ...planner(args, options) })
}
