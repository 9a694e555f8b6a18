import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { coverage, coverageMarkdown, readItems, strayCovers } from '../../src/runbook/coverage.ts'
import { parseRunbook } from '../../src/runbook/load.ts'
import { sourceItems } from '../../src/runbook/source-items.ts'
import { aText, root, shipped } from './books.ts'

const read = (file: string): string => readFileSync(`${root}/${file}`, 'utf8')

test('items are numbered by where they stand', () => {
  const text = `# Guide
## Contents
1. [Shop Down](#shop-down)
## Shop Down
### Symptoms
- it is down
### First Actions (0-5 minutes)
1. **Look**
   \`\`\`bash
   # at the pods
   kubectl get pods

   kubectl get nodes
   \`\`\`
2. **Think**
   - twice
   - then again
### Troubalshooting (5-15 minutes)
1. **Ask**
### People
### Level 1: First
**Time:** 15 minutes
**Actions:**
- come
**Triggers:**
- gone
### After
1. **Review (1 day)**
   - why
`
  expect(sourceItems(text).map(({ id, kind }) => `${kind} ${id}`)).toEqual([
    'bullet shop-down.symptoms.b1',
    'step shop-down.immediate.1',
    'command shop-down.immediate.1.cmd1',
    'command shop-down.immediate.1.cmd2',
    'step shop-down.immediate.2',
    'bullet shop-down.immediate.2.b1',
    'bullet shop-down.immediate.2.b2',
    'step shop-down.troubleshooting.1',
    'bullet shop-down.level-1.actions.b1',
    'bullet shop-down.level-1.triggers.b1',
    'step shop-down.after.1',
    'bullet shop-down.after.1.b1',
  ])
})

test('the list holds the 76 steps, 48 commands and 203 bullets of the written runbook', () => {
  const ids = readItems(read('runbooks/source-items.yaml')).map((item) => item.id)
  const count = (pattern: RegExp): number => ids.filter((id) => pattern.test(id)).length
  expect([count(/\.\d+$/), count(/\.cmd\d+$/), count(/\.b\d+$/), ids.length]).toEqual([76, 48, 203, 327])
})

test('a step takes the items that it names, and with .* all below', () => {
  const items = ['short.a.1', 'short.a.1.b1', 'short.a.10', 'x.b1'].map((id) => ({ id, about: id }))
  const book = parseRunbook(aText([], ['covers: [.a.1.*, x.b1, .gone]']), 'short.md')
  expect(coverage(items, [book]).map(({ id, by }) => `${id} ${by.length}`)).toEqual([
    'short.a.1 1',
    'short.a.1.b1 1',
    'short.a.10 0',
    'x.b1 1',
  ])
  expect(strayCovers(items, [book])).toEqual([{ file: 'short.md', line: 10, id: '.gone' }])
})

test('every item is carried, no step claims one that is not there, and docs/coverage.md is current', () => {
  const items = readItems(read('runbooks/source-items.yaml'))
  const books = shipped()
  const carried = coverage(items, books)
  expect(carried.filter((item) => item.by.length === 0).map((item) => item.id)).toEqual([])
  expect(strayCovers(items, books)).toEqual([])
  expect(read('docs/coverage.md') === coverageMarkdown(carried), 'docs/coverage.md is not current: node scripts/coverage.ts').toBe(true)
})
