/** `task-mcp fix [runbook]`: diagnose, take the first remedy through the door of all actions, and look whether the cause is gone. */
import { loadSettings } from '../config.ts'
import type { Context } from '../context.ts'
import type { Cause, Verdict } from '../diagnosis/verdict.ts'
import { type ExitCode, exit } from '../errors.ts'
import { renderReceipt } from '../output/plan.ts'
import { styleFor } from '../output/style.ts'
import type { Settings } from '../settings.ts'
import { type Acting, actQuietly } from './act.ts'
import type { ActionOptions } from './action-options.ts'
import { diagnosisNow } from './diagnosis-now.ts'
import { objectionsIn } from './objections.ts'

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
} as const

/** How long the cause may linger after the remedy was verified, and how often to look, in milliseconds. */
const patience = 60_000
const interval = 5000

/** Another cause counts only when it is still there after so many milliseconds: counters and conditions of the old trouble fade first. */
const settling = 20_000

export async function run(context: Context, [runbook]: readonly string[], options: ActionOptions): Promise<ExitCode> {
  const { terminal } = context
  const { settings } = await loadSettings(options, context)
  const verdict = await diagnosisNow(context, settings, runbook)
  const cause = verdict.causes[0]
  terminal.err(`${verdict.headline}\n`)
  const remedy = cause?.remedies[0]
  const acting = cause === undefined || remedy === undefined ? undefined : await actingFor(remedy.command, cause, settings, options)
  if (cause === undefined || acting === undefined) return withoutAction(context, verdict, options)
  const { receipt } = await actQuietly(context, {
    ...acting,
    objections: async () => objectionsIn(verdict.causes.slice(1), remedy!.action),
  })
  const after =
    receipt.outcome === 'applied' && receipt.verified !== undefined ? await lookAgain(context, settings, verdict.runbook, cause) : undefined
  const code = receipt.exitCode !== exit.ok || after === undefined ? receipt.exitCode : after.code
  if (options.json) terminal.out(`${JSON.stringify({ verdict, receipt, ...(after ? { after: after.verdict } : {}) }, null, 2)}\n`)
  else
    terminal.out(
      renderReceipt({ ...receipt, exitCode: code }, { columns: terminal.columns, style: styleFor(terminal) }) +
        (after ? `${after.said}\n` : ''),
    )
  return code
}

/** The action that a remedy's command line names, for this service. Undefined where the remedy is for a person. */
async function actingFor(command: string, cause: Cause, settings: Settings, options: ActionOptions): Promise<Acting | undefined> {
  // Values of Secrets are never read, so a person has to put them back.
  if (cause.subject.kind === 'Secret') return undefined
  const [program, ...words] = command.split(' ')
  const [{ commands }, { find }, { parse }] = await Promise.all([import('./index.ts'), import('./words.ts'), import('./parse.ts')])
  const { entry, rest } = find(words, commands)
  const name = entry?.usage.split(' ')[0] ?? ''
  if (program !== 'task-mcp' || entry === undefined || !(name in planners)) return undefined
  const { args, options: said } = parse(entry, rest)
  const { planner } = await planners[name as keyof typeof planners]()
  const chosen = {
    ...said,
    ...given(options),
    dryRun: options.dryRun,
    yes: options.yes,
    why: options.why ?? `${cause.code}: ${cause.summary}`,
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

/** What the user said to fix itself; what was not said must not hide what the remedy says. */
const given = (options: ActionOptions): Partial<ActionOptions> => {
  const { namespace: _, ...rest } = options
  return Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined && value !== false))
}

function withoutAction(context: Context, verdict: Verdict, options: ActionOptions): ExitCode {
  const { terminal } = context
  const remedy = verdict.causes[0]?.remedies[0]
  if (options.json) terminal.out(`${JSON.stringify({ verdict }, null, 2)}\n`)
  else if (verdict.verdict === 'healthy') terminal.out('nothing to fix\n')
  else if (remedy === undefined)
    terminal.out(
      `nothing was changed: ${verdict.verdict === 'inconclusive' ? 'the cause is not known' : 'no cause was found'}\n  ${verdict.wouldDecide[0] ?? 'task-mcp diagnose'}\n`,
    )
  else terminal.out(`nothing was changed: this is for a person: ${remedy.why}\n  ${remedy.command}\n`)
  if (verdict.verdict === 'healthy') return exit.ok
  if (verdict.causes[0]?.code === 'access_denied') return exit.denied
  return verdict.verdict === 'inconclusive' ? exit.unknown : exit.findings
}

interface After {
  verdict: Verdict
  code: ExitCode
  said: string
}

/** Diagnose until the cause is gone, for a while. */
async function lookAgain(context: Context, settings: Settings, runbook: string, cause: Cause): Promise<After> {
  const started = context.clock.now()
  for (;;) {
    const verdict = await diagnosisNow(context, settings, runbook)
    const waited = context.clock.now() - started
    const left = verdict.causes.find((one) => one.code === cause.code && one.subject.kind === cause.subject.kind)
    const next = verdict.causes[0]
    if (next === undefined) {
      return {
        verdict,
        code: exit.ok,
        said: verdict.verdict === 'healthy' ? verdict.headline : `${cause.code} is gone; ${verdict.headline}`,
      }
    }
    if (left !== undefined && waited >= patience) {
      return { verdict, code: exit.unverified, said: `the change came true, but ${cause.code} is still there: ${left.summary}` }
    }
    if (left === undefined && waited >= settling) {
      return {
        verdict,
        code: exit.findings,
        said: `${cause.code} is gone; behind it there is ${next.code}: ${next.summary}\n  task-mcp fix ${runbook}`,
      }
    }
    await context.clock.sleep(interval, context.signal)
  }
}
