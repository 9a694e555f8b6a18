import { expect, test } from 'vitest'
import type { ProbeResult } from '../../src/facts/snapshot.ts'
import { ago, type Change, healthy, space } from '../support/snapshot.ts'
import { workload } from '../support/snapshot-changes.ts'
import { diagnose, verdictOf } from './causes/case.ts'

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

/** An nginx of the cluster before the service, and what it logs. */
const behind =
  (...lines: string[]): Change =>
  (scene) => {
    const labels = { app: 'door' }
    scene.service = { ...scene.service, edge: 'http://10.96.7.7/cart' }
    scene.objects.services.push({
      metadata: { name: 'door', namespace: space },
      spec: { clusterIP: '10.96.7.7', selector: labels, ports: [{ port: 80 }] },
    })
    scene.objects.pods.push({
      metadata: { name: 'door-1', namespace: space, labels, ownerReferences: [{ kind: 'Deployment', name: 'door', uid: 'd' }] },
      spec: { containers: [{ name: 'nginx' }] },
      status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] },
    })
    scene.parts.edgeLogs = {
      state: 'ok',
      value: [
        {
          pod: 'door-1',
          container: 'nginx',
          previous: false,
          truncated: false,
          lines: lines.map((text, i) => ({ time: ago(3 - i / 60), text })),
        },
      ],
    }
  }
const cuts =
  '[error] 29#29: *12 upstream timed out (110: Connection timed out) while reading upstream, client: 10.2.0.9, request: "GET /feed HTTP/1.1"'
const slowHead = cuts.replace('while reading upstream', 'while reading response header from upstream')
const causesOf = (...changes: readonly Change[]) =>
  verdictOf(healthy(...changes), 'streaming-issues').causes.map(({ code, subject }) => `${code} ${subject.kind}/${subject.name}`)

test('a proxy that says itself that it cuts answers is named, whatever the ages of streams show', () => {
  expect(causesOf(behind(...Array(6).fill(cuts)))).toEqual(['idle_timeout Deployment/door'])
})

test('a line or two, or answers that never began, are no cut streams', () => {
  expect(causesOf(behind(cuts, cuts))).toEqual([])
  expect(causesOf(behind(...Array(6).fill(slowHead)))).toEqual([])
})
