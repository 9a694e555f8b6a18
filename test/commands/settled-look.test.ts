import { expect, test } from 'vitest'
import { settledLook } from '../../src/commands/settled-look.ts'
import { judge } from '../../src/diagnosis/judge.ts'
import type { Snapshot } from '../../src/facts/snapshot.ts'
import { ago, type Change, healthy } from '../support/snapshot.ts'
import { notReady, waits } from '../support/snapshot-changes.ts'
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
