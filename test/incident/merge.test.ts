import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Entry } from '../../src/incident/entry.ts'
import { canonical, merge } from '../../src/incident/merge.ts'

/** Entries with few ids and times, so that they collide, and now and then one id with two texts, as a damaged copy has it. */
const entry = fc
  .record({ id: fc.integer({ min: 0, max: 12 }), second: fc.integer({ min: 0, max: 5 }), text: fc.constantFrom('a', 'b', 'c') })
  .map(
    ({ id, second, text }): Entry => ({
      id: `e${id}`,
      incident: 'inc-1',
      at: `2026-10-25T00:59:0${second}.000Z`,
      by: 'kim',
      type: 'note',
      text,
    }),
  )
const record = fc.array(entry, { maxLength: 15 })
const text = (entries: readonly Entry[]) => entries.map(canonical).join('\n')

test('the order of two records makes no difference', () => {
  fc.assert(fc.property(record, record, (a, b) => text(merge(a, b)) === text(merge(b, a))))
})

test('a record put in twice is in it once', () => {
  fc.assert(
    fc.property(record, record, (a, b) => {
      const both = merge(a, b)
      return text(merge(both, a)) === text(both) && text(merge(both, both)) === text(both)
    }),
  )
})

test('three records can be joined two at a time, in any order', () => {
  fc.assert(fc.property(record, record, record, (a, b, c) => text(merge(merge(a, b), c)) === text(merge(a, merge(b, c)))))
})

test('nothing is lost: every id of every record is there, once, by time', () => {
  fc.assert(
    fc.property(record, record, (a, b) => {
      const both = merge(a, b)
      expect(new Set(both.map(({ id }) => id))).toEqual(new Set([...a, ...b].map(({ id }) => id)))
      expect(both.length).toBe(new Set(both.map(({ id }) => id)).size)
      expect(both.map(({ at }) => at)).toEqual(both.map(({ at }) => at).sort())
    }),
  )
})

test('the order of an entry’s fields is no difference, as a database may give them back in another', () => {
  const one: Entry = { id: 'x', incident: 'i', at: '2026-01-01T00:00:00.000Z', by: 'kim', type: 'note', text: 'hello' }
  const other = { type: 'note', text: 'hello', by: 'kim', at: one.at, incident: 'i', id: 'x' } as Entry
  expect(merge([one], [other])).toHaveLength(1)
  expect(canonical(one)).toBe(canonical(other))
})
