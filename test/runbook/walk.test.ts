import { expect, test } from 'vitest'
import type { Cause } from '../../src/diagnosis/verdict.ts'
import { makeView } from '../../src/diagnosis/view.ts'
import { parseRunbook } from '../../src/runbook/load.ts'
import { walk } from '../../src/runbook/walk.ts'
import { aText, shipped } from './books.ts'
import { aPod, aSnapshot, requests, type Seen } from './snapshot.ts'

const book = (name: string) => shipped().find((candidate) => candidate.name === name)!
const look = (seen: Seen = {}) => makeView(aSnapshot(seen))

/** A cause with only what walk reads. */
const aCause = (code: Cause['code'], change: Partial<Cause>): Cause => ({
  code,
  subject: { kind: 'Deployment', name: 'shop' },
  since: undefined,
  confidence: 1,
  summary: '',
  evidence: [],
  effects: [],
  rivals: [],
  remedies: [],
  never: [],
  owner: '',
  ...change,
})

test('every step has one result, in the order of the phases', () => {
  const downtime = book('service-downtime')
  const results = walk(downtime, look(), [])
  expect(results).toHaveLength(downtime.steps.length)
  const order = results.map((result) => ['immediate', 'troubleshooting', 'recovery'].indexOf(result.phase))
  expect(order).toEqual([...order].sort())
  expect(results.find((result) => result.id === 'pods')).toEqual({
    id: 'pods',
    phase: 'immediate',
    title: 'Count the pods that are ready',
    kind: 'check',
    status: 'ok',
    found: '2 of 2 pods ready',
  })
})

test('on a service that is well no check of the two first runbooks finds anything', () => {
  const view = look({
    instant: {
      up: [{ labels: { pod: 'shop-aaa-1' }, points: [[1, 1]] }],
      errors_by_route: [{ labels: { route: '/buy', status_code: '200' }, points: [[1, 300]] }],
    },
    ranges: { requests: requests(['shop-aaa-1', '200', 150], ['shop-aaa-2', '200', 150]) },
  })
  const results = [...walk(book('service-downtime'), view, []), ...walk(book('high-error-rate'), view, [])]
  expect(results.filter((result) => result.status === 'found')).toEqual([])
  expect(
    results
      .filter((result) => result.kind === 'action')
      .every((result) => result.status === 'not-applicable' && result.found === 'no cause was found, so nothing calls for it'),
  ).toBe(true)
})

test('a manual step stays to be done and says what to look at', () => {
  expect(walk(book('service-downtime'), look(), []).find((result) => result.id === 'hotfix')).toMatchObject({
    status: 'todo',
    found: expect.stringContaining('tried in staging'),
  })
})

test('an action is called for by the cause that proposes it, with the command to paste', () => {
  const causes = [
    aCause('bad_command', {
      remedies: [{ action: 'rollback', why: 'the command before it started', command: 'task-mcp rollback --to 3' }],
    }),
  ]
  const results = walk(book('service-downtime'), look(), causes)
  expect(results.find((result) => result.id === 'rollback')).toMatchObject({
    status: 'todo',
    found: 'called for by bad_command: the command before it started. task-mcp rollback --to 3',
  })
  expect(results.find((result) => result.id === 'scale')).toMatchObject({
    status: 'not-applicable',
    found: 'no cause that was found calls for it',
  })
})

test('a warning of any cause outweighs a proposal of another', () => {
  const causes = [
    aCause('memory_leak', { remedies: [{ action: 'restart', why: 'buys time', command: 'task-mcp restart' }] }),
    aCause('quota_exceeded', { never: [{ action: 'restart', why: 'no new pod would be let in' }] }),
  ]
  expect(walk(book('service-downtime'), look(), causes).find((result) => result.id === 'restart')).toMatchObject({
    status: 'not-applicable',
    found: 'do not: no new pod would be let in (quota_exceeded)',
  })
})

test('a check that this version lacks is unknown, not fine', () => {
  const odd = parseRunbook(aText([], ['check: tea-leaves']), 'short.md')
  expect(walk(odd, look(), [])).toEqual([
    expect.objectContaining({ status: 'unknown', found: 'this version has no check "tea-leaves"; the step says how to look by hand' }),
  ])
})

test('the same facts give the same walk', () => {
  const seen: Seen = { pods: [aPod('shop-aaa-1', (pod) => Object.assign(pod.status ?? {}, { conditions: [] }))] }
  expect(JSON.stringify(walk(book('high-error-rate'), look(seen), []))).toBe(JSON.stringify(walk(book('high-error-rate'), look(seen), [])))
})
