/** `task-mcp slo-rules`: the recording rules and alerts of the services in the settings, for Prometheus or its operator. */
import { loadSettings } from '../config.ts'
import type { Context } from '../context.ts'
import { type ExitCode, exit } from '../errors.ts'
import { prometheusRule, type RuleGroup, ruleGroups } from '../slo/rules.ts'
import type { GlobalOptions } from './entry.ts'
import { promisesOf } from './slo-services.ts'

interface RulesOptions extends GlobalOptions {
  readonly slos?: string
  readonly operator: boolean
  readonly runbookBase?: string
}

export async function run(context: Context, _args: readonly string[], options: RulesOptions): Promise<ExitCode> {
  const { settings } = await loadSettings(options, context)
  const promises = await promisesOf(context, settings, options.slos)
  const groups = promises.flatMap(({ scope, objectives }): RuleGroup[] =>
    ruleGroups(objectives, { scope, runbookBase: options.runbookBase ?? 'runbooks/', name: scope.service }),
  )
  const document = options.operator ? prometheusRule(groups, 'task-mcp-slo') : { groups }
  if (options.json) context.terminal.out(`${JSON.stringify(document, null, 2)}\n`)
  else {
    const { stringify } = await import('yaml')
    context.terminal.out(`# Written by task-mcp slo-rules.\n${stringify(document, { lineWidth: 0, aliasDuplicateObjects: false })}`)
  }
  return exit.ok
}
