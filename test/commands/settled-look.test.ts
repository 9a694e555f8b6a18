import { expect, test } from 'vitest'
import { settledLook } from '../../src/commands/settled-look.ts'
import { judge } from '../../src/diagnosis/judge.ts'
import type { Snapshot } from '../../src/facts/snapshot.ts'
import { ago, type Change, healthy, now, podsOf } from '../support/snapshot.ts'
import { fails, notReady, waits } from '../support/snapshot-changes.ts'
import { aWorld } from '../support/world.ts'

/** The pods were made so many minutes before the look. */
const young =
  (minutes: number): Change =>
  (scene) => {
    for (const pod of scene.objects.pods) {
      pod.metadata.creationTimestamp = ago(minutes)
      for (const condition of pod.status?.conditions ?? []) condition.lastTransitionTime = ago(minutes)
    }
  }

async function looksAt(seconds: number, ...snapshots: Snapshot[]) {
  const world = aWorld()
  const began = world.clock.now()
  let looks = 0
  const look = async () => snapshots[Math.min(looks++, snapshots.length - 1)]!
  const [last] = await settledLook(world, seconds, look, (snapshot) => [judge(snapshot, 'service-downtime')])
  return { looks, verdict: last!.verdict, waited: world.clock.now() - began, said: world.stderr() }
}

const unclear = (minutes: number): Snapshot => healthy(notReady('all'), young(minutes))
const clear = healthy(waits('ErrImagePull', 'manifest for registry.example/kestrel:1.8.0 not found'))

test('what still moves and shows nothing is looked at again, and the second look finds it', async () => {
  const { looks, verdict, waited, said } = await looksAt(10, unclear(0.05), clear)
  expect(looks).toBe(2)
  expect(waited).toBe(3000)
  expect(verdict.causes[0]?.code).toBe('image_not_found')
  expect(said).toMatch(/^too early to tell: Pod kestrel-\S+ moved 3 s ago; looking again in 3 s\n$/)
})

test('what stays unclear is looked at three times and no more', async () => {
  const { looks, verdict } = await looksAt(10, unclear(0.05))
  expect(verdict.verdict).toBe('inconclusive')
  expect(looks).toBe(3)
})

test('no look is begun that would end after the deadline', async () => {
  expect((await looksAt(2, unclear(0.05), clear)).looks).toBe(1)
})

test('what has been unclear for a minute is not looked at again', async () => {
  expect((await looksAt(10, unclear(1), clear)).looks).toBe(1)
})

test('an answer is given at once, however young its cause', async () => {
  expect((await looksAt(10, clear)).looks).toBe(1)
  expect((await looksAt(10, healthy())).looks).toBe(1)
})

/** So many error lines in each pod's log, one a second, the last one now; before them a line that is half a minute old. */
const errorsNow =
  (count: number, text: string): Change =>
  (scene) => {
    const at = (seconds: number) => new Date(now - seconds * 1000).toISOString()
    for (const pod of podsOf(scene)) {
      const lines = Array.from({ length: count }, (_, i) => ({ time: at(count - 1 - i), text }))
      scene.logs.push({
        pod: pod.metadata.name,
        container: 'main',
        previous: false,
        lines: [{ time: at(30), text: 'ready' }, ...lines],
        truncated: false,
      })
    }
  }

test('well by its counters, with a new kind of error in its log: looked at again before it is called well', async () => {
  const { looks, verdict, said } = await looksAt(10, healthy(errorsNow(4, 'ERROR order 7 could not be placed')), healthy())
  expect(looks).toBe(2)
  expect(verdict.verdict).toBe('healthy')
  expect(said).toBe('too early to tell: 12 error lines of a kind that was not in the logs 20 s ago; looking again in 3 s\n')
})

test('errors that have long been handled need no second look', async () => {
  expect((await looksAt(10, healthy(errorsNow(28, 'ERROR order 7 could not be placed')))).looks).toBe(1)
})

/** A process without a cluster, whose requests fail and whose health says this. */
function alone(status: number, body: string): Snapshot {
  const snapshot = healthy(fails(0.7))
  const result = { state: 'ok' as const, value: { status, seconds: 0.01, body } }
  return {
    ...snapshot,
    target: { ...snapshot.target, url: 'http://127.0.0.1:3000' },
    cluster: {},
    probes: [{ hop: 'pod', name: '127.0.0.1:3000', port: 3000, path: '/ready', purpose: 'ready', result }],
  }
}

test('a process that fails before its health says so is asked again', async () => {
  const { looks, verdict, said } = await looksAt(10, alone(200, 'ready'), alone(503, 'store: database or disk is full'))
  expect(looks).toBe(2)
  expect(verdict.causes[0]?.code).toBe('disk_full')
  expect(said).toBe('too early to tell: requests fail, and the service calls itself ready; looking again in 3 s\n')
})

test('unclear, with a new kind of error in its log: looked at again, though nothing of the service moved', async () => {
  expect((await looksAt(10, healthy(notReady('all'), young(1), errorsNow(4, 'ERROR order 7 could not be placed')), clear)).looks).toBe(2)
})

test('requests that fail without a cause are looked at again: the next scrape may tell which pod it is', async () => {
  const { looks, verdict } = await looksAt(10, healthy(fails(0.05)), healthy(fails(0.6, 1)))
  expect(looks).toBe(2)
  expect(verdict.causes[0]?.code).toBe('single_bad_pod')
})
