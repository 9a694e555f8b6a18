/** What two scrapes of the pods a moment apart tell, where Prometheus has nothing of the service. */
import { expect, test } from 'vitest'
import { type Change, now, podsOf } from '../support/snapshot.ts'
import { part, release, withoutPrometheus } from '../support/snapshot-changes.ts'
import { codesOf, diagnose } from './causes/case.ts'

/** Each pod, newest first, counts so many good and bad answers at the first scrape, and so many more a second and a half later. */
const counts =
  (...rows: [good: number, bad: number, moreGood: number, moreBad: number][]): Change =>
  (scene) => {
    const samples = (good: number, bad: number) => [
      { name: 'http_requests_total', labels: { code: '200' }, value: good },
      { name: 'http_requests_total', labels: { code: '500' }, value: bad },
    ]
    const value = podsOf(scene).flatMap((pod, i) => {
      const [good, bad, moreGood, moreBad] = rows[i]!
      return [
        { pod: pod.metadata.name, at: now / 1000 - 2, samples: samples(good, bad) },
        { pod: pod.metadata.name, at: now / 1000 - 0.5, samples: samples(good + moreGood, bad + moreBad) },
      ]
    })
    withoutPrometheus(scene)
    part('direct', { state: 'ok', value })(scene)
  }
const newImage = release(
  (_, main) => {
    main.image = 'registry.example/kestrel:1.9.0'
  },
  { minutes: 2, pods: 1 },
)

test('one stray failure between the scrapes is no error rate', () => {
  expect(diagnose(counts([900, 1, 4, 1], [900, 0, 4, 0], [900, 0, 4, 0]))).toMatchObject({ verdict: 'healthy', causes: [] })
})

test('one failure between the scrapes is one where as large a share has failed all along', () => {
  const { symptoms } = diagnose(counts([900, 90, 4, 1], [900, 80, 4, 0], [900, 70, 4, 0]))
  expect(symptoms).toContainEqual(expect.objectContaining({ code: 'error_ratio' }))
})

test('one pod of three is told by what it counted since it started, not by the few requests between the scrapes', () => {
  const verdict = diagnose(counts([400, 0, 2, 0], [300, 60, 1, 3], [400, 0, 2, 0]))
  expect(codesOf(verdict)).toEqual(['single_bad_pod'])
})

test('a release is told from the revision beside it in the same way', () => {
  expect(codesOf(diagnose(newImage, counts([40, 30, 1, 3], [900, 0, 2, 0], [900, 0, 2, 0])))).toEqual(['bad_release'])
})
