import { expect, test } from 'vitest'
import { findWorkload, podsOf } from '../../src/facts/lookup.ts'
import { healthy } from '../support/snapshot.ts'

test('the pods of a Deployment are known although its ReplicaSets were not seen', () => {
  const snapshot = healthy()
  const { service } = snapshot.target
  const workload = findWorkload(snapshot, service.kind, service.workload, service.namespace)!
  const names = (of: typeof snapshot) => podsOf(of, workload).map(({ metadata }) => metadata.name)
  expect(names(snapshot).length).toBeGreaterThan(0)
  const replicasets = { state: 'unreachable', reason: 'no answer in time' } as const
  expect(names({ ...snapshot, cluster: { ...snapshot.cluster, replicasets } })).toEqual(names(snapshot))
})
