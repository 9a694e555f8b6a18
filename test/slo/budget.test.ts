/** The arithmetic: known values, and laws that hold for every history. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { loneErrorFloor, standing, wilson, worsening } from '../../src/slo/confidence.ts'
import { deployCost, incidentCost, spells } from '../../src/slo/cost.ts'
import { burnRate, type Counts, indicator, plus, remaining } from '../../src/slo/counts.ts'
import { coverage } from '../../src/slo/coverage.ts'
import { forecast, naiveExhaustion, rollOff } from '../../src/slo/forecast.ts'
import { policyFor, strictest } from '../../src/slo/policy.ts'
import { whatIf } from '../../src/slo/whatif.ts'

const day = 86_400
const counts = fc
  .tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 1e-3, max: 1e12, noNaN: true }))
  .map(([ratio, total]): Counts => ({ bad: ratio * total, total }))
const share = fc.constantFrom(0.0001, 0.001, 0.005, 0.01, 0.05, 0.25)
const factor = fc.double({ min: 1e-3, max: 1e3, noNaN: true })
const history = fc.array(counts, { minLength: 1, maxLength: 60 })
/** Whole events, as counters have them: hours that differ by 15 digits only test the floating point. */
const hourly = fc.array(
  fc.tuple(fc.nat(1_000_000), fc.integer({ min: 1, max: 1_000_000 })).map(([some, total]): Counts => ({ bad: some % (total + 1), total })),
  { minLength: 1, maxLength: 60 },
)
const sum = (all: readonly Counts[]) => all.reduce(plus, { bad: 0, total: 0 })
const near = (a: number, b: number, scale = Math.max(1, Math.abs(a), Math.abs(b))) => Math.abs(a - b) <= 1e-9 * scale

describe('burn and remaining', () => {
  test('known values at 99.9%', () => {
    expect(burnRate({ bad: 144, total: 10_000 }, 0.001)).toBeCloseTo(14.4, 10)
    expect(burnRate({ bad: 10, total: 10 }, 0.001)).toBeCloseTo(1000, 10)
    expect(remaining({ bad: 634, total: 1_000_000 }, 0.001)).toEqual({ fraction: 0.366, events: 366 })
    expect(remaining({ bad: 1800, total: 1_000_000 }, 0.001).fraction).toBeCloseTo(-0.8, 12)
    expect(indicator({ bad: 1, total: 1000 })).toBeCloseTo(0.999, 12)
  })

  test('no traffic is neither good nor bad', () => {
    for (const nothing of [indicator, (c: Counts) => burnRate(c, 0.001), (c: Counts) => remaining(c, 0.001).fraction])
      expect(nothing({ bad: 0, total: 0 })).toBeNull()
    expect(remaining({ bad: 0, total: 0 }, 0.001).events).toBe(0)
    expect(standing({ bad: 0, total: 0 }, 0.001)).toBe('no-traffic')
  })

  test('scaling the traffic changes neither', () => {
    fc.assert(
      fc.property(counts, share, factor, (c, b, k) => {
        const scaled = { bad: c.bad * k, total: c.total * k }
        return near(burnRate(c, b)!, burnRate(scaled, b)!) && near(remaining(c, b).fraction!, remaining(scaled, b).fraction!)
      }),
    )
  })

  test('a window is the sum of its parts: what is left in events adds up, however it is split', () => {
    fc.assert(
      fc.property(history, share, fc.nat(60), (hours, b, at) => {
        const left = (all: readonly Counts[]) => remaining(sum(all), b).events
        return near(left(hours), left(hours.slice(0, at)) + left(hours.slice(at)), sum(hours).total)
      }),
    )
  })

  test('remaining is 1 - burn over the same window, is not clamped, and is never NaN', () => {
    fc.assert(fc.property(counts, share, (c, b) => near(remaining(c, b).fraction!, 1 - burnRate(c, b)!)))
    fc.assert(fc.property(counts, share, (c, b) => remaining(c, b).fraction! < 0 === c.bad / c.total > b || near(c.bad / c.total, b)))
  })
})

