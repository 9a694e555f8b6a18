import { expect, test } from 'vitest'
import { AbsentError, InterruptedError, UnreachableError } from '../../src/errors.ts'
import { aShop, namespace, ownPart, type Shop, template } from './shop.ts'

const recordFile = '/home/kim/.local/state/task-mcp/record.jsonl'
const lost = () => new UnreachableError('the API server closed the connection before the whole answer came')
const real = (shop: Shop) => shop.cluster.writes.filter((write) => !write.dryRun && write.resource !== 'events')

test('an object that changes between plan and apply is left alone: exit 6', async () => {
  const shop = aShop()
  const { create } = shop.cluster
  // Somebody scales while the gates are being asked.
  shop.cluster.create = async (...given) => {
    if (given[0] === 'pods') {
      shop.release((deployment) => {
        deployment.spec.replicas = 4
      })
    }
    return create.apply(shop.cluster, given)
  }
  const moved = await shop.run('restart', '--yes')
  expect(moved.code).toBe(6)
  expect(moved.err).toContain('no longer what the plan was made from')
  expect(shop.deployment().spec.template).toEqual(template())
})

test('what changed while somebody thought it over is named', async () => {
  const shop = aShop({ answers: [true] })
  const { confirm } = shop.world.terminal
  Object.assign(shop.world.terminal, {
    confirm: async (question: string) => {
      shop.release((deployment) => {
        deployment.spec.replicas = 4
      })
      return confirm(question)
    },
  })
  const moved = await shop.run('restart')
  expect(moved.code).toBe(6)
  expect(moved.err).toContain('deployment/checkout has changed since the plan: spec.replicas 3 -> 4; nothing was changed')
})

test('Ctrl-C while waiting says that the change is applied, and how to take it back', async () => {
  const shop = aShop()
  const stop = new AbortController()
  Object.assign(shop.world, { signal: stop.signal })
  shop.cluster.afterWrite = (write) => {
    if (write.resource === 'events') stop.abort(new InterruptedError())
  }
  const stopped = await shop.run('scale', '--replicas', '5', '--yes')
  expect(stopped.code).toBe(130)
  expect(stopped.err).toMatch(/no longer waited for, but applied; to take it back: task-mcp undo [0-9a-f]{8}/)
  expect(shop.deployment().spec.replicas).toBe(5)
})

test('an object deleted and made anew under the same name is another object', async () => {
  const shop = aShop({ answers: [true] })
  const { confirm } = shop.world.terminal
  Object.assign(shop.world.terminal, {
    confirm: async (question: string) => {
      const old = shop.deployment()
      shop.cluster.drop('deployments', old)
      const { uid: _, ...metadata } = old.metadata
      shop.cluster.put('deployments', { ...old, metadata })
      return confirm(question)
    },
  })
  const moved = await shop.run('restart')
  expect(moved.code).toBe(6)
  expect(moved.err).toContain('was deleted and made anew since the plan')
})

test('a request lost on its way is sent again and applied once', async () => {
  const shop = aShop()
  let times = 0
  shop.cluster.beforeWrite = (write) => {
    if (write.resource === 'deployments' && ++times === 1) throw lost()
  }
  expect((await shop.run('scale', '--replicas', '5', '--yes')).code).toBe(0)
  expect(shop.deployment().spec.replicas).toBe(5)
})

test('an answer lost on its way is settled by looking: applied, and not applied twice', async () => {
  const shop = aShop()
  shop.cluster.afterWrite = (write) => {
    if (write.resource === 'deployments') throw lost()
  }
  expect((await shop.run('restart', '--yes')).code).toBe(0)
  expect(real(shop)).toHaveLength(1)
})

test('when even looking fails, it is said that it is not known, and the next command finds out', async () => {
  const shop = aShop()
  const { get } = shop.cluster
  const before = ownPart(shop.deployment())
  shop.cluster.afterWrite = (write) => {
    if (write.resource !== 'deployments') return
    shop.cluster.get = async () => Promise.reject(lost())
    throw lost()
  }
  const unknown = await shop.run('scale', '--replicas', '5', '--yes')
  expect(unknown.code).toBe(6)
  expect(unknown.err).toMatch(/whether deployment\/checkout was changed is not known/)
  shop.cluster.get = get
  shop.cluster.afterWrite = () => {}
  const next = await shop.run('restart', '--dry-run')
  expect(next.err).toMatch(/careful: change [0-9a-f]{8} \(scale deployment\/checkout from 3 to 5, .*\) was cut off/)
  expect((await shop.run('undo', '--yes')).code).toBe(0)
  expect(ownPart(shop.deployment())).toBe(before)
})

