import { expect, test } from 'vitest'
import { InterruptedError } from '../../src/errors.ts'
import type { WalkReport } from '../../src/output/walk.ts'
import { aShop, type Shop } from '../actions/shop.ts'

const scaledTo0 = (answers?: []): Shop => {
  const shop = aShop(answers === undefined ? {} : { answers })
  shop.release((deployment) => {
    deployment.spec.replicas = 0
  })
  shop.cluster.put('events', {
    metadata: { name: 'e1', namespace: 'shop' },
    involvedObject: { kind: 'Deployment', name: 'checkout' },
    reason: 'ScalingReplicaSet',
    message: 'Scaled down replica set checkout-h18 from 3 to 0',
    lastTimestamp: '2026-03-01T11:59:00Z',
  })
  return shop
}

interface Question {
  question: string
  choices: string[]
}

/** A person who answers each question by what it is about: the first entry whose words are in it, each entry once unless it repeats. */
function person(shop: Shop, choose: (asked: Question) => string, write: (question: string) => string = () => 'nothing odd') {
  const asked: Question[] = []
  Object.assign(shop.world.terminal, {
    select: async (question: string, choices: { value: string }[]) => {
      const one = { question, choices: choices.map(({ value }) => value) }
      asked.push(one)
      return choose(one)
    },
    input: async (question: string) => write(question),
    confirm: async () => {
      throw new Error('the choice is the consent')
    },
  })
  return asked
}

const report = async (shop: Shop, ...argv: string[]): Promise<{ code: number; walk: WalkReport }> => {
  const before = shop.world.stdout().length
  const { code } = await shop.run(...argv, '--json')
  return { code, walk: JSON.parse(shop.world.stdout().slice(before)) as WalkReport }
}
const step = (walk: WalkReport, id: string) => walk.steps.find((one) => one.id === id)

test('unattended, the actions of the list are done where they are called for, and nobody is asked', async () => {
  const shop = scaledTo0()
  const { code, walk } = await report(shop, 'runbook', 'run', 'service-downtime', '--yes-to', 'restart,scale')
  expect(step(walk, 'scale')).toMatchObject({ choice: 'run', ok: true, change: expect.stringMatching(/^[0-9a-f]{8}$/) })
  expect(step(walk, 'restart')).toMatchObject({ choice: 'skip' })
  expect(step(walk, 'hotfix')).toMatchObject({ choice: 'skip', note: 'for a person' })
  expect([code, walk.verdict, walk.outcome]).toEqual([0, 'healthy', 'finished'])
  expect(shop.deployment().spec.replicas).toBe(3)
})

test('unattended, what is not in the list is left alone and said', async () => {
  const shop = scaledTo0()
  const { code, walk } = await report(shop, 'diagnose', 'service-downtime', '--yes-to', 'none')
  expect(step(walk, 'scale')).toMatchObject({ choice: 'skip', note: '--yes-to scale was not said' })
  expect(code).toBe(3)
  expect(shop.cluster.writes.filter((write) => !write.dryRun)).toEqual([])
  expect((await shop.run('runbook', 'run', 'service-downtime', '--yes-to', 'reboot')).err).toContain('--yes-to does not know "reboot"')
})

test('without a terminal it is the same walk with an empty list', async () => {
  const shop = scaledTo0()
  expect((await shop.run('runbook', 'run', 'service-downtime')).code).toBe(3)
  expect(shop.cluster.writes.filter((write) => !write.dryRun)).toEqual([])
})

test('a person runs the action after its plan, writes what was found, and sees the clock', async () => {
  const shop = scaledTo0([])
  const asked = person(shop, ({ choices }) => (choices[0] === 'run' ? 'run' : choices.includes('done') ? 'done' : choices[0]!))
  const { code, walk } = await report(shop, 'runbook', 'run', 'service-downtime')
  expect(code).toBe(0)
  expect(shop.deployment().spec.replicas).toBe(3)
  const scale = asked.find(({ choices }) => choices[0] === 'run')!
  expect(scale.choices).toEqual(['run', 'skip', 'note', 'escalate', 'stop'])
  expect(scale.question).toMatch(/^\[\d+:\d\d of 5-15 min\] Bring replicas back/)
  expect(shop.world.stderr()).toContain('scale deployment/checkout from 0 to 3')
  expect(step(walk, 'hotfix')).toMatchObject({ choice: 'done', note: 'nothing odd' })
})

