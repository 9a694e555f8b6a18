import fc from 'fast-check'
import { expect, test } from 'vitest'
import { clean, cut, width, wrap } from '../../src/output/text.ts'

test('words wrap under each other, with their own beginnings', () => {
  expect(wrap('one two three four', 11, 'Proof ', '      ')).toEqual(['Proof one', '      two', '      three', '      four'])
  expect(wrap('', 10)).toEqual([''])
})

test('a name that is longer than the line stays whole; JSON is broken after a comma or a brace', () => {
  expect(wrap('see registry.example/team/app@sha256:0123456789abcdef now', 20)).toEqual([
    'see',
    'registry.example/team/app@sha256:0123456789abcdef',
    'now',
  ])
  expect(wrap('503 {"status":"no","checks":{"store":"failed","cache":"ok"}}', 24)).toEqual([
    '503 {"status":"no",',
    '"checks":{',
    '"store":"failed",',
    '"cache":"ok"}}',
  ])
})

test('wide and combining characters are counted as the terminal shows them', () => {
  expect(width('日本')).toBe(4)
  expect(width('e\u0301')).toBe(1)
  expect(cut('日本語テキスト', 8)).toBe('日本...')
})

test('no text makes a line too wide, loses a word or keeps a control character', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ maxLength: 12 })), fc.integer({ min: 20, max: 100 }), (words, columns) => {
      const text = words.join(' ')
      const lines = wrap(text, columns, '  - ', '    ')
      expect(lines.filter((line) => width(line) > columns)).toEqual([])
      const letters = (some: string) => some.replace(/ /g, '')
      expect(letters(lines.map((line) => line.slice(4)).join(''))).toBe(letters(clean(text)))
      expect(lines.join('')).not.toMatch(/\p{Cc}/u)
    }),
  )
})
