import { expect, test } from 'vitest'
import { readObjectives } from '../../src/slo/objectives-file.ts'

const own = (more: string) => `slos:\n  - name: checkout\n    target: 99.9%\n${more}`
const counts = '    bad: sum(increase(f[$window]))\n    total: sum(increase(n[$window]))\n'

test('the short form: events or minutes', () => {
  const read = readObjectives(`${own(counts)}  - { name: reachable, target: 0.99, good: 'max(up{job="shop"})' }\n`, 'shop.yaml', 'shop')
  expect(read).toMatchObject([
    { kind: 'events', service: 'shop', name: 'checkout', target: 0.999, alert: 'Checkout', unit: 'requests' },
    { kind: 'time-slices', name: 'reachable', target: 0.99, good: 'max(up{job="shop"})' },
  ])
})

test('who spent it is asked as the file says', () => {
  const [read] = readObjectives(own(`${counts}    spentBy: { tenant: 'sum by (tenant) (increase(f[$window]))' }\n`), 'shop.yaml', 'shop')
  expect(read!.spentBy).toEqual({ tenant: 'sum by (tenant) (increase(f[$window]))' })
})

test.each([
  [
    'spentBy without a window',
    own(`${counts}    spentBy: { tenant: 'sum(f)' }\n`),
    'spentBy.tenant of SLO "checkout" is not a query with $window',
  ],
  ['spentBy in a list', own(`${counts}    spentBy: [tenant]\n`), 'spentBy of SLO "checkout" is not a mapping'],
  ['a typo', own(`    totl: x\n${counts}`), 'shop.yaml:2: an SLO has no "totl"'],
  ['a target of 100%', own(counts).replace('99.9%', '100%'), 'shop.yaml:2: the target of SLO "checkout" is 1'],
  ['a target in words', own(counts).replace('99.9%', 'high'), '"high" is not a target'],
  ['a factor that can never fire', own(counts).replace('99.9%', '90%'), 'can never fire: with everything failing the burn rate is 10'],
  ['counted in two ways', own(`${counts}    good: max(up)\n`), 'is counted in no way, or in two'],
  ['counted in no way', own(''), 'is counted in no way, or in two'],
  ['no range', own(counts.replace('f[$window]', 'f[5m]')), 'the bad query of SLO "checkout" has no $window'],
  ['two of a name', own(counts) + own(counts).replace('slos:\n', ''), 'has two SLOs called "checkout"'],
  ['nothing', '', 'shop.yaml holds no SLOs'],
  ['something else', 'a: 1', 'neither a list under "slos" nor an OpenSLO document'],
  ['broken YAML', 'slos: [', 'shop.yaml:'],
])('%s is refused with its place', (_, text, message) => {
  expect(() => readObjectives(text, 'shop.yaml', 'shop')).toThrow(message)
})

const openSlo = (ratio: string, spec = '') => `apiVersion: openslo/v1
kind: SLO
metadata: { name: shop-errors, displayName: Shop errors }
spec:
  service: shop
  ${spec}
  objectives: [{ target: 0.99 }]
  indicator: { metadata: { name: x }, spec: { ratioMetric: { ${ratio} } } }
`
const metric = (query: string) => `{ metricSource: { type: Prometheus, spec: { query: '${query}' } } }`

test('OpenSLO: counters are counted over any window, good is turned into bad', () => {
  const [read] = readObjectives(openSlo(`counter: true, good: ${metric('sum(n{code=~"2.."})')}, total: ${metric('n')}`), 'o.yaml', 'unused')
  expect(read).toMatchObject({
    kind: 'events',
    service: 'shop',
    name: 'shop-errors',
    title: 'Shop errors',
    target: 0.99,
    total: 'sum(increase(n[$window]))',
    bad: 'clamp_min(sum(increase(n[$window])) - sum(increase(n{code=~"2.."}[$window])), 0)',
  })
})

