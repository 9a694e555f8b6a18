import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { alertRules } from '../../scripts/rule-cases/promtool.ts'
import { conditionsOf } from '../../src/slo/conditions.ts'

test.each([
  ['up == 0', [{ measured: 'up', operator: '==', threshold: '0' }]],
  ['a / (b > 0) > 0.1', [{ measured: 'a / (b > 0)', operator: '>', threshold: '0.1' }]],
  [
    '(a > 1)\nand\n(b{x="and > (",y=~"1|2"} >= 2)',
    [
      { measured: 'a', operator: '>', threshold: '1' },
      { measured: 'b{x="and > (",y=~"1|2"}', operator: '>=', threshold: '2', joined: 'and' },
    ],
  ],
  ['absent(a) or band > 3', [{ measured: 'absent(a)' }, { measured: 'band', operator: '>', threshold: '3', joined: 'or' }]],
])('%s', (expr, conditions) => {
  expect(conditionsOf(expr)).toEqual(conditions)
})

test('every shipped alert comes apart into what it measures and its thresholds', () => {
  for (const { alert, expr } of alertRules(parse(readFileSync('deploy/prometheus/rules.yaml', 'utf8')).groups))
    for (const { measured, operator } of conditionsOf(expr)) {
      expect(operator !== undefined || measured.startsWith('absent('), `${alert}: ${measured}`).toBe(true)
      expect(measured.split('(').length, alert).toBe(measured.split(')').length)
    }
})
