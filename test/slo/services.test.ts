/** Several services in one run: their budgets, and the rules that are written for them. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { alertRules } from '../../scripts/rule-cases/promtool.ts'
import type { Targets } from '../../src/context.ts'
import type { RuleGroup } from '../../src/slo/rules.ts'
import { aWorld, cli } from '../support/world.ts'
import { countedSource, slos } from './counted.ts'
import { program, run } from './programs.ts'

const searchSlos = 'slos:\n  - name: orders\n    target: 99.5%\n    bad: sum(increase(f[$window]))\n    total: sum(increase(n[$window]))\n'
const settings = (services: string) => `services:\n${services}`
const two = settings(
  `  - { name: checkout, selector: 'job="checkout"', targets: { error-rate: 99.5% } }\n  - { name: search, namespace: shop, slos: search.yaml }\n`,
)

function session(file: string, recorded?: (id: string) => number | undefined) {
  const source = countedSource({
    ...(recorded ? { recorded } : {}),
    ids: [...slos.map((slo) => `checkout/${slo}`), 'search/orders'],
    counts: (id, seconds) =>
      id === 'search/orders'
        ? { bad: seconds * 0.04, total: seconds * 10 }
        : { bad: id === 'checkout/error-rate' ? seconds * 0.01 : 0, total: seconds * 10 },
  })
  const targets = { metrics: async () => source } as unknown as Targets
  const world = aWorld({ targets: () => targets, files: { '/project/task-mcp.yaml': file, '/project/search.yaml': searchSlos } })
  return { say: cli(world), source }
}

test('the budgets of all services come in one answer, asked in as many requests as those of one', async () => {
  const { say, source } = session(two)
  const { code, out } = await say('slo-budget', '--prometheus', 'http://prometheus.example')
  expect(code).toBe(0)
  expect(out).toContain('ONLY FIXES 20% of the orders budget of search is left')
  expect(out.replaceAll(/ +/g, ' ')).toContain('checkout/error-rate 99.5% 99.9% 80%')
  expect(source.requests.filter((names) => names.includes('bad 5m'))).toHaveLength(1)
  const one = await say('slo-budget', 'check', '--slo', 'checkout', '--prometheus', 'http://prometheus.example')
  expect(one).toMatchObject({ code: 0, out: expect.stringContaining('of the error-rate budget of checkout is left') })
})

test('a service whose rules are not loaded is counted from its own series, beside one whose are', async () => {
  const { say } = session(two, (id) => (id.startsWith('checkout') ? 43_200 : undefined))
  const { out } = await say('slo-budget', '--prometheus', 'http://prometheus.example')
  expect(out).toContain('ONLY FIXES 20% of the orders budget of search is left')
  expect(out.replaceAll(/\s+/g, ' ')).toContain("search/orders: counted from the service's own series, because no rule records it")
})

test.each([
  ['a target at which no page could ever go out', settings('  - { name: a, targets: { error-rate: 90% } }\n'), 'can never fire'],
  ['a target for an SLO that is none', settings('  - { name: a, targets: { eror-rate: 99% } }\n'), 'did you mean error-rate?'],
  ['a target that is no number', settings('  - { name: a, targets: { error-rate: high } }\n'), 'the target of SLO "error-rate" is NaN'],
  ['two of a name', settings('  - { name: a }\n  - { name: a }\n'), 'two services are called "a"'],
  ['a field that is none', settings('  - { name: a, selektor: x }\n'), 'did you mean selector?'],
  ['a file that is not there', settings('  - { name: a, slos: none.yaml }\n'), 'none.yaml cannot be read'],
])('%s is refused with the reason', async (_, file, message) => {
  for (const command of ['slo-rules', 'slo-budget']) {
    const { code, err, out } = await session(file).say(command)
    expect([code, out], command).toEqual([2, ''])
    expect(err).toContain(message)
  }
})

test('rules are written for each service, with its own series and label', async () => {
  const { out, code } = await session(two).say('slo-rules', '--runbook-base', 'https://runbooks.example/')
  expect(code).toBe(0)
  const { groups } = parse(out) as { groups: RuleGroup[] }
  expect(groups.map(({ name }) => name)).toEqual(['checkout-slo', 'checkout-symptoms', 'search-slo', 'search-symptoms'])
  expect(new Set(alertRules(groups.slice(2)).map(({ labels }) => labels.service))).toEqual(new Set(['search']))
  const fast = alertRules(groups).find(({ alert }) => alert === 'TaskMCPHighErrorRateFastBurn')!
  expect(fast.expr).toContain('> 0.072')
  expect(fast.annotations.runbook_url).toBe('https://runbooks.example/high-error-rate.md')
  expect(parse((await session(two).say('slo-rules', '--operator')).out)).toMatchObject({ kind: 'PrometheusRule' })
  const promtool = program('promtool')
  if (!promtool) return
  const folder = mkdtempSync(join(tmpdir(), 'services-'))
  try {
    writeFileSync(join(folder, 'rules.yaml'), out)
    expect(run(promtool, ['check', 'rules', 'rules.yaml'], folder)).toMatchObject({ code: 0 })
  } finally {
    rmSync(folder, { recursive: true })
  }
})
