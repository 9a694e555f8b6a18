import { expect, test } from 'vitest'
import { fullAt, mostFiles } from '../../src/actions/record-files.ts'
import { openRecord } from '../../src/actions/run-record.ts'
import { aWorld } from '../support/world.ts'
import { aShop } from './shop.ts'

const file = '/home/kim/.local/state/task-mcp/record.jsonl'
const note = (text: string) => ({ type: 'note', id: 'walk-old', step: 'pods', note: text }) as const

/** Write so many files full. */
async function fill(world: ReturnType<typeof aWorld>, times: number): Promise<void> {
  const record = openRecord(world)
  for (let line = 0; line < times * 4; line++) {
    await record.append({ type: 'declined', id: `filler${line}`, reason: 'x'.repeat(fullAt / 4) })
    await world.clock.sleep(1, world.signal)
  }
}
const characters = (world: ReturnType<typeof aWorld>): number =>
  [...world.disk].filter(([name]) => name.startsWith(file)).reduce((sum, [, text]) => sum + text.length, 0)

test('the record is bounded, and an open walk, an open change and what can be undone stay in it', async () => {
  const shop = aShop()
  const { world } = shop
  const record = openRecord(world)
  const cluster = { context: 'lab', server: 'https://lab.example:6443', user: 'jo' }
  const walk = { type: 'walk', runbook: 'short', cluster, namespace: 'shop', kind: 'Deployment', workload: 'checkout' } as const
  await record.append({ ...walk, id: 'walk-old' })
  await record.append(note('first'))
  await record.append({ ...walk, id: 'walk-over' })
  await record.append({ type: 'walk-over', id: 'walk-over', outcome: 'finished' })
  await shop.run('scale', '--replicas', '5', '--yes')
  const cut = world.disk
    .get(file)!
    .split('\n')
    .filter((line) => !line.includes('"verified"'))
    .join('\n')
  world.disk.set(file, cut)
  await fill(world, mostFiles + 3)
  expect(characters(world)).toBeLessThan(fullAt * (mostFiles + 1))
  expect(world.disk.has(file)).toBe(false)
  const lines = await openRecord(world).lines()
  expect(lines.filter((line) => line.type === 'note')).toHaveLength(1)
  expect(lines.filter((line) => line.type === 'walk').map((line) => line.id)).toEqual(['walk-old'])
  expect(lines.map((line) => line.at)).toEqual(lines.map((line) => line.at).toSorted())
  expect((await shop.run('undo', '--yes')).code).toBe(0)
  expect(shop.deployment().spec.replicas).toBe(3)
})

test('a line of another process that still writes into an older file is read', async () => {
  const world = aWorld()
  await openRecord(world).append(note('mine'))
  await fill(world, 1)
  await world.files.append(file, `${JSON.stringify({ at: '2026-11-23T03:12:00.500Z', by: 'kim', ...note('theirs') })}\n`)
  const notes = (await openRecord(world).lines()).flatMap((line) => (line.type === 'note' ? [line.note] : []))
  expect(notes).toEqual(['mine', 'theirs'])
})

test('a crash between carrying on and removing leaves nothing twice', async () => {
  const world = aWorld()
  await openRecord(world).append({
    type: 'walk',
    id: 'walk-old',
    runbook: 'short',
    cluster: { context: 'lab', server: 'x', user: 'jo' },
    namespace: 'shop',
    kind: 'Deployment',
    workload: 'checkout',
  })
  const first = world.disk.get(file)!
  await fill(world, mostFiles + 1)
  expect(world.disk.has(file)).toBe(false)
  world.disk.set(file, first)
  expect((await openRecord(world).lines()).filter((line) => line.type === 'walk')).toHaveLength(1)
})
