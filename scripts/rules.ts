/**
 * Writes deploy/prometheus from the objectives: `node scripts/rules.ts`. With `--check` it writes nothing and fails when
 * a file differs. `--runbook-base https://runbooks.example.net/` makes the links in alerts absolute.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { stringify } from 'yaml'
import { taskMcpObjectives, taskMcpScope } from '../src/slo/objectives.ts'
import { prometheusRule, ruleGroups } from '../src/slo/rules.ts'
import { allCases, ruleTests } from './rule-cases/promtool.ts'

const folder = new URL('../deploy/prometheus/', import.meta.url)
const note = '# Written by scripts/rules.ts from src/slo: change it there.\n'

/** The content of every generated file, by name. */
export function generatedFiles(runbookBase = 'runbooks/'): Record<string, string> {
  const groups = ruleGroups(taskMcpObjectives(), { scope: taskMcpScope, runbookBase })
  return {
    'rules.yaml': yaml({ groups }),
    'prometheusrule.yaml': yaml(prometheusRule(groups, 'task-mcp')),
    'rules_test.yaml': yaml(ruleTests(allCases(groups), groups, ['rules.yaml'])),
  }
}

function yaml(value: unknown): string {
  return note + stringify(value, { lineWidth: 0, aliasDuplicateObjects: false })
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { check: { type: 'boolean', default: false }, 'runbook-base': { type: 'string' } } })
  for (const [name, content] of Object.entries(generatedFiles(values['runbook-base']))) {
    const path = new URL(name, folder)
    if (!values.check) writeFileSync(path, content)
    else if (readFileSync(path, 'utf8') !== content) {
      process.stderr.write(`deploy/prometheus/${name} is not what scripts/rules.ts writes: run it and commit the result\n`)
      process.exitCode = 1
    }
  }
}
