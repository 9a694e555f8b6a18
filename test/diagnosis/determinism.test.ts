import { expect, test } from 'vitest'
import type { Snapshot } from '../../src/facts/snapshot.ts'
import { healthy } from '../support/snapshot.ts'
import { verdictOf } from './causes/case.ts'
import { families } from './causes/cases/index.ts'

const bytes = (snapshot: Snapshot, runbook?: string): string => JSON.stringify(verdictOf(snapshot, runbook))

/** The same facts as an API server, a Prometheus and many sockets might have sent them another time. */
function shuffled(snapshot: Snapshot, seed: number): Snapshot {
  const copy = structuredClone(snapshot)
  let state = seed
  const random = (): number => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
    return state / 2_147_483_648
  }
  const mix = (list: unknown[]): void => {
    for (let i = list.length - 1; i > 0; i--) {
      const j = Math.floor(random() * (i + 1))
      ;[list[i], list[j]] = [list[j], list[i]]
    }
  }
  for (const part of Object.values(copy.cluster)) if (part.state === 'ok') mix(part.value)
  for (const part of [copy.instant, copy.ranges]) if (part.state === 'ok') for (const { series } of Object.values(part.value)) mix(series)
  if (copy.logs.state === 'ok') mix(copy.logs.value)
  mix(copy.probes)
  return copy
}

test('a thousand judgements of one snapshot are one', () => {
  const snapshot = healthy(...families.release![0]!.fault)
  const answers = new Set(Array.from({ length: 1000 }, () => bytes(snapshot)))
  expect(answers.size).toBe(1)
})

test('judging changes nothing in the snapshot', () => {
  for (const { fault, runbook } of Object.values(families).flat()) {
    const snapshot = healthy(...fault)
    const before = JSON.stringify(snapshot)
    bytes(snapshot, runbook)
    expect(JSON.stringify(snapshot)).toBe(before)
  }
})

test.each(Object.entries(families))('the order in which facts of %s arrive does not change the answer', (_family, cases) => {
  const moved = cases.flatMap(({ code, what, fault, runbook }) => {
    const snapshot = healthy(...fault)
    const answer = verdictOf(snapshot, runbook)
    return [1, 2].flatMap((seed) => {
      const other = verdictOf(shuffled(snapshot, seed), runbook)
      return JSON.stringify(other) === JSON.stringify(answer) ? [] : [[code, what]]
    })
  })
  expect([...new Set(moved.map(String))]).toEqual([])
})
