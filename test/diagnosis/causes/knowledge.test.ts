import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { causesDoc } from '../../../scripts/causes-doc.ts'
import { causeCodes } from '../../../src/diagnosis/codes.ts'
import { knowledge } from '../../../src/diagnosis/knowledge.ts'
import { families } from './cases/index.ts'

const folder = path.resolve(import.meta.dirname, '../../../src/diagnosis/causes')
const sources = readdirSync(folder).map((file) => [file, readFileSync(path.join(folder, file), 'utf8')] as const)

/** Codes that a family can claim: `code: 'x'`, `code: a ? 'x' : 'y'`, `make('x', ...)`, `const code = ...`. */
function claimed(source: string): string[] {
  const places = source.match(/(?:\bcode(?:: | = )[^\n]*(?:\n\s+[?:][^\n]*)*|\bmake\(\s*'\w+')/g) ?? []
  return places.flatMap((p) => [...p.matchAll(/'(\w+)'/g)].map((m) => m[1]!)).filter((w) => (causeCodes as readonly string[]).includes(w))
}

test('what every cause brings about, what cures it and what must not be done is known', () => {
  const codes = new Set(sources.flatMap(([, source]) => claimed(source)))
  expect(codes.size).toBeGreaterThan(50)
  expect([...codes].filter((code) => !(code in knowledge))).toEqual([])
})

test('no cure of a cause is also what must never be done, and every cause has a cure and an owner', () => {
  for (const [code, { cures, never, owner }] of Object.entries(knowledge)) {
    const harmful = new Set(never.map((n) => n.action))
    expect([code, cures.filter((c) => harmful.has(c.action))]).toEqual([code, []])
    expect([code, cures.length > 0, owner.length > 0]).toEqual([code, true, true])
  }
})

test('every cause that a family can name has a case that shows it', () => {
  const shown = new Set<string>(Object.values(families).flatMap((cases) => cases.map((c) => c.code)))
  expect([...new Set(sources.flatMap(([, source]) => claimed(source)))].filter((code) => !shown.has(code))).toEqual([])
})

test('every code of the list is known, claimed by a family, and documented as it is', () => {
  const can = new Set(sources.flatMap(([, source]) => claimed(source)))
  expect(causeCodes.filter((code) => !(code in knowledge))).toEqual([])
  expect(causeCodes.filter((code) => !can.has(code))).toEqual([])
  expect(readFileSync(path.resolve(import.meta.dirname, '../../../docs/causes.md'), 'utf8')).toBe(causesDoc())
})
