import { expect, test } from 'vitest'
import type { ProbeResult } from '../../src/facts/snapshot.ts'
import type { Change } from '../support/snapshot.ts'
import { workload } from '../support/snapshot-changes.ts'
import { diagnose } from './causes/case.ts'

const edge =
  (result: ProbeResult['result']): Change =>
  (scene) => {
    scene.parts.probes = [
      ...(scene.parts.probes ?? []),
      { hop: 'edge', name: 'shop.example', port: 443, path: '/cart', purpose: 'root', result },
    ]
  }
const answers = (status: number): Change => edge({ state: 'ok', value: { status, seconds: 0.2, body: '' } })
const felt = (...changes: readonly Change[]) => diagnose(...changes).symptoms.map(({ code }) => code)

test('users who get 5xx at the edge are never told that all is well', () => {
  const verdict = diagnose(answers(502))
  expect(verdict.verdict).not.toBe('healthy')
  expect(verdict.symptoms).toContainEqual(expect.objectContaining({ code: 'edge_probe', observed: '502 after 0.2 s' }))
})

test('any other answer, and an edge that is out of reach from here, is no symptom', () => {
  for (const status of [200, 301, 401, 404]) expect(felt(answers(status))).not.toContain('edge_probe')
  expect(felt(edge({ state: 'unreachable', reason: 'no route' }))).not.toContain('edge_probe')
  expect(diagnose(answers(200)).verdict).toBe('healthy')
})

test('what is broken behind it is the cause, and the edge shows it', () => {
  const verdict = diagnose(
    answers(502),
    workload((deployment) => {
      deployment.spec.replicas = 0
    }),
  )
  expect(verdict.causes[0]?.code).toBe('scaled_to_zero')
  expect(verdict.symptoms.map(({ code }) => code)).toContain('edge_probe')
})