describe('forecast', () => {
  test('14.4 times the rate empties a full 30-day budget in 50 hours, not in 2', () => {
    expect(naiveExhaustion({ bad: 0, total: 1e6 }, 0.001, 30 * day, 14.4)! / 3600).toBeCloseTo(50, 9)
  })

  test('over an even past without failures, roll-off and naive agree', () => {
    fc.assert(
      fc.property(
        share,
        fc.double({ min: 1.01, max: 100, noNaN: true }),
        fc.double({ min: 1, max: 1e6, noNaN: true }),
        (b, burn, perHour) => {
          const hours = Array.from({ length: 720 }, () => ({ bad: 0, total: perHour }))
          const course = { share: b, window: sum(hours), hours, burn, perHour }
          const { naive, rollOff: rolled } = forecast(course, 30 * day)
          return Math.abs(naive! - rolled.exhausted!) < 1e-6 * naive!
        },
      ),
    )
  })

  test('a burn of less than 1 never empties an even budget, though naive names a day', () => {
    const hours = Array.from({ length: 720 }, () => ({ bad: 0.5, total: 1000 }))
    const { naive, rollOff: rolled } = forecast({ share: 0.001, window: sum(hours), hours, burn: 0.5, perHour: 1000 }, 30 * day)
    expect(naive! / day).toBeCloseTo(30, 9)
    expect(rolled).toEqual({ exhausted: null, recovered: null })
  })

  test('a spent budget is back when the incident leaves the window', () => {
    const hours = Array.from({ length: 720 }, (_, hour) => ({ bad: hour === 100 ? 900 : 0, total: 1000 }))
    const course = { share: 0.001, window: sum(hours), hours, burn: 0, perHour: 1000 }
    expect(remaining(course.window, 0.001).fraction).toBeCloseTo(-0.25, 12)
    const { exhausted, recovered } = rollOff(course)
    expect(exhausted).toBe(0)
    expect(recovered! / 3600).toBeGreaterThan(100)
    expect(recovered! / 3600).toBeLessThan(101)
  })

  test('scaling the traffic moves no date; the answer is never NaN and never before now', () => {
    fc.assert(
      fc.property(hourly, share, fc.double({ min: 0, max: 50, noNaN: true }), factor, (hours, b, burn, k) => {
        const scaled = hours.map(({ bad, total }) => ({ bad: bad * k, total: total * k }))
        const course = (all: Counts[], perHour: number) => rollOff({ share: b, window: sum(all), hours: all, burn, perHour })
        const one = course(hours, hours[0]!.total)
        const other = course(scaled, scaled[0]!.total)
        return (['exhausted', 'recovered'] as const).every((key) => {
          const [a, c] = [one[key], other[key]]
          if (a === null || c === null) return a === c
          return a >= 0 && a <= hours.length * 3600 * (1 + 1e-9) && Math.abs(a - c) <= 1e-3 * Math.max(1, a)
        })
      }),
    )
  })

  test('at the hour it names the budget really is spent, hour by hour', () => {
    fc.assert(
      fc.property(
        hourly,
        share,
        fc.double({ min: 0, max: 20, noNaN: true }),
        fc.double({ min: 1, max: 1e6, noNaN: true }),
        (hours, b, burn, perHour) => {
          const now = sum(hours)
          const { exhausted } = rollOff({ share: b, window: now, hours, burn, perHour })
          const left = (h: number) => remaining(sum([...hours.slice(h), { bad: burn * b * perHour * h, total: perHour * h }]), b).events
          const firstSpent = Array.from({ length: hours.length + 1 }, (_, h) => h).find((h) => left(h) <= 0)
          if (exhausted === null)
            return firstSpent === undefined || Math.abs(left(firstSpent)) < 1e-6 * (now.total + perHour * hours.length * 20)
          return (
            firstSpent !== undefined &&
            (Math.ceil(exhausted / 3600 - 1e-9) === firstSpent ||
              Math.abs(left(firstSpent)) < 1e-6 * (now.total + perHour * hours.length * 20) ||
              Math.abs(left(Math.ceil(exhausted / 3600))) < 1e-6 * (now.total + perHour * hours.length * 20))
          )
        },
      ),
    )
  })

  test('shifting what already left the window changes nothing: hours without traffic at the front only add their time', () => {
    fc.assert(
      fc.property(hourly, share, fc.nat(20), (hours, b, quiet) => {
        const course = { share: b, window: sum(hours), hours, burn: 1, perHour: 100 }
        const later = rollOff({ ...course, hours: [...Array.from({ length: quiet }, () => ({ bad: 0, total: 0 })), ...hours] })
        const { recovered } = rollOff(course)
        return recovered === null ? later.recovered === null : near(later.recovered!, recovered + quiet * 3600, 1e6)
      }),
    )
  })
})

describe('how sure', () => {
  test('Wilson, against published values', () => {
    expect(wilson({ bad: 0, total: 10 })!.high).toBeCloseTo(0.2775, 4)
    expect(wilson({ bad: 1, total: 10 })!.low).toBeCloseTo(0.0179, 4)
    expect(wilson({ bad: 1, total: 10 })!.high).toBeCloseTo(0.4042, 4)
    expect(wilson({ bad: 0, total: 0 })).toBeNull()
  })

  test('the interval holds the observed share, lies within 0..1 and narrows with traffic', () => {
    fc.assert(
      fc.property(counts, fc.double({ min: 1.5, max: 1e4, noNaN: true }), (c, k) => {
        const { low, high } = wilson(c)!
        const wide = wilson({ bad: c.bad * k, total: c.total * k })!
        const p = c.bad / c.total
        return low >= 0 && high <= 1 && low <= p + 1e-12 && high >= p - 1e-12 && wide.high - wide.low <= high - low + 1e-12
      }),
    )
  })

  test('one bad of three requests decides nothing; one of a million does', () => {
    expect(standing({ bad: 0, total: 3 }, 0.001)).toBe('undetermined')
    expect(standing({ bad: 1, total: 1_000_000 }, 0.001)).toBe('met')
    expect(standing({ bad: 2000, total: 1_000_000 }, 0.001)).toBe('breached')
  })

  test('one error alone fires a page below 69, 166, 333 and 1000 requests', () => {
    expect([14.4, 6, 3, 1].map((f) => loneErrorFloor(0.001, f))).toEqual([69, 166, 333, 1000])
    expect(1 / 69 / 0.001).toBeGreaterThan(14.4)
    expect(1 / 70 / 0.001).toBeLessThan(14.4)
  })

  test('two proportions: a real worsening is told from chance', () => {
    expect(worsening({ bad: 10, total: 10_000 }, { bad: 12, total: 10_000 })!).toBeGreaterThan(0.3)
    expect(worsening({ bad: 10, total: 10_000 }, { bad: 200, total: 10_000 })!).toBeLessThan(1e-6)
    // z = 1.96 is a chance of 2.5% one way.
    expect(worsening({ bad: 100, total: 1000 }, { bad: 128, total: 1000 })!).toBeCloseTo(0.02455, 3)
    expect(worsening({ bad: 0, total: 0 }, { bad: 1, total: 1 })).toBeNull()
    expect(worsening({ bad: 0, total: 5 }, { bad: 0, total: 5 })).toBe(1)
  })
})

