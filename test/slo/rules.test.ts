import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { alertRules } from '../../scripts/rule-cases/promtool.ts'
import { generatedFiles } from '../../scripts/rules.ts'
import { burnAlerts, burnThreshold } from '../../src/slo/burn-alerts.ts'
import { checkObjective, type EventObjective, taskMcpObjectives, taskMcpScope } from '../../src/slo/objectives.ts'
import { ruleGroups } from '../../src/slo/rules.ts'
import { program, run } from './programs.ts'

const groups = ruleGroups(taskMcpObjectives(), { scope: taskMcpScope, runbookBase: 'runbooks/' })
const errorRate = taskMcpObjectives().find((objective): objective is EventObjective => objective.name === 'error-rate')!

test.each(Object.entries(generatedFiles()))('deploy/prometheus/%s is what the objectives say', (name, content) => {
  expect(readFileSync(`deploy/prometheus/${name}`, 'utf8') === content, 'run node scripts/rules.ts and commit what it writes').toBe(true)
})

test('the PrometheusRule holds the same groups as the plain file', () => {
  const files = generatedFiles()
  expect(parse(files['prometheusrule.yaml']!).spec.groups).toEqual(parse(files['rules.yaml']!).groups)
})

test('no ratio is recorded: every recorded event series is a count, and ratios cannot be summed', () => {
  const records = groups.flatMap(({ rules }) => rules.filter((rule) => 'record' in rule))
  expect(new Set(records.map(({ record }) => record))).toEqual(
    new Set([
      'slo:bad_events:count1m',
      'slo:total_events:count1m',
      'slo:objective:target',
      ...['5m', '30m', '1h'].flatMap((w) => [`slo:bad_events:count${w}`, `slo:total_events:count${w}`]),
    ]),
  )
})

test('every alert tells a person what it is, where its runbook is and what to type', () => {
  for (const { alert, labels, annotations } of alertRules(groups)) {
    expect(alert).toMatch(/^TaskMCP[A-Z]/)
    expect(['critical', 'warning', 'ticket']).toContain(labels.severity)
    expect(annotations.summary!.length, alert).toBeLessThanOrEqual(110)
    expect(annotations.runbook_url).toMatch(/^runbooks\/[a-z-]+\.md$/)
    expect(annotations.diagnose).toBe(`task-mcp diagnose ${annotations.runbook_url!.slice('runbooks/'.length, -'.md'.length)}`)
  }
})

test('every runbook that an alert links to is shipped', () => {
  const linked = new Set(alertRules(groups).map(({ annotations }) => annotations.runbook_url!))
  expect([...linked].filter((path) => !existsSync(path))).toEqual([])
})

test('the alerts that the runbooks name exist', () => {
  const names = new Set(alertRules(groups).map(({ alert }) => alert))
  const named = readdirSync('runbooks')
    .filter((file) => file.endsWith('.md'))
    .flatMap((file) => [...readFileSync(`runbooks/${file}`, 'utf8').matchAll(/\bTaskMCP[A-Z]\w+/g)].map(([name]) => name))
  expect([...new Set(named)].filter((name) => !names.has(name))).toEqual([])
})

test('a factor that can never be exceeded is refused with the reason', () => {
  expect(() => burnThreshold({ ...errorRate, target: 0.9 }, 14.4)).toThrow('can never fire: with everything failing the burn rate is 10')
  expect(burnThreshold({ ...errorRate, target: 0.95 }, 14.4)).toBe(0.72)
  expect(() => burnAlerts({ ...errorRate, target: 0.9 })).toThrow('error-rate')
})

test('an objective that cannot be counted against is refused', () => {
  expect(() => checkObjective({ ...errorRate, target: 1 })).toThrow('the target of SLO "error-rate" is 1')
  expect(() => checkObjective({ ...errorRate, target: 99.9 })).toThrow('99.9')
  expect(() => checkObjective({ ...errorRate, name: 'Error Rate' })).toThrow('"Error Rate" is not a name')
  expect(() => checkObjective({ ...errorRate, bad: 'sum(increase(errors_total[5m]))' })).toThrow(
    'the bad query of SLO "error-rate" has no $window',
  )
})

const promtool = program('promtool')
test.skipIf(!promtool)('promtool accepts the rules', () => {
  expect(run(promtool!, ['check', 'rules', 'deploy/prometheus/rules.yaml'], '.')).toMatchObject({ code: 0 })
})
