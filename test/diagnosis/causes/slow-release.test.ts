import { expect, test } from 'vitest'
import type { Change } from '../../support/snapshot.ts'
import { healthy } from '../../support/snapshot.ts'
import { measured, over, release } from '../../support/snapshot-changes.ts'
import { codesOf, diagnose, verdictOf } from './case.ts'

const newImage = release(
  (_, main) => {
    main.image = 'registry.example/kestrel:1.9.0'
  },
  { minutes: 6, pods: 3 },
)
/** Latency of 30 ms, and `late` seconds since so many minutes. */
const late = (seconds: number, minutes: number): Change => over('p95', {}, (ago) => (ago > minutes ? 0.03 : seconds))
const now =
  (seconds: number): Change =>
  (scene) => {
    scene.instant.p95 = [{ labels: {}, points: [[Date.parse('2026-01-01') / 1000, seconds]] }]
  }
const asked = (...changes: readonly Change[]) => verdictOf(healthy(...changes), 'performance-degradation')

test('answers that are late since a rollout, with an idle CPU, are the release', () => {
  const verdict = asked(newImage, late(0.9, 6))
  expect(codesOf(verdict)).toEqual(['bad_release'])
  const [cause] = verdict.causes
  expect(cause?.subject).toMatchObject({ kind: 'Deployment', name: 'kestrel' })
  expect(cause?.remedies[0]?.action).toBe('rollback')
  expect(cause?.summary).toMatch(/900 ms.*30 ms/)
  expect(cause?.rivals.map(({ code }) => code)).toEqual(expect.arrayContaining(['cpu_throttling', 'traffic_surge', 'noisy_neighbour']))
})

test('a full node is not blamed for what began with the rollout', () => {
  const verdict = asked(newImage, late(0.9, 6), now(0.9), (scene) => {
    scene.instant.node_cpu = [{ labels: { node: 'worker-a' }, points: [[0, 3.98]] }]
  })
  expect(codesOf(verdict)).toEqual(['bad_release'])
})

test.each<[string, Change[]]>([
  ['late long before the rollout', [newImage, late(0.9, 50)]],
  ['late since long after it', [newImage, late(0.9, 2)]],
  ['a little later than before', [newImage, over('p95', {}, (ago) => (ago > 6 ? 0.15 : 0.23))]],
  ['late below what matters', [newImage, late(0.12, 6)]],
  ['well again by now', [newImage, over('p95', {}, (ago) => (ago > 6 || ago < 1 ? 0.03 : 0.9))]],
  ['no change of the template', [late(0.9, 6)]],
  ['nothing known from before', [newImage, over('p95', {}, (ago) => (ago > 6 ? Number.NaN : 0.9))]],
  ['more to do than before', [newImage, late(0.9, 6), over('request_rate', { status: '200' }, (ago) => (ago > 6 ? 10 : 60))]],
  [
    'what it calls is late',
    [
      newImage,
      late(0.9, 6),
      (scene) => {
        scene.instant.dependency_p95 = [{ labels: { dependency: 'ledger' }, points: [[0, 0.85]] }]
      },
    ],
  ],
])('%s: not the release', (_what, changes) => {
  expect(codesOf(asked(...changes))).not.toContain('bad_release')
})

test('a release that keeps its CPU busy is called by that', () => {
  expect(codesOf(diagnose(newImage, late(0.9, 6), measured('cpu', 0.49)))).not.toContain('bad_release')
})
