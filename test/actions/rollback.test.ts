import { expect, test } from 'vitest'
import { aShop, namespace, ownPart, template } from './shop.ts'

const bad = (shop: ReturnType<typeof aShop>) =>
  shop.release((deployment) => {
    deployment.spec.template = template('shop/checkout:2-broken')
  })

test('a bad release is rolled back to the revision that is still running, and undone in one word', async () => {
  const shop = aShop()
  bad(shop)
  const broken = ownPart(shop.deployment())
  const rolled = await shop.run('rollback', '--yes')
  expect(rolled.err).toContain('roll back deployment/checkout from revision 2 to 1')
  expect(rolled.err).toContain('image shop/checkout:2-broken -> shop/checkout:1')
  expect(rolled.out).toMatch(/done, checkout: 3 of 3 pods ready/)
  expect(rolled.code).toBe(0)
  expect(shop.deployment().spec.template.spec.containers[0]!.image).toBe('shop/checkout:1')
  expect(shop.deployment().spec.template.metadata?.labels).toEqual({ app: 'checkout' })
  expect(shop.deployment().metadata.annotations?.['kubernetes.io/change-cause']).toMatch(/^task-mcp rollback: .* \(change [0-9a-f]{8}\)$/)
  const undone = await shop.run('undo', '--yes', '--wait', '0s')
  expect(undone.code).toBe(0)
  expect(ownPart(shop.deployment())).toBe(broken)
  expect((await shop.run('undo', '--yes')).err).toContain('nothing was changed from here on this cluster that is not undone')
})

test('a dry run changes nothing and shows the fields that would change', async () => {
  const shop = aShop()
  bad(shop)
  const before = ownPart(shop.deployment())
  const dry = await shop.run('rollback', '--dry-run')
  expect(dry.code).toBe(0)
  expect(dry.err).toContain('spec.template.spec.containers[web].image')
  expect(dry.err).toContain('- shop/checkout:2-broken')
  expect(ownPart(shop.deployment())).toBe(before)
  expect(shop.cluster.writes.every((write) => write.dryRun)).toBe(true)
  expect(shop.world.disk.has('/home/kim/.local/state/task-mcp/record.jsonl')).toBe(false)
})

test('without a terminal it needs --yes, and prints the command that has it', async () => {
  const shop = aShop()
  bad(shop)
  const asked = await shop.run('rollback', '--to', '1', '-n', namespace)
  expect(asked.code).toBe(7)
  expect(asked.out).toContain('task-mcp rollback --to 1 --namespace shop --yes')
  expect(shop.cluster.writes.every((write) => write.dryRun)).toBe(true)
})

test('a person is asked with cluster, namespace and object named; no means no', async () => {
  const shop = aShop({ answers: [false] })
  bad(shop)
  const asked = await shop.run('rollback')
  expect(asked.err).toContain('Roll back deployment/checkout from revision 2 to 1 in namespace shop on lab (https://lab.example:6443)?')
  expect(asked.code).toBe(7)
  const agreed = aShop({ answers: [true] })
  bad(agreed)
  expect((await agreed.run('rollback')).code).toBe(0)
})

test('on a production context the name is typed, not y', async () => {
  const hasty = aShop({ answers: ['y'], context: 'eu-production' })
  bad(hasty)
  expect((await hasty.run('rollback')).code).toBe(7)
  const careful = aShop({ answers: ['checkout'], context: 'eu-production' })
  bad(careful)
  expect((await careful.run('rollback')).code).toBe(0)
})

test('a revision whose ConfigMap is gone is passed over, and said so', async () => {
  const shop = aShop()
  shop.release((deployment) => {
    deployment.spec.template = template('shop/checkout:2')
    deployment.spec.template.spec.containers[0]!.env = []
  })
  shop.cluster.drop('configmaps', shop.cluster.one('configmaps', namespace, 'checkout'))
  shop.release((deployment) => {
    deployment.spec.template = template('shop/checkout:3')
  })
  shop.release((deployment) => {
    deployment.spec.template.spec.containers[0]!.env = []
    deployment.spec.template.spec.containers[0]!.image = 'shop/checkout:4-broken'
  })
  const rolled = await shop.run('rollback', '--yes')
  expect(rolled.err).toContain('from revision 4 to 2')
  expect(rolled.err).toMatch(/revision 3 was passed over: ConfigMap checkout does not exist/)
  expect(rolled.code).toBe(0)
})

