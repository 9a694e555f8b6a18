import { expect, test } from 'vitest'
import { discoverService } from '../../src/facts/discover-service.ts'
import type { StatefulSet } from '../../src/facts/kubernetes/workload.ts'
import { type Change, healthy } from '../support/snapshot.ts'
import { gone, put } from '../support/snapshot-changes.ts'

const set: StatefulSet = {
  metadata: { name: 'kestrel' },
  spec: { selector: { matchLabels: { app: 'kestrel' } }, template: { spec: { containers: [{ name: 'main' }] } } },
}
const kind = (...changes: Change[]): unknown => {
  const { cluster, target } = healthy(...changes)
  return discoverService(cluster, target.service).find((f) => f.path === 'service.kind')?.value
}

test('a workload that is there under another kind is meant, where nobody said which kind it is', () => {
  expect(kind(gone('deployments', 'kestrel'), put('statefulsets', set))).toBe('StatefulSet')
})

test('the kind stays as it was told where there is one of it, or of none', () => {
  expect(kind()).toBeUndefined()
  expect(kind(put('statefulsets', set))).toBeUndefined()
  expect(kind(gone('deployments', 'kestrel'))).toBeUndefined()
})
