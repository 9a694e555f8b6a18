import { expect, test } from 'vitest'
import { chartsOf } from '../../src/diagnosis/charts.ts'
import { judge } from '../../src/diagnosis/judge.ts'
import { restarts, saturation } from '../../src/diagnosis/saturation.ts'
import { type Change, healthy } from '../support/snapshot.ts'
import { dies } from '../support/snapshot-changes.ts'

const viewOf = (...changes: readonly Change[]) => judge(healthy(...changes), 'service-downtime').view

/** Memory of every pod over time, by the number of the pod, in MiB. */
const memory =
  (...mebibytes: (readonly number[])[]): Change =>
  (scene) => {
    const pods = scene.objects.pods.filter((pod) => pod.metadata.name.startsWith('kestrel-'))
    scene.ranges.memory = mebibytes.map((values, at) => ({
      labels: { pod: pods[at]?.metadata.name ?? 'kestrel-gone-1', container: 'main' },
      points: values.map((value, index): [number, number] => [1000 + index * 10, value * 2 ** 20]),
    }))
  }

const limit: Change = (scene) => {
  for (const pod of scene.objects.pods)
    for (const container of pod.spec.containers) container.resources = { limits: { memory: '200Mi', cpu: '500m' } }
}

test('the fullest pod counts, at each time', () => {
  expect(saturation(viewOf(limit, memory([100, 150], [180, 20])), 'memory')).toEqual([
    [1000, 0.9],
    [1010, 0.75],
  ])
})

test('a pod that is gone is held against the limit of those that are there', () => {
  expect(saturation(viewOf(limit, memory([20], [20], [20], [100])), 'memory')).toEqual([[1000, 0.5]])
})

test('without a limit nothing is near it, and values that are none are left out', () => {
  const none: Change = (scene) => {
    for (const pod of scene.objects.pods) for (const container of pod.spec.containers) container.resources = {}
  }
  expect(saturation(viewOf(none, memory([100])), 'memory')).toEqual([])
  expect(saturation(viewOf(limit, memory([Number.NaN])), 'memory')).toEqual([])
})

test('a chart says what it shows and where its threshold is', () => {
  const chart = chartsOf(viewOf(limit, memory([190, 195]))).find(({ title }) => title.startsWith('Memory'))
  expect(chart).toMatchObject({ unit: 'ratio', threshold: 0.85 })
})

test('each end of a container that was started again, oldest first', () => {
  const found = restarts(viewOf(dies({ exit: 137, reason: 'OOMKilled', restarts: 3 }, 'all')))
  expect(found.length).toBeGreaterThan(0)
  expect(found[0]?.text).toMatch(/^pod kestrel-\S+ container main: OOMKilled \(exit 137\), started again 3 times in all$/)
  expect(found.map(({ at }) => at)).toEqual(found.map(({ at }) => at).toSorted())
  expect(restarts(viewOf())).toEqual([])
})
