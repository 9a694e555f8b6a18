import { expect, test } from 'vitest'
import { createTaskList } from '../../src/server/tasks/task-list.ts'
import { onEachStore } from './stores.ts'

onEachStore('the task list', (open) => {
  const aList = async (clock = { now: Date.parse('2031-05-04T12:00:00Z') }) => {
    const store = await open()
    return { store, clock, list: createTaskList(store, () => clock.now++) }
  }

  test('a task is created, read, changed under its version, and has a history', async () => {
    const { list } = await aList()
    const task = await list.create('ada', { title: ' Paint the fence ', labels: ['home', 'home'], priority: 'high', dueAt: '2031-05-05' })
    expect(task).toMatchObject({
      title: 'Paint the fence',
      labels: ['home'],
      priority: 'high',
      dueAt: '2031-05-05T00:00:00.000Z',
      version: 1,
      createdBy: 'ada',
    })
    expect(await list.get(task.id)).toEqual(task)
    const changed = await list.update('bob', { id: task.id, version: 1, title: 'Paint the door', labels: [] })
    expect(changed).toMatchObject({ title: 'Paint the door', labels: [], priority: 'high', version: 2, updatedBy: 'bob' })
    await expect(list.update('ada', { id: task.id, version: 1, title: 'x' })).rejects.toMatchObject({ code: 'version_conflict' })
    const history = await list.history(task.id, { limit: 10 })
    expect(history.map(({ action, actor }) => [action, actor])).toEqual([
      ['updated', 'bob'],
      ['created', 'ada'],
    ])
    expect(history[0]?.changes).toEqual({ title: { from: 'Paint the fence', to: 'Paint the door' }, labels: { from: ['home'], to: [] } })
  })

  test('lists are filtered, sorted and paged without a gap or a repetition', async () => {
    const { list } = await aList()
    for (let number = 0; number < 25; number++)
      await list.create('ada', {
        title: `task ${number}`,
        labels: number % 2 === 0 ? ['even'] : [],
        priority: number % 5 === 0 ? 'urgent' : 'low',
      })
    const seen: string[] = []
    let cursor: string | undefined
    do {
      const page = await list.list({ labels: ['even'], sort: 'created' }, { limit: 4, cursor })
      seen.push(...page.tasks.map(({ title }) => title))
      cursor = page.nextCursor
    } while (cursor !== undefined)
    expect(seen).toEqual(Array.from({ length: 13 }, (_, index) => `task ${index * 2}`))
    const urgent = await list.list({ priority: 'urgent', sort: 'priority' }, { limit: 50 })
    expect(urgent.tasks).toHaveLength(5)
    const { nextCursor } = await list.list({}, { limit: 1 })
    await expect(list.list({ sort: 'due' }, { limit: 1, cursor: nextCursor })).rejects.toThrow(/another order/)
    await expect(list.list({}, { limit: 1, cursor: 'nonsense' })).rejects.toMatchObject({ code: 'invalid' })
  })

  test('search finds all words in any case, and takes % and _ as they are', async () => {
    const { list } = await aList()
    await list.create('ada', { title: 'Größe prüfen', description: '50% done' })
    await list.create('ada', { title: 'other', labels: ['snake_case'] })
    const find = async (text: string) => (await list.list({ text, status: 'any' }, { limit: 10 })).tasks.map(({ title }) => title)
    expect(await find('PRÜFEN größe')).toEqual(['Größe prüfen'])
    expect(await find('50%')).toEqual(['Größe prüfen'])
    expect(await find('snakeXcase')).toEqual([])
    expect(await find('snake_case')).toEqual(['other'])
  })

  test('a task waits for what it depends on, and never for itself', async () => {
    const { list } = await aList()
    const first = await list.create('ada', { title: 'first' })
    const second = await list.create('ada', { title: 'second', dependsOn: [first.id], priority: 'urgent' })
    expect(second.blocked).toBe(true)
    await expect(list.update('ada', { id: first.id, version: 1, dependsOn: [second.id] })).rejects.toMatchObject({ code: 'cycle' })
    await expect(list.update('ada', { id: first.id, version: 1, dependsOn: [first.id] })).rejects.toMatchObject({ code: 'cycle' })
    await expect(list.claim('ada', { id: second.id, leaseSeconds: 60 })).rejects.toMatchObject({ code: 'blocked' })
    expect(await list.claim('ada', { leaseSeconds: 60 })).toMatchObject({ task: { title: 'first' } })
    await expect(list.complete('ada', { id: first.id })).rejects.toMatchObject({ code: 'claimed' })
    await expect(list.create('ada', { title: 'third', dependsOn: ['task_none'] })).rejects.toMatchObject({ code: 'not_found' })
  })

  test('a lease ends, and then the one who had it is told so', async () => {
    const { list, clock } = await aList()
    await list.create('ada', { title: 'only one' })
    const taken = await list.claim('ada', { leaseSeconds: 60 })
    if (taken.task === null) throw new Error('nothing was ready')
    expect(await list.claim('bob', { leaseSeconds: 60 })).toEqual({ task: null })
    clock.now += 50_000
    const { until } = await list.heartbeat('ada', { id: taken.task.id, claimId: taken.claim.id, leaseSeconds: 60 })
    expect(Date.parse(until)).toBeGreaterThan(Date.parse(taken.claim.until))
    clock.now += 61_000
    expect(await list.claim('bob', { leaseSeconds: 60 })).toMatchObject({ task: { claim: { by: 'bob' } } })
    await expect(list.heartbeat('ada', { id: taken.task.id, claimId: taken.claim.id, leaseSeconds: 60 })).rejects.toMatchObject({
      code: 'lease_lost',
    })
    await expect(list.release('ada', { id: taken.task.id, claimId: taken.claim.id })).rejects.toMatchObject({ code: 'lease_lost' })
  })

  test('no two of many claimers get one task', async () => {
    const { list } = await aList()
    for (let number = 0; number < 40; number++) await list.create('ada', { title: `task ${number}` })
    const workers = Array.from({ length: 12 }, async (_, worker) => {
      const mine: string[] = []
      for (;;) {
        const taken = await list.claim(`worker ${worker}`, { leaseSeconds: 600 })
        if (taken.task === null) return mine
        mine.push(taken.task.id)
      }
    })
    const all = (await Promise.all(workers)).flat()
    // On PostgreSQL a claimer may see every ready row held by others for a moment and stop early; what is left is claimed now.
    for (
      let taken = await list.claim('last', { leaseSeconds: 600 });
      taken.task !== null;
      taken = await list.claim('last', { leaseSeconds: 600 })
    )
      all.push(taken.task.id)
    expect(all).toHaveLength(40)
    expect(new Set(all).size).toBe(40)
  })

  test('a write repeated under its key happens once, also when both come at once', async () => {
    const { list } = await aList()
    const request = { title: 'once', idempotencyKey: 'k1' }
    const answers = await Promise.all([list.create('ada', request), list.create('ada', request), list.create('ada', request)])
    expect(new Set(answers.map(({ id }) => id)).size).toBe(1)
    await expect(list.create('ada', { title: 'another', idempotencyKey: 'k1' })).rejects.toMatchObject({ code: 'key_reused' })
    expect((await list.create('bob', request)).id).not.toBe(answers[0]?.id)
    expect((await list.list({}, { limit: 10 })).tasks).toHaveLength(2)
  })

  test('completing twice changes nothing, deleting leaves the history', async () => {
    const { list } = await aList()
    const task = await list.create('ada', { title: 'short' })
    const done = await list.complete('ada', { id: task.id })
    expect(await list.complete('bob', { id: task.id })).toEqual(done)
    expect(await list.reopen('ada', { id: task.id })).toMatchObject({ status: 'open', completedBy: null, version: 3 })
    await list.comment('ada', { id: task.id, body: 'a word' })
    expect(await list.comments(task.id, { limit: 10 })).toMatchObject([{ author: 'ada', body: 'a word' }])
    await list.remove('ada', { id: task.id, version: 3 })
    await expect(list.get(task.id)).rejects.toMatchObject({ code: 'not_found' })
    expect((await list.history(task.id, { limit: 10 })).map(({ action }) => action)).toEqual([
      'deleted',
      'commented',
      'reopened',
      'completed',
      'created',
    ])
  })

  test('changes are announced once they are durable, in an order that can be read again', async () => {
    const { list } = await aList()
    const changes: { sequence: number; taskId: string }[] = []
    list.onChange((change) => changes.push(change))
    // A replica hears from the moment its own connection listens.
    const listens = async () => {
      await list.create('ada', { title: 'hello' })
      return changes.length
    }
    await expect.poll(listens, { timeout: 30_000, interval: 100 }).toBeGreaterThan(0)
    const task = await list.create('ada', { title: 'loud' })
    const heard = () => changes.filter(({ taskId }) => taskId === task.id).map(({ sequence }) => sequence)
    await list.update('ada', { id: task.id, version: 1, title: 'louder' })
    await expect(list.update('ada', { id: task.id, version: 1, title: 'refused' })).rejects.toThrow()
    await expect.poll(() => heard().length, { timeout: 30_000 }).toBe(2)
    const [created, updated] = heard()
    expect((await list.changesAfter({ sequence: created! }, 10, false)).map(({ sequence }) => sequence)).toEqual([updated])
  })

  test('a refused write leaves nothing behind, though others share its commit', async () => {
    const { list } = await aList()
    const settled = await Promise.allSettled([
      list.create('ada', { title: 'good 1' }),
      list.create('ada', { title: 'bad', dependsOn: ['task_none'] }),
      list.create('ada', { title: 'good 2' }),
    ])
    expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect((await list.list({ sort: 'created' }, { limit: 10 })).tasks.map(({ title }) => title).sort()).toEqual(['good 1', 'good 2'])
  })

  test('the schema is brought up to date once, and a newer one is refused', async () => {
    const { store } = await aList()
    await store.migrate()
    await store.write('test', (tx) => tx.run("INSERT INTO schema_migrations (version, compatible_from, name) VALUES (90, 1, 'soon')"))
    await store.migrate()
    await store.write('test', (tx) => tx.run("INSERT INTO schema_migrations (version, compatible_from, name) VALUES (91, 91, 'later')"))
    await expect(store.migrate()).rejects.toMatchObject({ problem: 'incompatible' })
  })
})
