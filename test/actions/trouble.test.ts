/** Real requests to an API server that has trouble: never applied twice, and never left unknown. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { makeTargets } from '../../src/targets/index.ts'
import { type ApiServer, serveCluster, type Trouble } from '../support/api-server.ts'
import { aShop, type Shop } from './shop.ts'

const isChange = (method: string, path: string, dryRun: boolean): boolean =>
  method === 'PATCH' && !dryRun && path.endsWith('/deployments/checkout')

/** A shop that is asked over HTTP; `trouble` is made for the nth request that changes the Deployment. */
async function troubled(trouble: (nth: number) => Trouble, others: (method: string, path: string) => Trouble = () => undefined) {
  const shop: Shop = aShop()
  const { generation = 0 } = shop.deployment().metadata
  let nth = 0
  const api: ApiServer = await serveCluster(
    shop.cluster,
    (method, at, dryRun) => (isChange(method, at, dryRun) ? trouble(++nth) : others(method, at)),
    true,
  )
  const folder = mkdtempSync(path.join(tmpdir(), 'trouble-'))
  const kubeconfig = path.join(folder, 'kubeconfig')
  writeFileSync(kubeconfig, api.kubeconfig)
  onTestFinished(async () => {
    await api.close()
    rmSync(folder, { recursive: true })
  })
  shop.world.targets = (settings) =>
    makeTargets({ ...settings, cluster: { ...settings.cluster, kubeconfig } }, { env: {}, home: '/nowhere' })
  return {
    shop,
    restart: () => shop.run('restart', 'deployment/checkout', '--yes', '--observe', '0s'),
    changes: () => (shop.deployment().metadata.generation ?? 0) - generation,
    tried: () => nth,
  }
}

test.each<[string, (nth: number) => Trouble]>([
  ['429 once', (nth) => (nth === 1 ? 429 : undefined)],
  ['the connection is cut before the request arrives', (nth) => (nth === 1 ? 'cut' : undefined)],
  ['the connection is cut between request and answer', (nth) => (nth === 1 ? 'cut-after' : undefined)],
])('%s: applied once, and verified', async (_what, trouble) => {
  const { restart, changes } = await troubled(trouble)
  const done = await restart()
  expect([done.code, done.err]).toEqual([0, expect.any(String)])
  expect(changes()).toBe(1)
})

test.each<[string, Trouble, number, string]>([
  ['429 all the time', 429, 5, 'nothing was changed'],
  ['409', 409, 6, 'made by the test'],
  ['500', 500, 5, 'nothing was changed'],
])('%s: nothing is changed, and said', async (_what, trouble, code, said) => {
  const { restart, changes, shop } = await troubled(() => trouble)
  const refused = await restart()
  expect([refused.code, refused.err]).toEqual([code, expect.stringContaining(said)])
  expect(changes()).toBe(0)
  expect((await shop.run('undo', '--yes')).code).toBe(2)
})

test('an answer lost while the API server goes away: said to be unknown, and the same line again finds out and finishes', async () => {
  let gone = false
  const { restart, changes } = await troubled(
    () => {
      gone = true
      return 'cut-after'
    },
    () => (gone ? 'cut' : undefined),
  )
  const lost = await restart()
  expect([lost.code, lost.err]).toEqual([6, expect.stringMatching(/whether deployment\/checkout was changed is not known/)])
  gone = false
  const again = await restart()
  expect([again.code, again.err]).toEqual([0, expect.stringContaining('was cut off after it was applied; going on from there')])
  expect(changes()).toBe(1)
})

test('an API server that freezes before the change: given up at the deadline, with nothing changed', async () => {
  const { shop, changes } = await troubled(
    () => undefined,
    (method, at) => (method === 'PATCH' && at.endsWith('/deployments/checkout') ? 'freeze' : undefined),
  )
  const late = await shop.run('restart', 'deployment/checkout', '--yes', '--timeout', '2s', '--despite', 'noisy_neighbour')
  expect(late.code).toBe(5)
  expect(changes()).toBe(0)
})
