import { execFileSync } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, test } from 'vitest'
import { readOwnKey, readSigners, signedBy, signText } from '../../src/actions/keys.ts'
import { aShop, namespace, type Shop, template } from './shop.ts'

const pem = (): string => generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()
const [ada, bob, eve] = [pem(), pem(), pem()]
const line = (name: string, key: string) => `${name} ${readOwnKey(key, name).public} ${name}@example.com\n`

/** A shop where two people are needed; ada and bob may sign. */
function aCarefulShop(): Shop {
  const shop = aShop()
  const settings = JSON.parse(shop.world.disk.get('/project/task-mcp.yaml')!)
  shop.world.disk.set('/project/task-mcp.yaml', JSON.stringify({ ...settings, approval: { signers: 'signers', key: 'ada.pem' } }))
  shop.world.disk.set('/project/signers', `# who may\n${line('ada', ada)}${line('bob', bob)}`)
  for (const [name, key] of Object.entries({ ada, bob, eve })) shop.world.disk.set(`/project/${name}.pem`, key)
  shop.cluster.put('namespaces', { metadata: { name: 'kube-system', uid: 'cluster-one' } })
  return shop
}
const writes = (shop: Shop) => shop.cluster.writes.filter((write) => !write.dryRun && write.resource !== 'events')

test('where two people are needed, --yes alone changes nothing and says how', async () => {
  const shop = aCarefulShop()
  const alone = await shop.run('restart', '--yes')
  expect(alone.code).toBe(7)
  expect(alone.out).toMatch(/two people are needed.*--plan-out change\.plan.*task-mcp approve change\.plan/)
  expect((await shop.run('restart', '--dry-run')).code).toBe(0)
  expect(writes(shop)).toEqual([])
})

test('planned by one, approved by another, applied once', async () => {
  const shop = aCarefulShop()
  const planned = await shop.run('scale', '--replicas', '5', '--plan-out', 'scale.plan')
  expect([planned.code, planned.out]).toEqual([0, expect.stringContaining('the plan is in scale.plan, good until 2026-03-01T13:')])
  expect(writes(shop)).toEqual([])
  const early = await shop.run('scale', '--replicas', '5', '--plan', 'scale.plan', '--yes')
  expect([early.code, early.err]).toEqual([4, expect.stringContaining('nobody has approved the plan yet')])
  const approved = await shop.run('approve', 'scale.plan', '--key', 'bob.pem', '--yes')
  expect(approved.err).toContain('scale deployment/checkout from 3 to 5')
  expect([approved.code, approved.out]).toEqual([0, expect.stringContaining('approved as bob')])
  const other = await shop.run('scale', '--replicas', '9', '--plan', 'scale.plan', '--yes')
  expect([other.code, other.err]).toEqual([2, expect.stringContaining('the plan is for another command')])
  const done = await shop.run('scale', '--replicas', '5', '--plan', 'scale.plan', '--yes')
  expect([done.code, done.err]).toEqual([0, expect.stringContaining('planned by ada, approved by bob')])
  expect(shop.deployment().spec.replicas).toBe(5)
  const twice = await shop.run('scale', '--replicas', '5', '--plan', 'scale.plan', '--yes')
  expect([twice.code, twice.err]).toEqual([6, expect.stringContaining('was applied before')])
  expect(writes(shop)).toHaveLength(1)
})

