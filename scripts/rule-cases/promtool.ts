/** Writes cases as the file that `promtool test rules` reads. */
import { alertPrefix } from '../../src/slo/alert.ts'
import type { AlertRule, RuleGroup } from '../../src/slo/rules.ts'
import { budgetCases, burnCases } from './burn.ts'
import type { Case, Check } from './case.ts'
import { silentHours, symptomCases } from './symptoms.ts'

/** The alert rules in these groups. */
export function alertRules(groups: readonly RuleGroup[]): AlertRule[] {
  return groups.flatMap(({ rules }) => rules.filter((rule) => 'alert' in rule))
}

/** Every case there is. `groups` says what the alerts are called and what their annotations are. */
export function allCases(groups: readonly RuleGroup[]): Case[] {
  return [
    ...burnCases,
    ...budgetCases,
    ...symptomCases,
    ...silentHours(alertRules(groups).map((rule) => rule.alert.slice(alertPrefix.length))),
  ]
}

/** The document for promtool. Throws when a case names an alert that is in no group: promtool would let that pass. */
export function ruleTests(cases: readonly Case[], groups: readonly RuleGroup[], ruleFiles: readonly string[]): object {
  const rules = new Map(alertRules(groups).map((rule) => [rule.alert, rule]))
  const expected = ({ alert, firing }: Check) => {
    const rule = rules.get(alertPrefix + alert)
    if (!rule) throw new Error(`a case names ${alertPrefix}${alert}, which no rule defines`)
    return firing.map(({ labels, shown = {} }) => {
      const all: Record<string, string> = { ...rule.labels, ...labels }
      const annotations = Object.entries(rule.annotations).map(([name, text]) => [name, filled(text, all, shown)])
      return { exp_labels: all, exp_annotations: Object.fromEntries(annotations) }
    })
  }
  return {
    rule_files: ruleFiles,
    evaluation_interval: '1m',
    tests: cases.map(({ name, series, checks }) => ({
      name,
      interval: '1m',
      input_series: series,
      alert_rule_test: checks.map((check) => ({
        eval_time: `${check.at}m`,
        alertname: alertPrefix + check.alert,
        exp_alerts: expected(check),
      })),
    })),
  }
}

function filled(text: string, labels: Record<string, string>, shown: Record<string, string>): string {
  return text.replaceAll(/\{\{ (.+?) \}\}/g, (_, template: string) => {
    const label = /^\$labels\.(\w+)$/.exec(template)?.[1]
    const value = label === undefined ? shown[template] : labels[label]
    if (value === undefined) throw new Error(`a case does not say what {{ ${template} }} shows`)
    return value
  })
}
