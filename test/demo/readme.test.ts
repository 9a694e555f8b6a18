import { existsSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { readmeText } from '../../scripts/readme.ts'
import { commands } from '../../src/commands/index.ts'
import { parse } from '../../src/commands/parse.ts'
import { find } from '../../src/commands/words.ts'

const root = new URL('../../', import.meta.url)
const readme = readFileSync(new URL('README.md', root), 'utf8')

test('the transcript is what the tool says now (node scripts/readme.ts)', async () => {
  expect(readme).toBe(await readmeText(root))
})

test('every link leads somewhere', () => {
  const links = [...readme.matchAll(/\]\(([^)#]+)\)/g)].map(([, link]) => link!)
  expect(links.length).toBeGreaterThan(8)
  expect(links.filter((link) => !/^https?:/.test(link) && !existsSync(new URL(link, root)))).toEqual([])
})

test('the two commands are scripts of the package', () => {
  const { scripts } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8'))
  for (const [, script] of readme.matchAll(/npm ci && npm (?:run )?(\w+)/g)) expect(Object.keys(scripts)).toContain(script)
})

test.each(['README.md', 'docs/verdict.md'])('every task-mcp line of %s is one that the command line takes', (file) => {
  const lines = [...readFileSync(new URL(file, root), 'utf8').matchAll(/^(?: {2,}|\$ )?task-mcp ((?:[a-z][^#|\n]*)?)/gm)].map(([, line]) =>
    line!.trim(),
  )
  expect(lines.length).toBeGreaterThan(0)
  for (const line of lines) {
    const { entry, rest, stray } = find(line.split(/ +/), commands)
    expect({ line, stray, known: entry !== undefined }).toEqual({ line, stray: undefined, known: true })
    expect(() => parse(entry!, rest)).not.toThrow()
  }
})
