import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { UsageError } from '../../src/errors.ts'
import { nextChange, onCall } from '../../src/incident/on-call.ts'
import { calendarOf } from '../../src/incident/on-call-calendar.ts'
import { scheduleOf } from '../../src/incident/on-call-file.ts'
import { asUtc, instantOf, wallTime } from '../../src/incident/on-call-zone.ts'

const berlin = (yaml: string) => scheduleOf(parse(yaml), 'on-call.yaml', 'Europe/Berlin')
const who = (schedule: ReturnType<typeof berlin>, at: string) => onCall(schedule, Date.parse(at))?.person.name
const iso = (at: number | undefined) => at && new Date(at).toISOString()

const weekly = berlin(`
people:
  ana: { name: Ana, reach: ana@example.com }
layers:
  - { name: week, people: [ana, ben, cy], start: 2026-03-02T09:00, every: weekly }
  - { name: nights, people: [dee, eli], start: 2026-03-02T20:00, every: daily, only: [{ from: "20:00", to: "08:00" }] }
overrides:
  - { person: fay, from: 2026-03-04T12:00, to: 2026-03-04T14:00 }
`)

test('a week is handed over on its day and hour, nights lie over it, an override over both', () => {
  expect(who(weekly, '2026-03-02T08:59:59+01:00')).toBeUndefined()
  expect(who(weekly, '2026-03-02T09:00:00+01:00')).toBe('Ana')
  expect(who(weekly, '2026-03-02T19:59:59+01:00')).toBe('Ana')
  expect(who(weekly, '2026-03-02T20:00:00+01:00')).toBe('dee')
  expect(who(weekly, '2026-03-03T07:59:59+01:00')).toBe('dee')
  expect(who(weekly, '2026-03-03T08:00:00+01:00')).toBe('Ana')
  expect(who(weekly, '2026-03-03T21:00:00+01:00')).toBe('eli')
  expect(who(weekly, '2026-03-04T13:00:00+01:00')).toBe('fay')
  expect(who(weekly, '2026-03-09T09:00:00+01:00')).toBe('ben')
  expect(onCall(weekly, Date.parse('2026-03-02T09:00:00+01:00'))).toEqual({ person: { name: 'Ana', reach: 'ana@example.com' }, by: 'week' })
})

test('09:00 stays 09:00 when the clocks change, in spring and in autumn', () => {
  const one = berlin('layers: [{ people: [ana, ben], start: 2026-03-23T09:00, every: weekly }]')
  expect([who(one, '2026-03-30T08:59:59+02:00'), who(one, '2026-03-30T09:00:00+02:00')]).toEqual(['ana', 'ben'])
  expect([who(one, '2026-10-26T08:59:59+01:00'), who(one, '2026-10-26T09:00:00+01:00')]).toEqual(['ana', 'ben'])
  expect(iso(nextChange(one, Date.parse('2026-03-25T00:00:00Z')))).toBe('2026-03-30T07:00:00.000Z')
})

test('a hand-over in the hour that is skipped comes with the change; one in the hour that comes twice comes once', () => {
  const early = berlin('layers: [{ people: [ana, ben], start: 2026-03-28T02:30, every: daily }]')
  expect([who(early, '2026-03-29T00:59:59Z'), who(early, '2026-03-29T01:29:59Z'), who(early, '2026-03-29T01:30:00Z')]).toEqual([
    'ana',
    'ana',
    'ben',
  ])
  const late = berlin('layers: [{ people: [ana, ben], start: 2026-10-24T02:30, every: daily }]')
  expect(
    ['2026-10-25T00:29:59Z', '2026-10-25T00:30:00Z', '2026-10-25T01:30:00Z', '2026-10-25T02:30:00Z'].map((at) => who(late, at)),
  ).toEqual(['ana', 'ben', 'ben', 'ben'])
})

test('hours turn by the hour: a day of 25 hours does not make anybody stay longer', () => {
  const hours = berlin('layers: [{ people: [ana, ben], start: 2026-10-24T12:00, every: 12h }]')
  expect([who(hours, '2026-10-24T21:59:59Z'), who(hours, '2026-10-24T22:00:00Z'), who(hours, '2026-10-25T10:00:00Z')]).toEqual([
    'ana',
    'ben',
    'ana',
  ])
})

test('the next change is found over weeks, and none where nobody changes', () => {
  expect(iso(nextChange(weekly, Date.parse('2026-03-03T07:30:00+01:00')))).toBe('2026-03-03T07:00:00.000Z')
  expect(nextChange(berlin('layers: [{ people: [ana], start: 2026-03-02T09:00 }]'), Date.parse('2026-04-01T00:00:00Z'))).toBeUndefined()
})

