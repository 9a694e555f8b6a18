import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Call, escalation, type Fact, nextContact } from '../../src/incident/escalation.ts'
import { factsFrom, type Observation, observe } from '../../src/incident/facts.ts'
import { localTime, renderEscalation } from '../../src/output/escalation.ts'
import { plain } from '../../src/output/style.ts'
import { shipped } from '../runbook/books.ts'

const { levels, people } = shipped().find((book) => book.name === 'escalation')!
const onset = Date.parse('2026-11-23T03:12:00Z')
const minute = 60_000
const look = { columns: 80, style: plain, verbose: false }

const at = (minutes: number, facts: readonly Fact[] = [], calls: readonly Call[] = []) =>
  escalation(levels, { onset, now: onset + minutes * minute, facts, calls })
const since = (fact: string, minutes = 0): Fact => ({ fact, holds: true, since: onset + minutes * minute })
const levelOne: Call = { level: 1, contact: 'primary', at: onset, acknowledgedAt: onset + 2 * minute }
const of = (level: number, clock: ReturnType<typeof at>) => clock.due.find((due) => due.level === level)

test('the shipped levels answer in 15, 30 and 60 minutes, and everybody they call exists', () => {
  expect(levels.map((level) => level.respondWithinSeconds / 60)).toEqual([15, 30, 60])
  const ids = people.map((contact) => contact.id)
  expect(levels.flatMap((level) => [...level.contacts, ...level.handsOverTo]).filter((id) => !ids.includes(id))).toEqual([])
})

test('level 1 is due from the onset until it is called', () => {
  expect(of(1, at(0))).toMatchObject({ state: 'now', overdueSeconds: 0, contacts: ['primary', 'secondary'] })
  expect(of(1, at(6))).toMatchObject({ state: 'now', overdueSeconds: 360 })
  expect(of(1, at(6, [], [levelOne]))).toMatchObject({ state: 'done', overdueSeconds: 0 })
})

test('an unknown cause takes it to level 2 after 30 minutes and to level 3 after an hour', () => {
  const clock = at(26, [since('cause_unknown')], [levelOne])
  expect(of(2, clock)).toMatchObject({
    state: 'later',
    inSeconds: 240,
    role: 'Engineering lead',
    why: [{ says: 'the root cause is unknown', forSeconds: 1560 }],
  })
  expect(of(3, clock)).toMatchObject({ state: 'later', inSeconds: 34 * 60 })
  expect(renderEscalation(clock, look, 'UTC')).toContain(
    'L2 in 4 min, at 03:42 UTC: the root cause is unknown for 26 min (Engineering\n   lead: lead)\n',
  )
  expect(of(2, at(31, [since('cause_unknown')]))).toMatchObject({ state: 'now', overdueSeconds: 60 })
})

test('a service that is down takes it to level 2 after 10 minutes, 3 after 30, the executives after an hour', () => {
  const down = [since('service_down')]
  expect(
    [9, 10, 29, 30, 59, 60].map((minutes) =>
      at(minutes, down)
        .due.filter((due) => due.state === 'now')
        .map((due) => due.level),
    ),
  ).toEqual([[1], [1, 2], [1, 2], [1, 2, 3], [1, 2, 3], [1, 2, 3, 4]])
  expect(of(4, at(60, down))).toMatchObject({ contacts: ['executives'], role: 'executives' })
})

test('what has no time is due at once: data of customers that may have leaked', () => {
  const clock = at(5, [since('customer_data_breach', 5)])
  expect(of(4, clock)).toMatchObject({ state: 'now', overdueSeconds: 0, why: [{ says: 'data of customers may have leaked' }] })
})

test('of several reasons the earliest sets the time and all are said', () => {
  const due = of(2, at(12, [since('service_down', 4), since('cause_unknown')]))
  expect(due).toMatchObject({ state: 'later', inSeconds: 120 })
  expect(due?.why.map((reason) => reason.says)).toEqual(['the service is down', 'the root cause is unknown'])
})

test('a fact that no longer holds calls nobody; one that nobody said is asked for, once', () => {
  const clock = at(45, [
    { fact: 'service_down', holds: false, since: onset + 20 * minute },
    { fact: 'cause_unknown', holds: false, since: onset + 8 * minute },
  ])
  expect(clock.due.map((due) => due.level)).toEqual([1])
  expect(clock.ask.map((one) => one.fact)).toEqual([
    'critical_slo_violation',
    'security_incident',
    'several_systems_affected',
    'major_security_breach',
    'critical_business_impact',
    'customer_data_breach',
    'executives_needed',
  ])
})

test('silence is a reason once everybody of the level was called and had their time', () => {
  const first: Call = { level: 1, contact: 'primary', at: onset }
  const second: Call = { level: 1, contact: 'secondary', at: onset + 15 * minute }
  expect(of(2, at(40, [], [first]))).toBeUndefined()
  expect(of(2, at(29, [], [first, second]))).toMatchObject({ state: 'later', inSeconds: 60 })
  expect(of(2, at(31, [], [first, second]))).toMatchObject({
    state: 'now',
    overdueSeconds: 60,
    why: [{ says: 'nobody of level 1 has answered' }],
  })
  expect(of(2, at(31, [], [first, { ...second, acknowledgedAt: onset + 20 * minute }]))).toBeUndefined()
})

