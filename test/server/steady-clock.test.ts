import { describe, expect, test } from 'vitest'
import { steadyClock } from '../../src/server/steady-clock.ts'
import { createTaskList } from '../../src/server/tasks/task-list.ts'
import { onEachStore } from './stores.ts'

/** A machine whose wall clock can be set, while its monotonic one just goes on. */
function aMachine() {
  let wall = Date.parse('2026-03-01T12:00:00Z')
  let monotonic = 1000
  return {
    now: steadyClock(
      () => wall,
      () => monotonic,
    ),
    pass: (seconds: number) => {
      wall += seconds * 1000
      monotonic += seconds * 1000
    },
    set: (seconds: number) => {
      wall += seconds * 1000
    },
  }
}

describe('a clock that is set back', () => {
  test('time goes on, at half the speed, until the wall clock has caught up', () => {
    const { now, pass, set } = aMachine()
    const start = now()
    set(-3600)
    expect(now()).toBe(start)
    pass(600)
    expect(now()).toBe(start + 300_000)
    pass(6600)
    expect(now()).toBe(start + 3600_000)
    pass(10)
    expect(now()).toBe(start + 3610_000)
  })

  test('many looks in a short time lose none of it', () => {
    const { now, pass, set } = aMachine()
    const start = now()
    set(-3600)
    for (let look = 0; look < 1000; look++) {
      pass(0.01)
      now()
    }
    expect(now() - start).toBe(5000)
  })

  test('a clock that is set forward is followed', () => {
    const { now, set } = aMachine()
    const start = now()
    set(3600)
    expect(now()).toBe(start + 3600_000)
  })
})

onEachStore('a clock that is set back', (open) => {
  test('a lease is held as long as it is renewed, given to nobody else, and ends by itself', async () => {
    const { now, pass, set } = aMachine()
    const list = createTaskList(await open(), now)
    await list.create('ada', { title: 'one' })
    const taken = await list.claim('ada', { leaseSeconds: 60 })
    if (taken.task === null) throw new Error('nothing was ready')
    const { task, claim } = taken
    set(-7200)
    expect(await list.claim('bob', { leaseSeconds: 60 })).toEqual({ task: null })
    pass(50)
    await list.heartbeat('ada', { id: task.id, claimId: claim.id, leaseSeconds: 60 })
    pass(100)
    expect(await list.claim('bob', { leaseSeconds: 60 })).toEqual({ task: null })
    pass(30)
    expect(await list.claim('bob', { leaseSeconds: 60 })).toMatchObject({ task: { id: task.id } })
  })

  test('comments and tasks keep their order, and a key is still known', async () => {
    const { now, pass, set } = aMachine()
    const list = createTaskList(await open(), now)
    const first = await list.create('ada', { title: 'one', idempotencyKey: 'k' })
    await list.comment('ada', { id: first.id, body: 'before' })
    set(-7200)
    pass(1)
    expect((await list.create('ada', { title: 'one', idempotencyKey: 'k' })).id).toBe(first.id)
    const second = await list.create('ada', { title: 'two' })
    pass(1)
    await list.comment('ada', { id: first.id, body: 'after' })
    expect(second.createdAt > first.createdAt).toBe(true)
    expect((await list.comments(first.id, { limit: 10 })).map(({ body }) => body)).toEqual(['before', 'after'])
  })
})