test('in every zone and at every time the person is the one of the local day', () => {
  const zones = ['Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kolkata', 'Pacific/Apia', 'America/Santiago', 'UTC']
  fc.assert(
    fc.property(fc.constantFrom(...zones), fc.integer({ min: 0, max: 730 * 24 * 60 }), (zone, minutes) => {
      const schedule = scheduleOf(parse('layers: [{ people: [a, b, c, d, e], start: 2025-01-01T09:00, every: daily }]'), 'x', zone)
      const at = Date.parse('2025-01-03T00:00:00Z') + minutes * 60_000
      const days = Math.floor((asUtc(wallTime(at, zone)) - Date.UTC(2025, 0, 1, 9)) / 86_400_000)
      expect(who(schedule, new Date(at).toISOString())).toBe('abcde'[days % 5])
    }),
  )
})

test('an instant becomes a wall time and the same instant again, but in the hour that comes twice', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 400 * 24 * 60 }), (minutes) => {
      const at = Date.parse('2026-01-01T00:00:00Z') + minutes * 60_000
      const again = instantOf(asUtc(wallTime(at, 'Europe/Berlin')), 'Europe/Berlin')
      expect([0, 3_600_000]).toContain(at - again)
    }),
  )
  expect(iso(instantOf(Date.UTC(2026, 2, 29, 2, 30), 'Europe/Berlin'))).toBe('2026-03-29T01:30:00.000Z')
})

test.each([
  ['{}', /neither layers nor overrides/],
  ['layers: [{ people: [], start: 2026-01-05T09:00 }]', /layers, number 1 has no people/],
  ['layers: [{ people: [a], start: 2026-02-30T09:00 }]', /must be a local time/],
  ['layers: [{ people: [a], start: 2026-01-05T09:00, every: fortnight }]', /must be daily, weekly, or a number/],
  ['layers: [{ people: [a], start: 2026-01-05T09:00, only: [{ from: "25:00" }] }]', /must be a time of day/],
  ['overrides: [{ person: a, from: 2026-01-06T09:00, to: 2026-01-05T09:00 }]', /ends before it begins/],
  ['timeZone: Berlin\nlayers: []', /write a name such as Europe\/Berlin/],
  ['laiers: []', /laiers is not known/],
])('%s is refused with its place', (yaml, why) => {
  expect(() => berlin(yaml)).toThrow(why)
})

const event = (...lines: string[]) => ['BEGIN:VEVENT', ...lines, 'END:VEVENT']
const calendar = (...events: string[][]) =>
  ['BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:-//example//rota//EN', ...events.flat(), 'END:VCALENDAR', ''].join('\r\n')
const read = (text: string, now = '2026-10-20T12:00:00Z') => calendarOf(text, 'rota.ics', 'Europe/Berlin', Date.parse(now))

const rota = calendar(
  event(
    'UID:1',
    'SUMMARY:On Call - Ana',
    'ATTENDEE;CN=Ana Example:mailto:ana@example.com',
    'DTSTART;TZID=Europe/Berlin:20260105T090000',
    'DTEND;TZID=Europe/Berlin:20260112T090000',
    'RRULE:FREQ=WEEKLY;INTERVAL=2',
    'EXDATE;TZID=Europe/Berlin:20261026T090000',
  ),
  event(
    'UID:2',
    'SUMMARY:ben@example.com',
    'DTSTART;TZID=Europe/Berlin:20260112T090000',
    'DTEND;TZID=Europe/Berlin:20260119T090000',
    'RRULE:FREQ=WEEKLY;INTERVAL=2',
  ),
  event(
    'UID:2',
    'RECURRENCE-ID;TZID=Europe/Berlin:20261019T090000',
    'SUMMARY:Cy',
    'DTSTART;TZID=Europe/Berlin:20261019T090000',
    'DTEND;TZID=Europe/Berlin:20261026T090000',
  ),
  event('UID:3', 'SUMMARY:Dee', 'DTSTART:20261021T180000Z', 'DTEND:20261021T200000Z'),
  event('UID:4', 'SUMMARY:Gone', 'STATUS:CANCELLED', 'DTSTART:20261022T180000Z', 'DTEND:20261022T200000Z'),
)

test('a calendar: repetitions, exceptions, exclusions and single shifts', () => {
  const schedule = read(rota)
  expect(onCall(schedule, Date.parse('2026-10-13T00:00:00Z'))).toEqual({
    person: { name: 'Ana Example', reach: 'ana@example.com' },
    by: 'calendar',
  })
  expect(who(schedule, '2026-10-19T06:59:59Z')).toBe('Ana Example')
  expect(who(schedule, '2026-10-19T07:00:00Z')).toBe('Cy')
  expect(who(schedule, '2026-10-21T19:00:00Z')).toBe('Dee')
  expect(who(schedule, '2026-10-22T19:00:00Z')).toBe('Cy')
  expect(who(schedule, '2026-10-26T07:59:59Z')).toBe('Cy')
  expect(who(schedule, '2026-10-28T00:00:00Z')).toBeUndefined()
  expect(who(schedule, '2026-11-02T08:00:00Z')).toBe('ben@example.com')
})

