/** `task-mcp slo-budget whatif`: what a bad release would cost, before it is made. */
import type { Context } from '../context.ts'
import { type ExitCode, exit, UsageError } from '../errors.ts'
import { amount, percent, roughPercent } from '../output/slo-number.ts'
import { span } from '../output/time.ts'
import { budgetShare } from '../slo/objectives.ts'
import { policyMeaning } from '../slo/policy.ts'
import { whatIf } from '../slo/whatif.ts'
import { type BudgetOptions, readBudget, verdictOf } from './slo-budget.ts'

interface WhatIfOptions extends BudgetOptions {
  readonly releaseErrorRate?: number
  readonly minutes?: number
}

export async function run(context: Context, _args: readonly string[], options: WhatIfOptions): Promise<ExitCode> {
  const { releaseErrorRate: badShare, minutes } = options
  if (badShare === undefined || minutes === undefined || !(minutes > 0))
    throw new UsageError(
      'whatif needs --release-error-rate and --minutes',
      'for example task-mcp slo-budget whatif --release-error-rate 2% --minutes 10',
    )
  const { report } = await readBudget(context, { ...options, slo: options.slo ?? ['error-rate'] }, options.base === 'forecast')
  const answers = report.objectives.map((one) => {
    const hour = one.burn.find(({ window }) => window === '1h')?.total ?? null
    const window = one.counts ?? { bad: 0, total: 0 }
    return {
      slo: one.name,
      unit: one.unit,
      perMinute: hour === null ? null : hour / 60,
      before: one.remaining.fraction,
      ...whatIf(window, budgetShare(one.target), { badShare, minutes, perMinute: (hour ?? 0) / 60 }),
    }
  })
  context.terminal.out(
    options.json
      ? `${JSON.stringify(answers, null, 2)}\n`
      : answers
          .map((one) =>
            one.before === null || one.perMinute === null
              ? `${one.slo}: nothing was counted, so nothing can be foretold\n`
              : `${one.slo}: ${percent(badShare)} failing for ${minutes} min at ${amount(one.perMinute)} ${one.unit} a minute is ${amount(one.bad)} bad ${one.unit}, ${roughPercent(one.cost)} of the budget.\n` +
                `  ${roughPercent(one.before)} is left now, ${roughPercent(one.remaining)} would be left: ${one.policy.replace('-', ' ')}, ${policyMeaning[one.policy]}.\n` +
                (one.minutesToEmpty === null ? '' : `  All of it would be gone after ${span(one.minutesToEmpty * 60)}.\n`),
          )
          .join(''),
  )
  if (answers.some((one) => one.policy === 'unknown')) return exit.unknown
  return answers.every((one) => verdictOf(one.policy, 'careful') === exit.ok) ? exit.ok : exit.findings
}
