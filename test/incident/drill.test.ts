/** Practice on recorded faults, without a cluster. */
import { readdirSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { files } from '../../src/world.ts'
import { aWorld, cli } from '../support/world.ts'

const root = path.resolve(import.meta.dirname, '../..')
const session = (answers?: string[]) => {
  const world = aWorld({ ...(answers ? { answers } : {}) })
  return cli({ ...world, files })
}
const listed = async () => JSON.parse((await session()('incident', 'drill', '--list', '--json')).out) as { name: string; told: string }[]

test('lists what it has; every recording is listed, and every name has its recording', async () => {
  const recordings = readdirSync(path.join(root, 'runbooks/drills'))
    .filter((file) => file.endsWith('.json.gz'))
    .map((file) => file.replace('.json.gz', ''))
  expect((await listed()).map(({ name }) => name).sort()).toEqual(recordings.sort())
  expect((await session()('incident', 'drill', '--list')).out).toContain('silent-service\n')
})

test.each(await listed())(
  '$name: can be asked, solved and failed, and what it tells does not give the cause away',
  async ({ name, told }) => {
    const given = await session()('incident', 'drill', name, '--answer', 'give-up', '--json')
    const { cause, found, points } = JSON.parse(given.out)
    expect([given.code, found, points]).toEqual([3, false, 0])
    expect(told).not.toContain(cause)
    const solved = await session()('incident', 'drill', name, '--answer', 'hint', '--answer', `cause=${cause}`, '--json')
    expect(solved.code).toBe(0)
    expect(JSON.parse(solved.out)).toMatchObject({ found: true, hints: 1, wrongTurns: 0, points: 90, secondsToCause: 0 })
    expect(solved.err).toContain(`Drill ${name}`)
  },
)

test('a wrong cause is refused with the fact against it, an action that harms with why, and both cost', async () => {
  const { code, out, err } = await session()(
    'incident',
    'drill',
    'silent-service',
    '--answer',
    'check=pods',
    '--answer',
    'cause=image_not_found',
    '--answer',
    'do=restart',
    '--answer',
    'cause=dependency_down',
  )
  expect(code).toBe(0)
  expect(err).toContain('> Count the pods that are ready: ')
  expect(err).toContain('> Not image_not_found: ')
  expect(err).toMatch(/> restart would (do harm|not help): /)
  expect(out).toContain('Found in 0 s with 1 look, 2 wrong turns: 60 of 100 points')
  expect(out).toContain('Cause   dependency_down')
  expect(out).toContain('task-mcp scale')
})

test('at a terminal it asks, and time counts', async () => {
  const type = session(['check', 'pods', 'cause', 'dependency_down'])
  const { code, err, out } = await type('incident', 'drill', 'silent-service')
  expect(code).toBe(0)
  expect(err).toContain('What now?\nLook at what?\n')
  expect(out).toContain('100 of 100 points')
})

test('answers that run out without the cause have not found it', async () => {
  expect(await session()('incident', 'drill', 'silent-service', '--answer', 'check=pods')).toMatchObject({
    code: 3,
    out: expect.stringContaining('Not found, after 1 look'),
  })
})

test('slips are named: a drill, a look, a cause, a move that there is not', async () => {
  const type = session()
  expect(await type('incident', 'drill', 'silent-servce')).toMatchObject({
    code: 2,
    err: expect.stringContaining('did you mean silent-service?'),
  })
  expect(await type('incident', 'drill', 'silent-service', '--answer', 'check=podz')).toMatchObject({
    code: 2,
    err: expect.stringContaining('did you mean pods?'),
  })
  expect(await type('incident', 'drill', 'silent-service', '--answer', 'cause=bad_luck')).toMatchObject({ code: 2 })
  expect(await type('incident', 'drill', 'silent-service', '--answer', 'panic')).toMatchObject({
    code: 2,
    err: expect.stringContaining('check=STEP'),
  })
  expect(await type('incident', 'drill', 'silent-service')).toMatchObject({ code: 2, err: expect.stringContaining('--answer') })
})

test('a recording of one’s own', async () => {
  const own = path.join(root, 'test/demo/database-scaled-to-0.json')
  expect(await session()('incident', 'drill', '--from', own, '--answer', 'cause=dependency_down')).toMatchObject({ code: 0 })
})
