/** `task-mcp fix [runbook]`: diagnose, take the first remedy through the door of all actions, and look whether the cause is gone. */
import { loadSettings } from '../config.ts'
import type { Context } from '../context.ts'
import type { Verdict } from '../diagnosis/verdict.ts'
import { type ExitCode, exit } from '../errors.ts'
import { renderReceipt } from '../output/plan.ts'
import { styleFor } from '../output/style.ts'
import { actQuietly } from './act.ts'
import type { ActionOptions } from './action-options.ts'
import { diagnosisNow } from './diagnosis-now.ts'
import { lookAgain } from './look-again.ts'
import { objectionsBeside } from './objections.ts'
import { actingFor } from './remedy.ts'

export async function run(context: Context, [runbook]: readonly string[], options: ActionOptions): Promise<ExitCode> {
  const { terminal } = context
  const { settings } = await loadSettings(options, context)
  const verdict = await diagnosisNow(context, settings, runbook)
  const cause = verdict.causes[0]
  terminal.err(`${verdict.headline}\n`)
  const remedy = cause?.remedies[0]
  const acting =
    cause === undefined || remedy === undefined
      ? undefined
      : await actingFor(remedy.command.split(' '), settings, { ...options, why: options.why ?? `${cause.code}: ${cause.summary}` })
  if (cause === undefined || acting === undefined) return withoutAction(context, verdict, options)
  const { objections, beside } = objectionsBeside(verdict.causes, remedy!.action)
  for (const word of beside) terminal.err(`careful: ${word}\n`)
  const { receipt } = await actQuietly(context, { ...acting, objections: async () => objections })
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