test('a shift that repeats keeps its hours when the clocks change', () => {
  const schedule = read(
    calendar(event('UID:1', 'SUMMARY:Ana', 'DTSTART;TZID=Europe/Berlin:20261023T200000', 'DURATION:PT12H', 'RRULE:FREQ=DAILY;COUNT=5')),
  )
  expect(
    ['2026-10-24T06:00:00Z', '2026-10-25T06:59:59Z', '2026-10-25T07:00:00Z', '2026-10-25T18:59:59Z', '2026-10-25T19:00:00Z'].map((at) =>
      who(schedule, at),
    ),
  ).toEqual([undefined, 'Ana', undefined, undefined, 'Ana'])
})

test('a zone that only the file describes, days without a time, and times without a zone', () => {
  const own = calendar(
    [
      'BEGIN:VTIMEZONE',
      'TZID:Customized Time Zone',
      'BEGIN:STANDARD',
      'DTSTART:19700101T000000',
      'TZOFFSETFROM:+0530',
      'TZOFFSETTO:+0530',
      'END:STANDARD',
      'END:VTIMEZONE',
    ],
    event('UID:1', 'SUMMARY:Ana', 'DTSTART;TZID=Customized Time Zone:20261020T090000', 'DTEND;TZID=Customized Time Zone:20261020T170000'),
    event('UID:2', 'SUMMARY:Ben', 'DTSTART;VALUE=DATE:20261022', 'DTEND;VALUE=DATE:20261023'),
    event('UID:3', 'SUMMARY:Cy', 'DTSTART:20261023T090000', 'DTEND:20261023T100000'),
  )
  const schedule = read(own)
  expect([who(schedule, '2026-10-20T03:29:59Z'), who(schedule, '2026-10-20T03:30:00Z'), who(schedule, '2026-10-20T11:30:00Z')]).toEqual([
    undefined,
    'Ana',
    undefined,
  ])
  expect([who(schedule, '2026-10-21T22:00:00Z'), who(schedule, '2026-10-22T21:59:59Z'), who(schedule, '2026-10-23T07:00:00Z')]).toEqual([
    'Ben',
    'Ben',
    'Cy',
  ])
})

test('a calendar that is damaged anywhere is refused or read, and never anything else', () => {
  const lines = rota.split('\r\n')
  const damage = fc.record({
    at: fc.nat({ max: lines.length - 1 }),
    how: fc.constantFrom('drop', 'cut', 'twice', 'garble'),
    cut: fc.nat({ max: 60 }),
  })
  fc.assert(
    fc.property(fc.array(damage, { minLength: 1, maxLength: 4 }), (hits) => {
      const broken = hits.reduce((text, { at, how, cut }) => {
        const line = text[at] ?? ''
        const next =
          how === 'drop' ? [] : how === 'cut' ? [line.slice(0, cut)] : how === 'twice' ? [line, line] : [line.replace(/[0-9]/g, 'x')]
        return [...text.slice(0, at), ...next, ...text.slice(at + 1)]
      }, lines)
      try {
        onCall(read(broken.join('\r\n')), Date.parse('2026-10-20T12:00:00Z'))
      } catch (error) {
        expect(error).toBeInstanceOf(UsageError)
      }
    }),
  )
})

test.each([
  ['no calendar at all', 'hello', /is not an iCalendar file/],
  ['half a calendar', rota.slice(0, 200), /is not an iCalendar file|without a beginning/],
  ['an empty calendar', calendar(), /has no event/],
  [
    'a shift on 31 February',
    calendar(event('UID:1', 'SUMMARY:Ana', 'DTSTART:20260101T090000Z', 'RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=31')),
    /on days that there are not/,
  ],
  [
    'a shift each second',
    calendar(event('UID:1', 'SUMMARY:Ana', 'DTSTART:20260101T090000Z', 'RRULE:FREQ=SECONDLY')),
    /more than 50000 times/,
  ],
  [
    'a rule that is none',
    calendar(event('UID:1', 'SUMMARY:Ana', 'DTSTART:20260101T090000Z', 'RRULE:FREQ=SOMETIMES')),
    /cannot be read|not an iCalendar file/,
  ],
])('%s is refused', (_what, text, why) => {
  expect(() => read(text)).toThrow(why)
})