test('a note and a call for help are on record, and the question is asked again', async () => {
  const shop = scaledTo0([])
  const said = ['note', 'escalate', 'again', 'next']
  person(
    shop,
    ({ choices }) => (choices[0] === 'next' ? (said.shift() ?? 'next') : 'skip'),
    () => 'the release of ten to three',
  )
  const { code, walk } = await report(shop, 'diagnose', 'service-downtime', '--guide')
  expect(walk.notes.map(({ note }) => note)).toEqual(['the release of ten to three', expect.stringContaining('escalate')])
  expect(code).toBe(3)
  expect(step(walk, 'scale')).toMatchObject({ choice: 'skip' })
})

test('stopped, it goes on where it was, and the answers given before are kept', async () => {
  const shop = scaledTo0([])
  const first = person(shop, ({ question, choices }) => (question.includes('Bring replicas back') ? 'stop' : choices[0]!))
  const stopped = await report(shop, 'runbook', 'run', 'service-downtime')
  expect([stopped.code, stopped.walk.outcome]).toEqual([3, 'stopped'])
  expect(step(stopped.walk, 'scale')).toBeUndefined()
  const again = person(shop, ({ choices }) => choices[0]!)
  const { code, walk } = await report(shop, 'runbook', 'run', '--resume')
  expect(walk.walk).toBe(stopped.walk.walk)
  expect(walk.startedAt).toBe(stopped.walk.startedAt)
  expect(again[0]!.question).toContain('Bring replicas back')
  const title = ({ question }: Question) => question.slice(question.indexOf(']') + 2)
  const answered = new Set(first.slice(0, -1).map(title))
  expect(again.filter((one) => answered.has(title(one)))).toEqual([])
  expect(code).toBe(0)
  expect((await shop.run('runbook', 'run', '--resume')).err).toContain('there is no walk to go on with')
})

test('a terminal closed at any question loses no answer that was given', async () => {
  const shop = scaledTo0([])
  for (let round = 0; ; round++) {
    let questions = 0
    person(shop, ({ choices }) => {
      if (++questions > 1) throw new InterruptedError()
      return choices[0]!
    })
    const { code } = await shop.run('runbook', 'run', 'service-downtime', ...(round === 0 ? [] : ['--resume']))
    if (code === 0) break
    expect(code).toBe(130)
    expect(round).toBeLessThan(40)
  }
  const lines = shop.world.disk
    .get('/home/kim/.local/state/task-mcp/record.jsonl')!
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  const steps = lines.filter((line) => line.type === 'step').map((line) => line.step)
  expect(new Set(steps).size).toBe(steps.length)
  expect(lines.filter((line) => line.type === 'walk')).toHaveLength(1)
  expect(shop.cluster.writes.filter((write) => !write.dryRun && write.resource === 'deployments')).toHaveLength(1)
})

test('an action that no cause calls for is skipped by Enter, and can be run by its command line', async () => {
  const shop = aShop({ answers: [] })
  const asked = person(
    shop,
    ({ question, choices }) =>
      question.includes('Restart') && choices.includes('run') ? 'run' : choices.includes('done') ? 'skip' : choices[0]!,
    () => '',
  )
  const { code, walk } = await report(shop, 'runbook', 'run', 'service-downtime')
  expect(step(walk, 'restart')).toMatchObject({ choice: 'run', ok: true })
  expect(step(walk, 'rollback')).toMatchObject({ choice: 'skip' })
  expect(asked.find(({ question }) => question.includes('Roll back'))!.choices[0]).toBe('skip')
  expect(code).toBe(0)
})