describe('what it cost', () => {
  test('an hour of night outage is 4.8% by events; by minutes the same hour is 139%', () => {
    const month = { bad: 0, total: 30 * day * 10 }
    const night = { bad: 1244, total: 1244 }
    expect(incidentCost(night, { ...month, bad: 1244 }, 0.001).share).toBeCloseTo(0.048, 3)
    expect(incidentCost({ bad: 60, total: 60 }, { bad: 60, total: 43_200 }, 0.001).share).toBeCloseTo(1.389, 3)
  })

  test('the costs of two halves of an incident add up, and the background is taken off', () => {
    fc.assert(
      fc.property(counts, counts, share, (a, b, s) => {
        const window = plus(plus(a, b), { bad: 0, total: 1e9 })
        const cost = (c: Counts) => incidentCost(c, window, s).share!
        return near(cost(plus(a, b)), cost(a) + cost(b), cost(plus(a, b)) + 1e-9)
      }),
    )
    const steady = incidentCost({ bad: 10, total: 10_000 }, { bad: 100, total: 100_000 }, 0.01)
    expect(steady.net).toBeCloseTo(0, 12)
    expect(steady.share).toBeCloseTo(0.01, 12)
  })

  test('a deploy is judged against the hour before it', () => {
    const window = { bad: 300, total: 1_000_000 }
    expect(deployCost({ bad: 10, total: 10_000 }, { bad: 210, total: 10_000 }, window, 0.001)).toMatchObject({
      share: 0.2,
      judgement: 'worse',
    })
    expect(deployCost({ bad: 10, total: 10_000 }, { bad: 11, total: 10_000 }, window, 0.001).judgement).toBe('no-difference')
    expect(deployCost({ bad: 0, total: 0 }, { bad: 11, total: 10_000 }, window, 0.001)).toMatchObject({
      share: null,
      judgement: 'cannot-tell',
    })
  })

  test('hours that burn are gathered into spells; a quiet hour or a gap ends one', () => {
    const hour = (index: number, bad: number): [number, Counts] => [index * 3600, { bad, total: 1000 }]
    const found = spells([hour(1, 0), hour(2, 50), hour(3, 90), hour(4, 0), hour(5, 20), hour(7, 20)], { bad: 180, total: 6000 }, 0.001, 3)
    expect(found.map(({ start, hours, bad, peak }) => [start / 3600, hours, bad, Math.round(peak)])).toEqual([
      [1, 2, 140, 90],
      [4, 1, 20, 20],
      [6, 1, 20, 20],
    ])
  })

  test('what if: a release that fails 2% for 10 minutes', () => {
    const answer = whatIf({ bad: 300, total: 1_000_000 }, 0.001, { badShare: 0.02, minutes: 10, perMinute: 1000 })
    expect(answer).toEqual({ bad: 200, cost: 0.2, remaining: 0.5, policy: 'careful', minutesToEmpty: 35 })
    expect(whatIf({ bad: 0, total: 0 }, 0.001, { badShare: 0.02, minutes: 10, perMinute: 0 })).toMatchObject({
      cost: null,
      remaining: null,
      policy: 'unknown',
    })
  })
})

test('coverage says how much of the window was counted; one point more than minutes is not more than all', () => {
  expect(coverage(21 * 1440, 30 * day)).toEqual({ recorded: 30_240, expected: 43_200, fraction: 0.7, enough: false })
  expect(coverage(43_201, 30 * day)).toMatchObject({ fraction: 1, enough: true })
})

test('policy by what is left', () => {
  expect([1, 0.51, 0.5, 0.2, 0.19, 0.001, 0, -3, null].map(policyFor)).toEqual([
    'normal',
    'normal',
    'careful',
    'careful',
    'only-fixes',
    'only-fixes',
    'freeze',
    'freeze',
    'unknown',
  ])
  expect(strictest(['normal', 'unknown', 'only-fixes'])).toBe('only-fixes')
  expect(strictest(['unknown'])).toBe('unknown')
  expect(strictest([])).toBe('unknown')
})
