import { expect, test } from 'vitest'
import { moment, since, span } from '../../src/output/time.ts'

test.each([
  [0, '0 s'],
  [89, '89 s'],
  [90, '2 min'],
  [3_600, '60 min'],
  [7_500, '2 h 5 min'],
  [86_400, '24 h'],
  [180_000, '2 d 2 h'],
  [Number.NaN, 'an unknown time'],
])('%d seconds is %s', (seconds, text) => expect(span(seconds)).toBe(text))

test('a moment of another day carries its date', () => {
  expect(moment('2026-03-14T03:12:40+01:00', '2026-03-14T09:00:00Z')).toBe('02:12:40 UTC')
  expect(moment('2026-03-13T23:12:40Z', '2026-03-14T09:00:00Z')).toBe('2026-03-13 23:12:40 UTC')
  expect(moment('not a time', '2026-03-14T09:00:00Z')).toBe('not a time')
})

test('an age is counted from the look, and never runs backwards', () => {
  expect(since('2026-03-14T03:12:40Z', '2026-03-14T03:26:40Z')).toBe('03:12:40 UTC, 14 min ago')
  expect(since('2026-03-14T03:27:00Z', '2026-03-14T03:26:40Z')).toBe('03:27:00 UTC')
})
