/** Thirty true days in a real Prometheus: what slo-budget says against what happened. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { BudgetReport } from '../../src/slo/report.ts'
import { makeTargets } from '../../src/targets/index.ts'
import { aWorld, cli } from '../support/world.ts'
import { gateway } from './gateway.ts'
import { program } from './programs.ts'
import { type RecordedDays, recordedDays } from './recorded-days.ts'
import { incidents, truth } from './true-days.ts'

const promtool = program('promtool')
const prometheus = program('prometheus')
const shares: Record<string, number> = { availability: 0.001, 'error-rate': 0.001, latency: 0.05, 'latency-tail': 0.01, throughput: 0.005 }
const minutesOf: Record<string, number> = { '5m': 5, '30m': 30, '1h': 60, '2h': 120, '6h': 360, '1d': 1440, '3d': 4320, window: 43_200 }

/** Days recorded before the tests of a group, and how to ask slo-budget about them. */
function asked(shown?: number) {
  let recorded: RecordedDays | undefined
  beforeAll(async () => {
    recorded = await recordedDays({ promtool: promtool!, prometheus: prometheus! }, shown)
  }, 600_000)
  afterAll(() => recorded?.stop())
  const asking = async (prometheus: string, files: Record<string, string>, ...argv: string[]) => {
    const world = aWorld({
      now: recorded!.end * 1000,
      files,
      targets: (settings) => makeTargets(settings, { env: {}, home: '/nowhere' }),
    })
    return cli(world)('slo-budget', ...argv, '--prometheus', prometheus, '--timeout', '60s')
  }
  const ask = (...argv: string[]) => asking(recorded!.url, {}, ...argv)
  const report = async (...argv: string[]): Promise<BudgetReport> => {
    const { out, err } = await ask('--json', ...argv)
    expect(err).toBe('')
    return JSON.parse(out)
  }
  return { days: () => recorded!.days, url: () => recorded!.url, asking, ask, report }
}

describe.skipIf(!promtool || !prometheus)('the last two of them', { timeout: 600_000 }, () => {
  const { days, url, asking, ask, report } = asked(2)

  test('below a path, for a tenant, with the remarks of other stores: the same budgets, and what they warn of', async () => {
    const remarks = { warnings: ['one store did not answer'], infos: ['PromQL info: metric might not be a counter'] }
    const gate = await gateway(url(), '/prometheus', 'shop', remarks)
    try {
      const of = (text: string): BudgetReport => JSON.parse(text)
      const settings = { '/project/task-mcp.yaml': 'prometheus: { headers: { X-Scope-OrgID: shop } }\n' }
      const through = await asking(`${gate.url}/prometheus`, settings, '--json', '--window', '1d')
      const straight = of((await ask('--json', '--window', '1d')).out)
      expect(of(through.out).objectives).toEqual(straight.objectives)
      expect(of(through.out).warnings).toContain('one store did not answer')
      expect(through.out).not.toContain('might not be a counter')
      expect(new Set(gate.asked)).toEqual(new Set(['/api/v1/query', '/api/v1/query_range']))

      const nobody = await asking(`${gate.url}/prometheus`, {}, '--window', '1d')
      expect([nobody.code, nobody.out]).toEqual([4, ''])
      expect(nobody.err).toContain('headers')
      const elsewhere = await asking(gate.url, settings, '--window', '1d')
      expect(elsewhere.code).toBe(5)
      expect(elsewhere.err).toContain('path prefix')
    } finally {
      await gate.stop()
    }
  })

  test("the budget of a day is right to a thousandth of a month's", async () => {
    const { objectives, source } = await report('--window', '1d')
    expect(source.counts).toBe('recorded')
    for (const one of objectives) {
      const { bad, total } = truth(days(), one.name, 33 * 1440, 1440)
      expect(Math.abs(one.remaining.fraction! - (1 - bad / (shares[one.name]! * total))), one.name).toBeLessThanOrEqual(0.001 * 30)
    }
  })
})

// Writing them takes ten seconds: CI waits for it.
describe.skipIf(!promtool || !prometheus || !process.env.SLOW_TESTS)('thirty true days', { timeout: 600_000 }, () => {
  const { days, ask, report } = asked()

  test('every budget is right to a thousandth of itself', async () => {
    const { objectives, source } = await report()
    expect(source.counts).toBe('recorded')
    for (const one of objectives) {
      const { bad, total } = truth(days(), one.name, 33 * 1440, 43_200)
      expect(Math.abs(one.remaining.fraction! - (1 - bad / (shares[one.name]! * total))), one.name).toBeLessThanOrEqual(0.001)
    }
  })

  test('every burn rate is right to a thousandth of the budget', async () => {
    const { objectives } = await report()
    for (const one of objectives) {
      const budget = shares[one.name]! * truth(days(), one.name, 33 * 1440, 43_200).total
      for (const { window, rate, bad } of one.burn) {
        const true_ = truth(days(), one.name, 33 * 1440, minutesOf[window]!)
        expect(Math.abs(bad! - true_.bad) / budget, `${one.name} ${window}`).toBeLessThanOrEqual(0.001)
        if (minutesOf[window]! >= 360)
          expect(Math.abs(rate! - true_.bad / true_.total / shares[one.name]!), `${one.name} ${window}`).toBeLessThanOrEqual(
            0.02 * Math.max(1, rate!),
          )
      }
    }
  })

  test('incidents are priced, and the release on day 24 is found and judged', async () => {
    const iso = (minute: number) => new Date((days().start + minute * 60) * 1000).toISOString()
    // What a scrape shows at a minute happened in the minute before it.
    const asked = incidents.flatMap(({ from, minutes }) => ['--incident', `${iso(from - 1)}/${iso(from + minutes - 1)}`])
    const errorRate = (await report('--slo', 'error-rate', ...asked)).objectives[0]!
    const window = truth(days(), 'error-rate', 33 * 1440, 43_200)
    for (const [index, { from, minutes }] of incidents.entries()) {
      const true_ = truth(days(), 'error-rate', from + minutes, minutes).bad / (0.001 * window.total)
      expect(Math.abs(errorRate.spent.incidents[index]!.share! - true_), `incident ${index}`).toBeLessThanOrEqual(0.001)
    }
    expect(errorRate.spent.deploys).toMatchObject([{ name: '1.1.0 r', judgement: 'worse' }])
    expect(Math.abs(Date.parse(errorRate.spent.deploys[0]!.at) / 1000 - (days().start + (24 * 1440 + 600) * 60))).toBeLessThanOrEqual(600)
  })

  test('an earlier time is looked at with --at, and a longer window says what it does not cover', async () => {
    const at = days().start + 20 * 86_400
    const errorRate = (await report('--slo', 'error-rate', '--at', `${at}`, '--window', '7d')).objectives[0]!
    const { bad, total } = truth(days(), 'error-rate', 20 * 1440 + 1, 7 * 1440)
    expect(Math.abs(errorRate.remaining.fraction! - (1 - bad / (0.001 * total)))).toBeLessThanOrEqual(0.01)
    const { out } = await ask('--window', '60d', '--slo', 'error-rate')
    expect(out).toContain('33 of 60 days')
  })

  test('the page and the line for CI', async () => {
    const check = await ask('check', '--slo', 'error-rate')
    expect(check.out).toMatch(/^(careful|normal): \d+% of the error-rate budget of task-mcp-http is left; ship .+\n$/)
    expect(check.code).toBe(0)
  })
})
