/** A revision is blamed for what it brought in: while it is new, or as long as it never served. One that served for days is innocent of what happens now. */
import { expect, test } from 'vitest'
import type { Container, PodSpec } from '../../../src/facts/kubernetes/pod.ts'
import type { Change } from '../../support/snapshot.ts'
import { answers, gone, notReady, release, unplaced, waits } from '../../support/snapshot-changes.ts'
import { diagnose } from './case.ts'

const hours = (n: number) => n * 60
const faults: [what: string, change: (spec: PodSpec, main: Container) => void, broken: (which: 'all' | 'new') => Change[]][] = [
  [
    'a Secret that it began to name',
    (_, main) => void main.env!.push({ name: 'SEAL', valueFrom: { secretKeyRef: { name: 'seals', key: 'a' } } }),
    (which) => [gone('secrets', 'seals'), waits('CreateContainerConfigError', 'secret "seals" not found', which)],
  ],
  [
    'a selector of nodes that it began to have',
    (spec) => {
      spec.nodeSelector = { tier: 'gold' }
    },
    (which) => [unplaced("0/2 nodes are available: 2 node(s) didn't match Pod's node affinity/selector.", which)],
  ],
  [
    'an image that it began to name',
    (_, main) => {
      main.image = 'registry.example/kestrel:1.9.0'
    },
    (which) => [waits('ImagePullBackOff', 'manifest unknown: not found', which)],
  ],
  [
    'a readiness probe that it changed',
    (_, main) => {
      main.readinessProbe = { httpGet: { path: '/prepared', port: 'web' } }
    },
    (which) => [notReady(which), answers(which, '/prepared', 404), answers(which, '/alive', 200)],
  ],
]

test.each(faults)('%s', (_what, change, broken) => {
  const remedy = (...changes: Change[]) => diagnose(...changes).causes[0]!.remedies[0]!.action
  expect(remedy(release(change, { minutes: 10, pods: 1 }), ...broken('new'))).toBe('rollback')
  expect(remedy(release(change, { minutes: hours(5), pods: 1 }), ...broken('new'))).toBe('rollback')
  expect(remedy(release(change, { minutes: hours(48), pods: 3 }), ...broken('all'))).not.toBe('rollback')
})