test.each([
  [
    'inline',
    `alertPolicies: [{ kind: AlertPolicy, spec: { conditions: [{ kind: AlertCondition, spec: { condition: { kind: burnrate, op: gt, threshold: 200 } } }] } }]`,
    '',
  ],
  [
    'in documents beside it',
    'alertPolicies: [fast]',
    '---\napiVersion: openslo/v1\nkind: AlertPolicy\nmetadata: { name: fast }\nspec: { conditions: [{ conditionRef: page }] }\n---\napiVersion: openslo/v1\nkind: AlertCondition\nmetadata: { name: page }\nspec: { condition: { kind: burnrate, op: gt, threshold: 200 } }\n',
  ],
])('OpenSLO: a burn alert that can never fire is refused, %s', (_, spec, more) => {
  const text = openSlo(`counter: true, bad: ${metric('f')}, total: ${metric('n')}`, spec) + more
  expect(() => readObjectives(text, 'o.yaml', 'shop')).toThrow('a burn alert at factor 200 on SLO "shop-errors" can never fire')
  expect(readObjectives(text.replaceAll('200', '50'), 'o.yaml', 'shop')).toHaveLength(1)
})

test('OpenSLO: an indicator in a document of its own, and a range as a template', () => {
  const sli = `apiVersion: openslo/v1\nkind: SLI\nmetadata: { name: errors }\nspec: { ratioMetric: { bad: ${metric('sum(rate(f[{{.window}}]))')}, total: ${metric('sum(rate(n[{{.window}}]))')} } }\n`
  const slo =
    'apiVersion: openslo/v1\nkind: SLO\nmetadata: { name: shop-errors }\nspec: { service: shop, indicatorRef: errors, objectives: [{ targetPercent: 99.5 }] }\n'
  expect(readObjectives(`${sli}---\n${slo}`, 'o.yaml', 'unused')).toMatchObject([{ target: 0.995, bad: 'sum(rate(f[$window]))' }])
})

const counters = `counter: true, bad: ${metric('f')}, total: ${metric('n')}`

test.each([
  ['timeWindow: [{ duration: 28d, isRolling: true }]', { text: '28d' }],
  ['timeWindow: [{ duration: 1M, isRolling: true }]', { text: '30d' }],
  [
    'timeWindow: [{ duration: 1M, isRolling: false, calendar: { startTime: 2026-01-01 00:00:00, timeZone: Europe/Vienna } }]',
    { text: 'month', timeZone: 'Europe/Vienna' },
  ],
  ['', undefined],
])('OpenSLO: %s is the window of the budget', (spec, window) => {
  expect(readObjectives(openSlo(counters, spec), 'o.yaml', 'unused')[0]?.window).toEqual(window)
})

test.each([
  [
    'a window of two months by the calendar',
    openSlo(counters, 'timeWindow: [{ duration: 2M, isRolling: false }]'),
    'SLO "shop-errors": its timeWindow is 2M by the calendar',
  ],
  ['a window that is none', openSlo(counters, 'timeWindow: [{ duration: soon }]'), 'its timeWindow has the duration "soon"'],
  [
    'time slices',
    openSlo(`counter: true, bad: ${metric('f')}, total: ${metric('n')}`, 'budgetingMethod: Timeslices'),
    'is budgeted by Timeslices',
  ],
  ['a fixed range', openSlo(`bad: ${metric('sum(rate(f[5m]))')}, total: ${metric('sum(rate(n[5m]))')}`), 'a query has a fixed range'],
  ['not a counter', openSlo(`bad: ${metric('f')}, total: ${metric('n')}`), 'is not of a counter'],
  [
    'another store',
    openSlo(`counter: true, bad: ${metric('f')}, total: ${metric('n')}`).replaceAll('Prometheus', 'Datadog'),
    'its metrics come from Datadog',
  ],
  [
    'an indicator that is elsewhere',
    'apiVersion: openslo/v1\nkind: SLO\nmetadata: { name: a }\nspec: { indicatorRef: b, objectives: [{ target: 0.9 }] }\n',
    'SLO "a" has no indicator here',
  ],
])('OpenSLO: %s is refused with the reason', (_, text, message) => {
  expect(() => readObjectives(text, 'o.yaml', 'shop')).toThrow(message)
})
