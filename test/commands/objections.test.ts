/** What the other causes of a diagnosis say against the remedy of the first. */
import { expect, test } from 'vitest'
import { objectionsBeside } from '../../src/commands/objections.ts'
import { diagnose } from '../diagnosis/causes/case.ts'
import { change, refusedPods, release, waits } from '../support/snapshot-changes.ts'

const missingImage = [
  release(
    (_, main) => {
      main.image = 'registry.example/kestrel:1.9.9'
    },
    { pods: 1 },
  ),
  waits('ErrImagePull', 'registry.example/kestrel:1.9.9: not found', 'new'),
]
const selectsNobody = change('services', 'kestrel-front', (service) => {
  service.spec.selector = { app: 'kestrel-2' }
})

test('a revision that is a fault by itself is taken back, although that does nothing about the other fault, which is told', () => {
  const { causes } = diagnose(...missingImage, selectsNobody)
  expect(causes.map(({ code }) => code).toSorted()).toEqual(['image_not_found', 'service_selector_mismatch'])
  const first = causes.toSorted((a) => (a.code === 'image_not_found' ? -1 : 1))
  const { objections, beside } = objectionsBeside(first, 'rollback')
  expect(objections).toEqual([])
  expect(beside).toEqual([expect.stringMatching(/^this does nothing about service_selector_mismatch: Service kestrel-front selects /)])
})

test('what would lose pods for good is not done, whatever else it would cure', () => {
  const { causes } = diagnose(selectsNobody, refusedPods('exceeded quota: team, requested: pods=1, used: pods=5, limited: pods=5', 1))
  expect(causes.map(({ code }) => code)).toContain('quota_exceeded')
  const first = causes.toSorted((a) => (a.code === 'quota_exceeded' ? 1 : -1))
  expect(objectionsBeside(first, 'restart').objections.map(({ code }) => code)).toContain('quota_exceeded')
})
