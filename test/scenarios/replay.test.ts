/** Looks at faults on a real cluster, judged again: the cause, its object, and no remedy that would harm. */
import { expect, test } from 'vitest'
import { judge as judged } from '../../src/diagnosis/judge.ts'
import { judge } from '../cluster/judge.ts'
import { scenarios } from './scenario.ts'

const kept = scenarios()

test.each(kept)('%s', (_name, scenario) => {
  const { verdict } = judged(scenario.snapshot, scenario.runbook)
  const { right, found, harm } = judge({ ...scenario, secrets: [] }, verdict, '')
  expect([found, right, harm]).toEqual([found, true, []])
})

test('the same look is judged to the same bytes, in whatever order it is asked', () => {
  for (const [, { snapshot, runbook }] of kept) {
    const once = JSON.stringify(judged(snapshot, runbook).verdict)
    expect(JSON.stringify(judged(structuredClone(snapshot), runbook).verdict)).toBe(once)
  }
})