test('a plan that is tampered with, over, self-approved, signed by a stranger or for another cluster is refused', async () => {
  const shop = aCarefulShop()
  await shop.run('restart', '--plan-out', 'r.plan', '--valid-for', '10m')
  const self = await shop.run('approve', 'r.plan', '--yes')
  expect([self.code, self.err]).toEqual([4, expect.stringContaining('a second person has to approve it')])
  const stranger = await shop.run('approve', 'r.plan', '--key', 'eve.pem', '--yes')
  expect([stranger.code, stranger.err]).toEqual([4, expect.stringContaining('is not among those that may plan and approve')])
  await shop.run('approve', 'r.plan', '--key', 'bob.pem', '--yes')
  const good = shop.world.disk.get('/project/r.plan')!
  const apply = async (text: string) => {
    shop.world.disk.set('/project/r.plan', text)
    return shop.run('restart', '--plan', 'r.plan', '--yes')
  }
  const changed = (change: (file: never) => void): string => {
    const file = JSON.parse(good)
    change(file as never)
    return JSON.stringify(file)
  }
  const tampered = await apply(
    changed((file: { plan: { writes: { ref: { name: string } }[] } }) => {
      file.plan.writes[0]!.ref.name = 'orders-db'
    }),
  )
  expect([tampered.code, tampered.err]).toEqual([4, expect.stringContaining('was changed after ada signed it')])
  const later = await apply(
    changed((file: { expiresAt: string }) => {
      file.expiresAt = '2027-01-01T00:00:00Z'
    }),
  )
  expect(later.err).toContain('was changed after ada signed it')
  const forged = await apply(
    changed((file: { approval: { at: string } }) => {
      file.approval.at = '2026-03-01T11:00:00Z'
    }),
  )
  expect([forged.code, forged.err]).toEqual([4, expect.stringContaining('the approval does not fit the plan')])
  const same = await apply(
    changed((file: { author: { key: string }; approval: { key: string } }) => {
      file.approval.key = file.author.key
    }),
  )
  expect(same.err).toContain('ada made the plan and approved it')
  expect((await apply('{}')).err).toContain('is no plan file')
  shop.cluster.put('namespaces', { metadata: { name: 'kube-system', uid: 'cluster-two' } })
  const elsewhere = await apply(good)
  expect([elsewhere.code, elsewhere.err]).toEqual([4, expect.stringContaining('the plan is for another cluster')])
  shop.cluster.denied.add('get namespaces')
  expect((await apply(good)).err).toContain('whether the plan is for this cluster cannot be told')
  shop.cluster.denied.clear()
  shop.cluster.put('namespaces', { metadata: { name: 'kube-system', uid: 'cluster-one' } })
  shop.cluster.now += 700_000
  const over = await apply(good)
  expect([over.code, over.err]).toEqual([6, expect.stringContaining('which is over')])
  expect(writes(shop)).toEqual([])
})

test('an object that moved on since the plan was made is left alone', async () => {
  const shop = aCarefulShop()
  await shop.run('restart', '--plan-out', 'r.plan')
  await shop.run('approve', 'r.plan', '--key', 'bob.pem', '--yes')
  shop.release((deployment) => {
    deployment.spec.replicas = 4
  })
  const moved = await shop.run('restart', '--plan', 'r.plan', '--yes')
  expect([moved.code, moved.err]).toEqual([6, expect.stringContaining('no longer what the plan was made from')])
  expect(writes(shop)).toEqual([])
})

test('a plan to roll back holds no template, and finds it in the cluster again', async () => {
  const shop = aCarefulShop()
  shop.release((deployment) => {
    deployment.spec.template = template('shop/checkout:2-broken')
  })
  await shop.run('rollback', '--plan-out', 'r.plan')
  expect(shop.world.disk.get('/project/r.plan')).not.toContain('CANARY')
  await shop.run('approve', 'r.plan', '--key', 'bob.pem', '--yes')
  expect((await shop.run('rollback', '--plan', 'r.plan', '--yes')).code).toBe(0)
  expect(shop.cluster.one('deployments', namespace, 'checkout').spec.template.spec.containers[0]!.image).toBe('shop/checkout:1')
})

test('keys are read as ssh writes them, and what cannot be used is named', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'keys-'))
  try {
    const make = (name: string, ...more: string[]) => {
      execFileSync('ssh-keygen', ['-q', '-f', path.join(folder, name), '-C', 'ada@example.com', ...more])
      return readFileSync(path.join(folder, name), 'utf8')
    }
    const own = readOwnKey(make('plain', '-t', 'ed25519', '-N', ''), 'plain')
    const [signer] = readSigners(`ada ${readFileSync(path.join(folder, 'plain.pub'), 'utf8')}`, 'signers')
    expect(own.public).toBe(signer!.public)
    expect(signedBy('text', signText('text', own), signer!.public)).toBe(true)
    expect(signedBy('texts', signText('text', own), signer!.public)).toBe(false)
    expect(() => readOwnKey(make('locked', '-t', 'ed25519', '-N', 'secret-phrase'), 'locked')).toThrow('has a passphrase')
  } finally {
    rmSync(folder, { recursive: true })
  }
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()
  expect(() => readOwnKey(rsa, 'rsa.pem')).toThrow('is rsa, and Ed25519 is needed')
  expect(() => readOwnKey('hello', 'x')).toThrow('no private key')
  expect(() => readSigners('ada ssh-rsa AAAA', 'signers')).toThrow('signers:1 is no signer')
})