test('a record cut in the middle of a line loses that line and no more', async () => {
  const shop = aShop()
  await shop.run('scale', '--replicas', '5', '--yes')
  shop.world.disk.set(recordFile, `${shop.world.disk.get(recordFile)}{"at":"2026-03-01T12:0`)
  expect((await shop.run('undo', '--yes')).code).toBe(0)
  expect(shop.deployment().spec.replicas).toBe(3)
})

test('killed at any moment, the next command names what was cut off and undo settles it', async () => {
  const whole = aShop()
  const before = ownPart(whole.deployment())
  await whole.run('scale', '--replicas', '5', '--yes')
  const lines = whole.world.disk.get(recordFile)!.trim().split('\n')
  expect(lines).toHaveLength(4)
  for (const [written, applied] of [
    [1, false],
    [2, false],
    [2, true],
    [3, true],
  ] as const) {
    const shop = aShop()
    await shop.run('scale', '--replicas', '5', '--yes')
    if (!applied) await shop.run('undo', '--yes')
    const own = shop.world.disk.get(recordFile)!.trim().split('\n')
    shop.world.disk.set(recordFile, `${own.slice(0, written).join('\n')}\n`)
    const next = await shop.run('restart', '--dry-run')
    expect(next.err.includes('was cut off')).toBe(written === 2)
    const undone = await shop.run('undo', '--yes')
    expect(undone.code).toBe(written === 1 ? 2 : 0)
    expect(ownPart(shop.deployment())).toBe(before)
  }
})

test('undo leaves alone what somebody else has changed since', async () => {
  const shop = aShop()
  await shop.run('scale', '--replicas', '5', '--yes')
  shop.release((deployment) => {
    deployment.spec.replicas = 7
  })
  const moved = await shop.run('undo', '--yes')
  expect(moved.code).toBe(6)
  expect(moved.err).toContain('spec.replicas of deployment/checkout was changed by somebody else since')
  expect(shop.deployment().spec.replicas).toBe(7)
})

test('undo names a change by its id, knows what was never applied, and what is gone', async () => {
  const shop = aShop()
  const done = await shop.run('scale', '--replicas', '5', '--yes', '--json')
  const { plan } = JSON.parse(done.out)
  await shop.run('scale', '--replicas', '0')
  const declined = JSON.parse(shop.world.disk.get(recordFile)!.trim().split('\n').at(-1)!)
  expect(declined.type).toBe('declined')
  expect((await shop.run('undo', declined.id, '--yes')).err).toContain('was never applied')
  expect((await shop.run('undo', 'ffffffff', '--yes')).err).toContain('no change ffffffff')
  expect((await shop.run('undo', plan.id, '--yes')).code).toBe(0)
  await shop.run('scale', '--replicas', '5', '--yes')
  shop.cluster.drop('deployments', shop.deployment())
  expect((await shop.run('undo', '--yes')).err).toContain('is not there any more')
})

test('the second of two changes failing says what was done and how to take it back', async () => {
  const shop = aShop()
  shop.cluster.put('configmaps', {
    metadata: {
      name: 'checkout',
      namespace,
      annotations: { 'kubectl.kubernetes.io/last-applied-configuration': '{"data":{"greeting":"hello"}}' },
    },
    data: { greeting: 'hullo' },
  })
  shop.cluster.beforeWrite = (write) => {
    if (write.resource === 'deployments') throw new AbsentError('deployments "checkout" not found')
  }
  const half = await shop.run('config-restore', 'configmap/checkout', '--yes')
  expect(half.code).toBe(6)
  expect(half.err).toMatch(/1 of 2 changes were applied, then deployment\/checkout was refused.*task-mcp undo [0-9a-f]{8}/)
  shop.cluster.beforeWrite = () => {}
  await shop.run('undo', '--yes')
  expect(shop.cluster.one('configmaps', namespace, 'checkout').data).toEqual({ greeting: 'hullo' })
})

test('every change is on record: who, what, request, answer, verification', async () => {
  const shop = aShop()
  await shop.run('restart', '--yes', '--why', 'new password')
  const lines = shop.world.disk
    .get(recordFile)!
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(lines.map((line) => line.type)).toEqual(['plan', 'request', 'answer', 'verified'])
  expect(lines[0]).toMatchObject({
    by: 'jo',
    plan: { action: 'restart', why: 'new password', cluster: { context: 'lab' }, target: { name: 'checkout' } },
  })
  expect(lines[2]).toMatchObject({ outcome: 'applied' })
  expect(lines[3]).toMatchObject({ ok: true })
})
