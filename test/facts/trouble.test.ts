/** A look through an API server that has trouble: right, or honest about what was not seen, and never a guess. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { judge } from '../../src/diagnosis/judge.ts'
import type { Verdict } from '../../src/diagnosis/verdict.ts'
import { gather } from '../../src/facts/gather.ts'
import { makeTargets } from '../../src/targets/index.ts'
import { serveCluster, type Trouble } from '../support/api-server.ts'
import { type Change, healthy, takenAt } from '../support/snapshot.ts'
import { waits } from '../support/snapshot-changes.ts'
import { aCluster, lookSettings } from './a-look.ts'

/** Asks once, over HTTP, with what `trouble` makes of each request. */
async function asks(changes: Change[], trouble: (nth: number, path: string) => Trouble, timeoutSeconds: number): Promise<Verdict> {
  const cluster = aCluster(healthy(...changes))
  let nth = 0
  const api = await serveCluster(cluster, (_method, at) => trouble(nth++, at), true)
  const folder = mkdtempSync(path.join(tmpdir(), 'trouble-'))
  try {
    const kubeconfig = path.join(folder, 'kubeconfig')
    writeFileSync(kubeconfig, api.kubeconfig)
    const settings = { ...lookSettings({ timeoutSeconds }), cluster: { kubeconfig, context: undefined } }
    const snapshot = await gather(settings, {
      targets: makeTargets(settings, { env: {}, home: '/nowhere' }),
      clock: { ...cluster.clock, now: () => Date.parse(takenAt) },
      signal: new AbortController().signal,
      version: '1.2.3',
    })
    return judge(snapshot, 'service-downtime').verdict
  } finally {
    await api.close()
    rmSync(folder, { recursive: true })
  }
}

const troubles = fc.oneof(
  { weight: 12, arbitrary: fc.constant<Trouble>(undefined) },
  { weight: 1, arbitrary: fc.constantFrom<Trouble>(429, 500, 502, 503, 504) },
  { weight: 1, arbitrary: fc.constantFrom<Trouble>('cut', 'cut-after', 'half') },
  { weight: 1, arbitrary: fc.integer({ min: 20, max: 400 }).map((lateMs): Trouble => ({ lateMs })) },
)
const drawn = fc.array(troubles, { minLength: 80, maxLength: 80 })
const missingImage = [waits('ErrImagePull', 'manifest for registry.example/kestrel:1.8.0 not found')]

test('a fault is named or said to be unclear, whatever becomes of single requests', async () => {
  await fc.assert(
    fc.asyncProperty(drawn, async (list) => {
      const verdict = await asks(missingImage, (nth) => list[nth % list.length], 6)
      if (verdict.causes.length > 0) expect(verdict.causes[0]?.code).toBe('image_not_found')
      else expect([verdict.verdict, verdict.notSeen.length > 0]).toEqual(['inconclusive', true])
    }),
    { numRuns: 4 },
  )
}, 120_000)

test('a healthy service is never called ill for the trouble of the API server', async () => {
  await fc.assert(
    fc.asyncProperty(drawn, async (list) => {
      const { verdict, causes } = await asks([], (nth) => list[nth % list.length], 6)
      expect([['healthy', 'inconclusive'].includes(verdict), causes]).toEqual([true, []])
    }),
    { numRuns: 4 },
  )
}, 120_000)

test.each<[string, Trouble]>([
  ['429 to everything', 429],
  ['500 to everything', 500],
  ['every connection cut', 'cut'],
  ['half of every answer', 'half'],
  ['no answer at all', 'freeze'],
])(
  '%s: inconclusive, with what was not seen',
  async (_what, trouble) => {
    const { verdict, causes, notSeen } = await asks(missingImage, () => trouble, 2)
    expect([verdict, causes]).toEqual(['inconclusive', []])
    expect(notSeen.map(({ what }) => what)).toContain('pods')
  },
  20_000,
)

test('one kind that is never answered costs the rest nothing', async () => {
  const events = (_nth: number, at: string): Trouble => (at.endsWith('/events') ? 'freeze' : undefined)
  const { causes, notSeen } = await asks(missingImage, events, 2)
  expect(causes[0]?.code).toBe('image_not_found')
  expect(notSeen.map(({ what }) => what)).toContain('events')
}, 20_000)
