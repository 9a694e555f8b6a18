import { expect, test } from 'vitest'
import { metricNames, ofMetric } from '../../src/runbook/promql.ts'

test.each([
  ['up', ['up']],
  ['sum by (pod, le) (rate(a_total{status=~"5..",route!~"/b.*"}[5m])) / on (pod) group_left (c) d', ['a_total', 'd']],
  ['histogram_quantile(0.95, sum(rate(x_bucket[5m])) by (le)) > 0.2', ['x_bucket']],
  ['a offset 5m or b and c unless d', ['a', 'b', 'c', 'd']],
  ['label_replace(up, "pod", "$1", "instance", "(.*)")', ['up']],
  ['max(clamp_min(slo:bad:count1m, 0)) # not_this', ['slo:bad:count1m']],
  ['x > bool 1e3', ['x']],
  ['vector(1)', []],
])('%s reads %j', (expression, names) => {
  expect(metricNames(expression)).toEqual(names)
})

test('the series of a histogram belong to its metric, a made-up one to none', () => {
  const metrics = new Set(['x', 'y_total'])
  expect(['x_bucket', 'x_sum', 'x_count', 'x', 'y_total'].every((name) => ofMetric(name, metrics))).toBe(true)
  expect(ofMetric('y', metrics)).toBe(false)
  expect(ofMetric('x_total', metrics)).toBe(false)
})
