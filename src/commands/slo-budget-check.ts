/** `task-mcp slo-budget check`: may this release go? One line and an exit code. */
import type { Context } from '../context.ts'
import type { ExitCode } from '../errors.ts'
import { budgetLine } from '../output/slo-budget.ts'
import { type BudgetOptions, readBudget, verdictOf } from './slo-budget.ts'

interface CheckOptions extends BudgetOptions {
  readonly allow?: 'normal' | 'careful' | 'only-fixes'
}

export async function run(context: Context, _args: readonly string[], options: CheckOptions): Promise<ExitCode> {
  // The one line needs no story; the report in JSON does, and so does a forecast, which wants to know how much was counted.
  const { report } = await readBudget(context, options, options.json || options.base === 'forecast')
  const code = verdictOf(report.policy, options.allow ?? 'careful')
  context.terminal.out(
    options.json
      ? `${JSON.stringify({ policy: report.policy, ship: code === 0, why: budgetLine(report), report }, null, 2)}\n`
      : `${budgetLine(report)}\n`,
  )
  for (const warning of report.warnings) context.terminal.err(`${warning}\n`)
  return code
}
