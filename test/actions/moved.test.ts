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

test('killed at any moment, the next command says what became of it, and undo takes it back', async () => {
  const whole = aShop()
  const before = ownPart(whole.deployment())
  await whole.run('scale', '--replicas', '5', '--yes')
  const lines = whole.world.disk.get(recordFile)!.trim().split('\n')
  expect(lines).toHaveLength(4)
  for (const [written, applied, said] of [
    [1, false, /^(?!.*cut off)/],
    [2, false, /was cut off before it was applied: nothing was changed/],
    [2, true, /was cut off: it was applied, and nobody saw whether it came true; task-mcp undo [0-9a-f]{8} takes it back/],
    [3, true, /was cut off: it was applied/],
  ] as const) {
    const { shop } = await killed('scale', written, applied)
    const next = await shop.run('restart', '--dry-run')
    expect(next.err).toMatch(said)
    expect((await shop.run('restart', '--dry-run')).err).not.toContain('was cut off')
    const undone = await shop.run('undo', '--yes')
    expect(undone.code).toBe(applied ? 0 : 2)
    expect(ownPart(shop.deployment())).toBe(before)
  }
})

test('killed at any moment, the same command again goes on from there and applies nothing twice', async () => {
  for (const action of ['scale', 'restart'] as const) {
    for (const [written, applied] of [
      [1, false],
      [2, false],
      [2, true],
      [3, true],
    ] as const) {
      const { shop, line, generation } = await killed(action, written, applied)
      const again = await shop.run(...line)
      expect([action, written, applied, again.code]).toEqual([action, written, applied, 0])
      expect(again.err.includes('going on from there')).toBe(applied)
      expect(shop.deployment().metadata.generation).toBe(generation + 1)
      expect((await shop.run('undo', '--dry-run')).err).not.toContain('cut off')
    }
  }
})

test('killed between two writes, the same command makes the second alone', async () => {
  const shop = aShop()
  shop.cluster.put('configmaps', {
    metadata: {
      name: 'checkout',
      namespace,
      annotations: { 'kubectl.kubernetes.io/last-applied-configuration': '{"data":{"greeting":"hello"}}' },
    },
    data: { greeting: 'hullo' },
  })
  const { patch } = shop.cluster
  shop.cluster.patch = async (...given) => {
    if (given[0].resource === 'deployments' && !given[3].dryRun) throw new Error('killed')
    return patch.apply(shop.cluster, given)
  }
  expect((await shop.run('config-restore', 'configmap/checkout', '--yes')).code).toBe(1)
  shop.cluster.patch = patch
  const again = await shop.run('config-restore', 'configmap/checkout', '--yes')
  expect(again.err).toContain('was cut off with 1 of 2 writes to go')
  expect(again.code).toBe(0)
  expect(real(shop).map((write) => write.resource)).toEqual(['configmaps', 'deployments'])
})

test('what was begun long ago, or not waited for on purpose, is not gone on with', async () => {
  const { shop, line, generation } = await killed('restart', 3, true)
  shop.cluster.now += 3_600_000
  expect((await shop.run(...line)).err).toMatch(/was cut off: it was applied/)
  expect(shop.deployment().metadata.generation).toBe(generation + 2)
  const other = aShop()
  await other.run('restart', '--yes', '--wait', '0s')
  expect((await other.run('restart', '--yes')).err).not.toContain('cut off')
  expect(real(other)).toHaveLength(2)
})

/** A shop where an action was killed after so many lines of the record, with its write on the API server or not. */
async function killed(action: 'scale' | 'restart', written: number, applied: boolean) {
  const shop = aShop()
  const line = action === 'scale' ? ['scale', '--replicas', '5', '--yes'] : ['restart', '--yes']
  const { generation = 0 } = shop.deployment().metadata
  const before = structuredClone(shop.deployment())
  await shop.run(...line)
  if (!applied) {
    shop.cluster.put('deployments', before)
    shop.cluster.settle()
  }
  const own = shop.world.disk.get(recordFile)!.trim().split('\n')
  shop.world.disk.set(recordFile, `${own.slice(0, written).join('\n')}\n`)
  return { shop, line, generation }
}

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
