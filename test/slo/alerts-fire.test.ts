/** The shipped alerts on promtool: each fires when it should and not a minute before, and no wrong threshold would go unnoticed. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parse, stringify } from 'yaml'
import { budgetCases, burnCases } from '../../scripts/rule-cases/burn.ts'
import type { Case } from '../../scripts/rule-cases/case.ts'
import { alertRules, allCases, ruleTests } from '../../scripts/rule-cases/promtool.ts'
import { silentHours, symptomCases } from '../../scripts/rule-cases/symptoms.ts'
import { alertPrefix } from '../../src/slo/alert.ts'
import type { RuleGroup } from '../../src/slo/rules.ts'
import { type Mutant, mutants } from './mutants.ts'
import { program, run } from './programs.ts'

const promtool = program('promtool')
const shipped: { groups: RuleGroup[] } = parse(readFileSync('deploy/prometheus/rules.yaml', 'utf8'))
const rules = alertRules(shipped.groups)
const cases = allCases(shipped.groups)

test('every alert has a case that fires and a case that stays quiet', () => {
  const named = (firing: boolean) =>
    new Set(
      cases.flatMap(({ checks }) => checks.filter((check) => check.firing.length > 0 === firing).map(({ alert }) => alertPrefix + alert)),
    )
  const names = rules.map(({ alert }) => alert).sort()
  expect([...named(true)].sort()).toEqual(names)
  expect([...named(false)].sort()).toEqual(names)
  expect(new Set(names).size).toBe(names.length)
})

test('a case for an alert that does not exist is refused, where promtool would let it pass', () => {
  const misspelt = { name: 'x', series: [], checks: [{ alert: 'HighErorRateFastBurn', at: 1, firing: [] }] }
  expect(() => ruleTests([misspelt], shipped.groups, [])).toThrow('TaskMCPHighErorRateFastBurn, which no rule defines')
})

const long = burnCases.filter(({ name }) => /^(Medium|Slow|Trickle)Burn/.test(name))
const short = burnCases.filter((one) => !long.includes(one))

const silence = silentHours(rules.map(({ alert }) => alert.slice(alertPrefix.length)))
const alone = (some: readonly Case[]) => some.map((one) => [one])

test.skipIf(!promtool)('the alerts fire as promised, and stay quiet just below', { timeout: 600_000 }, () => {
  expect(judge([], alone([...short, ...budgetCases, ...symptomCases, ...silence]))).toEqual({ wrong: [], survived: [] })
})

// A hundred wrong rules beside the right ones, and days of minutes, take promtool most of a minute: CI waits for them.
const patient = promtool !== undefined && Boolean(process.env.SLOW_TESTS)

test.skipIf(!patient)('every wrong threshold and wait is caught by a case', { timeout: 600_000 }, () => {
  expect(judge([...alone(short), budgetCases, symptomCases], [])).toEqual({ wrong: [], survived: [] })
})

test.skipIf(!patient)('so it is with the alerts that look back for hours and days', { timeout: 600_000 }, () => {
  expect(judge(alone(long), [])).toEqual({ wrong: [], survived: [] })
})

/** Runs each list of cases on its own rule file; the first lists with mutants. Gives the alerts that broke a promise, and the mutants that kept all. */
function judge(withMutants: readonly (readonly Case[])[], without: readonly (readonly Case[])[]): { wrong: string[]; survived: string[] } {
  const asked = new Set(withMutants.flat().flatMap(({ checks }) => checks.map(({ alert }) => alertPrefix + alert)))
  const all = rules.filter(({ alert }) => asked.has(alert)).flatMap(mutants)
  const folder = mkdtempSync(join(tmpdir(), 'alerts-'))
  try {
    const files = [...withMutants.map((cases) => ({ cases, judged: all })), ...without.map((cases) => ({ cases, judged: [] }))].map(
      ({ cases, judged }, index) => {
        const groups = beside(onlyFor(cases), judged)
        write(join(folder, `rules-${index}.yaml`), { groups })
        write(
          join(folder, `test-${index}.yaml`),
          ruleTests(
            cases.map((one) => repeated(one, judged)),
            groups,
            [`rules-${index}.yaml`],
          ),
        )
        return `test-${index}.yaml`
      },
    )
    const { said } = run(promtool!, ['test', 'rules', ...files], folder)
    const failed = new Set([...said.matchAll(/alertname: (\w+), time/g)].map(([, name]) => name!))
    if (failed.size === 0 && all.length > 0) throw new Error(`promtool found nothing wrong with any mutant:\n${said.slice(0, 2000)}`)
    return {
      wrong: rules.map(({ alert }) => alert).filter((name) => failed.has(name)),
      survived: all.filter(({ rule }) => !failed.has(rule.alert)).map(({ of, what }) => `${of}: ${what}`),
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function write(path: string, document: object): void {
  writeFileSync(path, stringify(document, { lineWidth: 0, aliasDuplicateObjects: false }))
}

/** The shipped groups with no other alerts than these cases ask about: what nobody asks about only costs time. */
function onlyFor(some: readonly Case[]): RuleGroup[] {
  const asked = new Set(some.flatMap(({ checks }) => checks.map(({ alert }) => alertPrefix + alert)))
  return shipped.groups
    .map((group) => ({ ...group, rules: group.rules.filter((rule) => !('alert' in rule) || asked.has(rule.alert)) }))
    .filter(({ rules }) => rules.some((rule) => 'alert' in rule))
}

/** Each mutant beside the rule it was made from, so that one run judges them all. */
function beside(groups: readonly RuleGroup[], all: readonly Mutant[]): RuleGroup[] {
  return groups.map((group) => ({
    ...group,
    rules: group.rules.flatMap((rule): RuleGroup['rules'] =>
      'alert' in rule ? [rule, ...all.filter(({ of }) => of === rule.alert).map((mutant) => mutant.rule)] : [rule],
    ),
  }))
}

/** The case with every check asked of the alert's mutants too. */
function repeated(one: Case, all: readonly Mutant[]): Case {
  const checks = one.checks.flatMap((check) => [
    check,
    ...all
      .filter(({ of }) => of === alertPrefix + check.alert)
      .map(({ rule }) => ({ ...check, alert: rule.alert.slice(alertPrefix.length) })),
  ])
  return { ...one, checks }
}
