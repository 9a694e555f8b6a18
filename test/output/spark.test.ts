import fc from 'fast-check'
import { expect, test } from 'vitest'
import { brailleLine, onSteps, sparkline } from '../../src/output/spark.ts'

test('a gap is a space, the highest value a full bar', () => {
  expect(sparkline([0, 1, Number.NaN, 7, 3.5])).toBe('▁▂ █▅')
  expect(sparkline([])).toBe('')
  expect(sparkline([Number.NaN, Number.POSITIVE_INFINITY])).toBe('  ')
  expect(sparkline([5, 5, 5])).toBe('▁▁▁')
})

test('a fixed scale keeps small trouble small', () => {
  expect(sparkline([0, 0.01], { min: 0, max: 1 })).toBe('▁▁')
  expect(sparkline([0, 9], { min: 0, max: 1 })).toBe('▁█')
})

test('a rising line climbs from the lower left to the upper right', () => {
  expect(brailleLine([0, 1, 2, 3, 4, 5, 6, 7], 4, 2)).toEqual(['⠀⠀⡠⠊', '⡠⠊⠀⠀'])
})

test('a gap in a line chart is empty', () => {
  expect(brailleLine([1, 1, Number.NaN, Number.NaN, 1, 1], 3, 1)).toEqual(['⣀⠀⣀'])
})

test('points fall into their steps, and a step without one is a gap', () => {
  expect(
    onSteps(
      [
        [0, 1],
        [25, 2],
        [100, 3],
      ],
      0,
      100,
      4,
    ),
  ).toEqual([1, 2, Number.NaN, 3])
  expect(
    onSteps(
      [
        [-5, 1],
        [105, 2],
      ],
      0,
      100,
      2,
    ),
  ).toEqual([Number.NaN, Number.NaN])
})

test('no numbers make a chart throw or change its size', () => {
  fc.assert(
    fc.property(fc.array(fc.double()), fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 6 }), (values, columns, rows) => {
      expect(sparkline(values)).toHaveLength(values.length)
      expect(brailleLine(values, columns, rows).map((line) => line.length)).toEqual(new Array(rows).fill(columns))
    }),
  )
})
