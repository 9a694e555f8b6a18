/**
 * docs/coverage.md from the runbooks and their list of source items.
 *   node scripts/coverage.ts                 write it
 *   node scripts/coverage.ts --check         exit 1 when it is not current, or an item is carried by no step
 *   node scripts/coverage.ts --source FILE   exit 1 when the items of that written runbook are not those of the list
 */
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import process from 'node:process'
import { coverage, coverageMarkdown, readItems, strayCovers } from '../src/runbook/coverage.ts'
import { loadRunbooks } from '../src/runbook/directory.ts'
import { sourceItems } from '../src/runbook/source-items.ts'
import { files } from '../src/world.ts'

const root = path.dirname(import.meta.dirname)
const items = readItems(readFileSync(path.join(root, 'runbooks/source-items.yaml'), 'utf8'))
const say = (text: string): boolean => process.stderr.write(`${text}\n`)

if (process.argv[2] === '--source') {
  const found = sourceItems(readFileSync(process.argv[3] ?? '', 'utf8'))
  const count = (kind: string): number => found.filter((item) => item.kind === kind).length
  say(`${count('step')} steps, ${count('command')} commands, ${count('bullet')} bullets: ${found.length} items`)
  const [theirs, ours] = [new Set(found.map((item) => item.id)), new Set(items.map((item) => item.id))]
  const wrong = [
    ...[...theirs].filter((id) => !ours.has(id)).map((id) => `only in the text: ${id}`),
    ...[...ours].filter((id) => !theirs.has(id)).map((id) => `only in the list: ${id}`),
  ]
  for (const line of wrong) say(line)
  process.exitCode = wrong.length > 0 ? 1 : 0
} else {
  const books = await loadRunbooks(files, root, undefined)
  const carried = coverage(items, books)
  const target = path.join(root, 'docs/coverage.md')
  const text = coverageMarkdown(carried)
  const wrong = [
    ...carried.filter((item) => item.by.length === 0).map((item) => `no step carries ${item.id}`),
    ...strayCovers(items, books).map((stray) => `${stray.file}:${stray.line}: no item is called ${stray.id}`),
  ]
  if (process.argv[2] !== '--check') writeFileSync(target, text)
  else if (readFileSync(target, 'utf8') !== text) wrong.push('docs/coverage.md is not current: node scripts/coverage.ts')
  for (const line of wrong) say(line)
  process.exitCode = wrong.length > 0 ? 1 : 0
}
