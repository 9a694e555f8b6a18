import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, test } from 'vitest'
import { files } from '../../src/world.ts'
import { aWorld, cli } from '../support/world.ts'

const look = path.join(import.meta.dirname, 'database-scaled-to-0.json')
const session = () => cli({ ...aWorld(), files })

test('the look that the demo and the README show names the database, and nothing that harms', async () => {
  const { code, out } = await session()('diagnose', 'service-downtime', '--from', look, '--json')
  const { causes, verdict } = JSON.parse(out)
  expect(verdict).toBe('faulty')
  const named = causes.map((cause: { code: string; subject: { kind: string; name: string } }) => [
    cause.code,
    cause.subject.kind,
    cause.subject.name,
  ])
  expect(named).toEqual([['dependency_down', 'StatefulSet', 'task-mcp-postgresql']])
  expect(causes[0].remedies[0].action).toBe('scale')
  expect(code).toBe(3)
})

test('judged twice, it is the same to the byte: as text, JUnit and HTML', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'task-mcp-recorded-'))
  const [junit, html] = [path.join(folder, 'out.xml'), path.join(folder, 'out.html')]
  const all = async () => {
    const { out } = await session()('diagnose', 'service-downtime', '--from', look, '--junit', junit, '--html', html)
    return [out, await readFile(junit, 'utf8'), await readFile(html, 'utf8')]
  }
  try {
    const first = await all()
    expect(first.every((part) => part.includes('dependency_down'))).toBe(true)
    expect(await all()).toEqual(first)
  } finally {
    await rm(folder, { recursive: true })
  }
})