test('the next contact of a level is called when the one before had their time', () => {
  const [one] = levels
  const call: Call = { level: 1, contact: 'primary', at: onset + minute }
  const next = (calls: readonly Call[]) => nextContact(one!, { onset, now: onset, facts: [], calls })
  expect(next([])).toEqual({ contact: 'primary', at: onset })
  expect(next([call])).toEqual({ contact: 'secondary', at: onset + 16 * minute })
  expect(next([{ ...call, acknowledgedAt: onset + 2 * minute }])).toBeUndefined()
  expect(next([call, { ...call, contact: 'secondary' }])).toBeUndefined()
})

test('an hour that the clocks skip or repeat is an hour like any other', () => {
  const spring = Date.parse('2026-03-29T01:50:00+01:00')
  const clock = escalation(levels, {
    onset: spring,
    now: spring + 10 * minute,
    facts: [{ fact: 'cause_unknown', holds: true, since: spring }],
    calls: [],
  })
  expect(of(2, clock)?.inSeconds).toBe(20 * 60)
  expect(localTime(of(2, clock)!.at, 'Europe/Berlin')).toBe('03:20 GMT+2')
  const autumn = Date.parse('2026-10-25T02:50:00+02:00')
  expect([
    localTime(autumn, 'Europe/Berlin'),
    localTime(autumn + 30 * minute, 'Europe/Berlin'),
    localTime(autumn + 90 * minute, 'Europe/Berlin'),
  ]).toEqual(['02:50 GMT+2', '02:20 GMT+1', '03:20 GMT+1'])
})

test('a clock that was set back, and facts from before the onset or after now, never give a negative time', () => {
  const milliseconds = fc.integer({ min: -10_000_000, max: 10_000_000 })
  const facts = fc.array(
    fc.record({
      fact: fc.constantFrom('service_down', 'cause_unknown', 'security_incident', 'customer_data_breach'),
      holds: fc.boolean(),
      since: milliseconds,
    }),
  )
  const calls = fc.array(
    fc.record({
      level: fc.integer({ min: 1, max: 4 }),
      contact: fc.constantFrom('primary', 'secondary', 'lead'),
      at: milliseconds,
      acknowledgedAt: fc.option(milliseconds, { nil: undefined }),
    }),
  )
  fc.assert(
    fc.property(milliseconds, milliseconds, facts, calls, (start, now, known, made) => {
      const clock = escalation(levels, { onset: start, now, facts: known, calls: made })
      const numbers = [
        clock.elapsedSeconds,
        ...clock.due.flatMap((due) => [due.inSeconds, due.overdueSeconds, ...due.why.map((reason) => reason.forSeconds)]),
      ]
      expect(numbers.every((n) => Number.isInteger(n) && n >= 0)).toBe(true)
      for (const due of clock.due)
        expect(due.state === 'later' ? due.inSeconds >= 0 && due.overdueSeconds === 0 : due.inSeconds === 0 || due.state === 'done').toBe(
          true,
        )
      expect(clock.due.map((due) => due.level)).toEqual([...clock.due.map((due) => due.level)].sort())
    }),
  )
})

const anObservation = (minutes: number, change: Partial<Observation> = {}): Observation => ({
  at: onset + minutes * minute,
  down: false,
  caused: false,
  burning: false,
  security: false,
  ...change,
})

test('what the first look found has been so since the onset; what came later since it was seen', () => {
  expect(factsFrom([], onset)).toEqual([since('cause_unknown')])
  expect(factsFrom([anObservation(8, { down: true }), anObservation(3, { down: true })], onset)).toContainEqual(since('service_down'))
  const worse = factsFrom([anObservation(3), anObservation(9, { down: true }), anObservation(12, { down: true, security: true })], onset)
  expect(worse).toContainEqual(since('service_down', 9))
  expect(worse).toContainEqual(since('security_incident', 12))
  expect(factsFrom([anObservation(3, { down: true }), anObservation(7, { caused: true })], onset)).toEqual([
    { fact: 'service_down', holds: false, since: onset + 7 * minute },
    { fact: 'cause_unknown', holds: false, since: onset + 7 * minute },
    { fact: 'critical_slo_violation', holds: false, since: onset },
  ])
})

test('a verdict is observed by its symptoms and causes; an inconclusive one names none', () => {
  const cause = { code: 'brute_force' } as Parameters<typeof observe>[0]['causes'][number]
  const verdict = {
    startedAt: '2026-11-23T03:20:00Z',
    verdict: 'faulty' as const,
    causes: [cause],
    symptoms: [
      { code: 'down', summary: '', severity: 'critical' as const, observed: '' },
      { code: 'alert', summary: 'alert TaskMCPHighErrorRateFastBurn fires', severity: 'info' as const, observed: '' },
    ],
  }
  expect(observe(verdict)).toEqual({ at: onset + 8 * minute, down: true, caused: true, burning: true, security: true })
  expect(observe({ ...verdict, verdict: 'inconclusive' }).caused).toBe(false)
  expect(observe({ ...verdict, causes: [], symptoms: [] })).toMatchObject({ down: false, caused: false, burning: false, security: false })
})
