/** From a remedy's command line to the action that it names. */
import type { Settings } from '../settings.ts'
import type { Acting } from './act.ts'
import type { ActionOptions } from './action-options.ts'
import { nameOf } from './entry.ts'

/** The commands that a remedy may name, and how each makes its plan. */
const planners = {
  restart: () => import('./restart.ts'),
  scale: () => import('./scale.ts'),
  rollback: () => import('./rollback.ts'),
  resume: () => import('./resume.ts'),
  resources: () => import('./resources.ts'),
  service: () => import('./service.ts'),
  policy: () => import('./policy.ts'),
  'config-restore': () => import('./config-restore.ts'),
  pod: () => import('./pod.ts'),
  'block add': () => import('./block.ts'),
  limit: () => import('./limit.ts'),
} as const

/**
 * The action that a command line names, for a service and with the options of the command that chose it. Undefined where the
 * line is for a person. UsageError when the line is one of ours and wrong.
 */
export async function actingFor(line: readonly string[], settings: Settings, options: ActionOptions): Promise<Acting | undefined> {
  const [program, ...words] = line
  const [{ commands }, { find }, { parse }] = await Promise.all([import('./index.ts'), import('./words.ts'), import('./parse.ts')])
  const { entry, rest } = find(words, commands)
  const name = entry === undefined ? '' : nameOf(entry).join(' ')
  if (program !== 'task-mcp' || entry === undefined || !(name in planners)) return undefined
  const { args, options: said } = parse(entry, rest)
  // Values of Secrets are never read, so a person has to put them back.
  if (name === 'config-restore' && /^secrets?\//i.test(args[0] ?? '')) return undefined
  // How much is enough is for a person to say.
  if (name === 'resources' && !(await import('../actions/resources.ts')).isWish(said)) return undefined
  const { planner } = await planners[name as keyof typeof planners]()
  // Whoever chose it diagnoses again afterwards, which says more than the golden signals alone.
  const chosen = {
    observe: 0,
    ...said,
    ...given(options),
    dryRun: options.dryRun || said.dryRun === true,
    yes: options.yes,
    why: options.why,
  }
  const namespace = typeof said.namespace === 'string' ? said.namespace : settings.service.namespace
  return {
    name,
    args,
    options: chosen as never,
    settings: { ...settings, service: { ...settings.service, namespace } },
    ...planner(args, chosen as never),
  }
}

/** What the user said to the command that chose; what was not said must not hide what the remedy says. */
const given = (options: ActionOptions): Partial<ActionOptions> => {
  const { namespace: _, ...rest } = options
  return Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined && value !== false))
}
