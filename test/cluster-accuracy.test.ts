import { expect, test } from 'vitest'
import { accuracyPage } from './cluster/accuracy.ts'
import { readRuns } from './cluster/runs.ts'

const result = (fault: string, row: string, seed: number, more: object) => ({
  fault,
  row,
  runbook: 'service-downtime',
  seed,
  expected: row === 'healthy' ? ['healthy'] : ['bad_command'],
  diagnoseSeconds: seed / 1000,
  ...more,
})
const right = {
  judgement: {
    found: 'bad_command Deployment/till',
    cause: true,
    right: true,
    remedy: { first: 'rollback', right: true },
    harm: [],
    leaked: false,
  },
}
const harmful = {
  judgement: {
    found: 'bad_command Pod/till-1',
    cause: true,
    right: false,
    remedy: { first: 'restart', right: false },
    harm: ['restart'],
    leaked: false,
  },
}
const calm = { judgement: { found: 'healthy', cause: true, right: true, harm: [], leaked: false } }
const alarm = { judgement: { found: 'memory_leak Deployment/till', cause: false, right: false, harm: [], leaked: false } }

const ours = readRuns(
  JSON.stringify({
    seed: 1,
    results: [
      result('typo', 'down', 1000, {
        ...right,
        cure: { did: 'rollback', exitCode: 0, back: true, right: true, seconds: 20, said: 'done' },
      }),
      result('typo', 'down', 1200, {
        ...harmful,
        cure: { did: 'nothing', exitCode: 3, back: false, right: false, seconds: 1, said: 'no' },
      }),
      result('steady', 'healthy', 1001, calm),
      result('steady', 'healthy', 1201, alarm),
      result('no image', 'down', 1002, { broke: 'the nodes were gone' }),
      result('only injected', 'down', 1003, {}),
    ],
  }),
  'r.json',
)
const drills = readRuns(
  JSON.stringify([
    {
      fault: 'scaled',
      seed: 700,
      runbook: 'service-downtime',
      expected: 'scaled_to_zero',
      right: true,
      object: true,
      causes: [['scaled_to_zero', 'Deployment', 'a']],
      verdict: 'faulty',
      seconds: 0.5,
      harm: [],
      leak: false,
      error: null,
      fix: { right: true, seconds: 4, exit: 0, said: '' },
    },
  ]),
  'd.json',
)

test('counts every run once, in its row', () => {
  const page = accuracyPage([...ours, ...drills], {})
  expect(page).toContain('\ndown | 2 | 2 of 2 | 1 of 2 (50%) | 1 of 2 (50%) | 1 | - | 1.20 / 1.20\n')
  expect(page).toContain('\nhealthy | 2 | - | - | - | 0 | 1 of 2 | 1.20 / 1.20\n')
  expect(page).toContain('\nservice-downtime | 1 | 1 of 1 | 1 of 1 | 1 of 1 | 0 | - | 0.50 / 0.50\n')
  expect(page).toContain('Seeds: 1.')
})

test('every failure is listed with why, or as not explained; a run that broke counts nowhere and is not hidden', () => {
  const page = accuracyPage(ours, { steady: 'The leak of the run before had not been cleared.' })
  expect(page).toContain(
    'typo | 1200 | expected bad_command, said bad_command Pod/till-1; bad_command Pod/till-1: the first remedy is not its cure; proposed restart, which harms | not explained yet',
  )
  expect(page).toContain(
    'steady | 1201 | expected healthy, said memory_leak Deployment/till | The leak of the run before had not been cleared.',
  )
  expect(page).toContain('- no image (seed 1002): the nodes were gone')
  expect(page).not.toContain('only injected')
})

test('runs whose files are gone are told in words of their own', () => {
  expect(accuracyPage(ours, { 'Earlier runs': 'Ten of ten.' })).toContain('\n## Earlier runs\n\nTen of ten.\n')
  expect(accuracyPage(ours, {})).not.toContain('Earlier')
})

test('a question that got no answer is a wrong answer', () => {
  const silent = { broke: 'exit 1: a bug', judgement: { found: 'no answer', cause: false, right: false, harm: [], leaked: false } }
  const page = accuracyPage(readRuns(JSON.stringify({ results: [result('typo', 'down', 1000, silent)] }), 'r.json'), {})
  expect(page).toContain('\ndown | 1 | 0 of 1 (0%) | 0 of 1 (0%) |')
  expect(page).toContain('typo | 1000 | expected bad_command, said no answer')
  expect(page).not.toContain('Runs that broke')
})

test('what is no results file is refused', () => {
  expect(() => readRuns('{"a":1}', 'a.json')).toThrow('a.json has no results')
})

test('what was cured is counted by fault, and what was not is said', () => {
  const page = accuracyPage([...ours, ...drills], { 'typo: cure': 'The name of the object was wrong.' })
  expect(page).toContain('\nour own service: typo | 2 | 1 of 2 (50%) | 1 of 2 (50%) | 20.00 / 20.00\n')
  expect(page).toContain('\ndrills: scaled | 1 | 1 of 1 | 1 of 1 | - / -\n')
  expect(page).toContain('- Not cured: typo (seed 1200): nothing, exit 3: no. The name of the object was wrong.\n')
})
