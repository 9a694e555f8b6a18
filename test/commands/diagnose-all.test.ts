import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { aWorld, cli } from '../support/world.ts'

const root = path.resolve(import.meta.dirname, '../..')
const files = Object.fromEntries(
  readdirSync(path.join(root, 'runbooks'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => [path.join(root, 'runbooks', name), readFileSync(path.join(root, 'runbooks', name), 'utf8')]),
)

test('diagnose --all writes every runbook into the page and into the report', async () => {
  const world = aWorld({
    files: { ...files, '/project/look.json': readFileSync(path.join(root, 'test/demo/database-scaled-to-0.json'), 'utf8') },
  })
  const { code, out } = await cli(world)('diagnose', '--all', '--from', 'look.json', '--json', '--html', 'v.html', '--junit', 'v.xml')
  expect(code).toBe(3)
  const runbooks = (JSON.parse(out) as { runbook: string }[]).map(({ runbook }) => runbook).toSorted()
  expect(runbooks.length).toBeGreaterThan(7)
  const inPage = [...world.disk.get('/project/v.html')!.matchAll(/<h2>Runbook ([\w-]+)/g)].map(([, name]) => name)
  expect(inPage.toSorted()).toEqual(runbooks)
  const inReport = [...world.disk.get('/project/v.xml')!.matchAll(/<testsuite name="task-mcp diagnose ([\w-]+)"/g)].map(([, name]) => name)
  expect(inReport.toSorted()).toEqual(runbooks)
})
