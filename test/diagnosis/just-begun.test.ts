/** Trouble of the last half minute: two minutes of quick answers before it must not hide it, and one slow answer must not be called trouble. */
import { expect, test } from 'vitest'
import { judge } from '../../src/diagnosis/judge.ts'
import { symptoms } from '../../src/diagnosis/symptoms.ts'
import { type Change, healthy, now } from '../support/snapshot.ts'
import { fails, metric, serving } from '../support/snapshot-changes.ts'

const shown = (...changes: readonly Change[]): string[] =>
  symptoms(judge(healthy(...changes), 'performance-degradation').view).map(({ code, observed }) => `${code} ${observed}`)

/** Many requests until half a minute ago; since then callers wait, few ask, and a share of those few fails. */
const collapsed =
  (share: number, lately: number): Change =>
  (scene) => {
    const since = now - 24_000
    for (const of of [...scene.load]) {
      scene.load.push({ ...of, from: since, per2min: lately, failing: [{ share, since, status: '503' }] })
      of.to = since
      of.per2min = 6000
    }
  }

test('callers that wait make few requests: the share of failures in the last seconds counts', () => {
  expect(shown(collapsed(0.3, 80))).toEqual([expect.stringMatching(/^error_ratio (2|3)\d%$/)])
})

test('one failure of the last seconds is chance', () => {
  expect(shown(collapsed(0.3, 8))).toEqual([])
  expect(shown(serving(3000), fails(0.004))).toEqual([])
})

const quantiles = (p95: number, lately: number): Change[] => [metric('p95', [{}, p95]), metric('p95_lately', [{}, lately])]

test('latency of the last half minute counts where enough was asked in it', () => {
  expect(shown(serving(600), ...quantiles(0.03, 1.4))).toEqual(['latency_p95 1400 ms'])
  expect(shown(serving(30), ...quantiles(0.03, 1.4))).toEqual([])
})

test('latency that has only just become good is still the latency of two minutes', () => {
  expect(shown(serving(600), ...quantiles(1.4, 0.03))).toEqual(['latency_p95 1400 ms'])
})
