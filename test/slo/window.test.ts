import { expect, test } from 'vitest'
import { budgetWindow } from '../../src/slo/window.ts'

const at = (text: string) => Date.parse(text) / 1000
const iso = (seconds: number) => new Date(seconds * 1000).toISOString()

test('a rolling window ends now', () => {
  const window = budgetWindow('30d', at('2026-11-23T03:12:00Z'))
  expect(window).toMatchObject({ kind: 'rolling', elapsed: 30 * 86_400 })
  expect(iso(window.start)).toBe('2026-10-24T03:12:00.000Z')
})

test.each([
  ['month', '2026-11-23T03:12:00Z', 'UTC', '2026-11-01T00:00:00.000Z', '2026-12-01T00:00:00.000Z'],
  ['month', '2026-10-31T23:30:00Z', 'Europe/Vienna', '2026-10-31T23:00:00.000Z', '2026-11-30T23:00:00.000Z'],
  ['month', '2026-03-10T00:00:00Z', 'Europe/Vienna', '2026-02-28T23:00:00.000Z', '2026-03-31T22:00:00.000Z'],
  ['month', '2026-12-31T20:00:00Z', 'America/New_York', '2026-12-01T05:00:00.000Z', '2027-01-01T05:00:00.000Z'],
  ['week', '2026-11-22T23:00:00Z', 'UTC', '2026-11-16T00:00:00.000Z', '2026-11-23T00:00:00.000Z'],
  ['week', '2026-11-22T23:30:00Z', 'Asia/Kolkata', '2026-11-22T18:30:00.000Z', '2026-11-29T18:30:00.000Z'],
  ['quarter', '2026-11-23T03:12:00Z', 'UTC', '2026-10-01T00:00:00.000Z', '2027-01-01T00:00:00.000Z'],
])('%s of %s in %s', (period, now, zone, start, end) => {
  const window = budgetWindow(period, at(now), zone)
  expect([iso(window.start), iso(window.end)]).toEqual([start, end])
  expect(window.elapsed).toBe(at(now) - window.start)
})

test('what is no window is refused', () => {
  expect(() => budgetWindow('30', at('2026-11-23T00:00:00Z'))).toThrow('"30" is not a window')
  expect(() => budgetWindow('fortnight', 0)).toThrow('"fortnight" is not a window')
  expect(() => budgetWindow('5m', 0)).toThrow('a window of 5m cannot be used')
  expect(() => budgetWindow('month', 0, 'Mars/Olympus')).toThrow('no time zone is called "Mars/Olympus"')
})