test('no revision that can start, no such revision, and already there are three different answers', async () => {
  const shop = aShop()
  expect((await shop.run('rollback', '--yes')).err).toContain('has no earlier revision')
  bad(shop)
  expect((await shop.run('rollback', '--to', '9', '--yes')).err).toContain('it has 1')
  const already = await shop.run('rollback', '--to', '2', '--yes')
  expect(already.code).toBe(0)
  expect(already.out).toContain('already on revision 2')
  shop.cluster.drop('configmaps', shop.cluster.one('configmaps', namespace, 'checkout'))
  const none = await shop.run('rollback', '--yes')
  expect(none.code).toBe(4)
  expect(none.err).toContain('no earlier revision of deployment/checkout could start')
})

test('a paused rollout is refused: resume first', async () => {
  const shop = aShop()
  shop.release((deployment) => {
    deployment.spec.paused = true
    deployment.spec.template = template('shop/checkout:2')
  })
  const refused = await shop.run('rollback', '--yes')
  expect(refused.err).toContain('task-mcp resume deployment/checkout')
  expect(refused.code).toBe(4)
  const resumed = await shop.run('resume', '--yes')
  expect(resumed.code).toBe(0)
  expect(shop.deployment().spec.paused).toBeUndefined()
  expect((await shop.run('resume', '--yes')).out).toContain('is not paused')
})

test('a rollback that would change nothing of the program is objected to', async () => {
  const shop = aShop()
  shop.release((deployment) => {
    deployment.spec.template.metadata = { labels: { app: 'checkout', note: 'x' } }
  })
  const useless = await shop.run('rollback', '--yes')
  expect(useless.code).toBe(7)
  expect(useless.out).toMatch(/this will not help.*--despite config_change/)
  expect((await shop.run('rollback', '--yes', '--despite', 'config_change')).code).toBe(0)
})

test('what does not come true is exit 6, with the way back; --auto-undo takes it', async () => {
  const shop = aShop()
  bad(shop)
  shop.release((deployment) => {
    deployment.spec.template = template('shop/checkout:3')
  })
  const failed = await shop.run('rollback', '--to', '2', '--yes', '--wait', '30s')
  expect(failed.code).toBe(6)
  expect(failed.out).toMatch(/applied, but not verified/)
  expect(failed.out).toMatch(/to take it back: task-mcp undo [0-9a-f]{8}/)
  const other = aShop()
  bad(other)
  other.release((deployment) => {
    deployment.spec.template = template('shop/checkout:3')
  })
  const back = await other.run('rollback', '--to', '2', '--yes', '--wait', '30s', '--auto-undo')
  expect(back.code).toBe(6)
  expect(back.out).toContain('it was taken back')
  expect(other.deployment().spec.template.spec.containers[0]!.image).toBe('shop/checkout:3')
})

test('no secret of the template reaches an output or the run record', async () => {
  const shop = aShop()
  shop.release((deployment) => {
    deployment.spec.template = template('shop/checkout:2-broken')
    deployment.spec.template.spec.containers[0]!.env![1]!.value = 'CANARY-0a1b2c3d4e5f'
  })
  await shop.run('rollback', '--dry-run')
  await shop.run('rollback', '--yes', '--json')
  await shop.run('undo', '--yes', '--json', '--wait', '0s')
  expect(shop.world.stdout() + shop.world.stderr() + [...shop.world.disk.values()].join()).not.toContain('CANARY')
  expect(shop.deployment().spec.template.spec.containers[0]!.env![1]!.value).toBe('CANARY-0a1b2c3d4e5f')
})
