import type { ProbeResult } from '../../../../src/facts/snapshot.ts'
import type { Change } from '../../../support/snapshot.ts'
import { fails, metric, put } from '../../../support/snapshot-changes.ts'
import type { Case } from '../case.ts'

const answers =
  (status: number): Change =>
  (s) => {
    const result: ProbeResult['result'] = { state: 'ok', value: { status, seconds: 2, body: 'gateway time-out' } }
    s.probes = s.probes.filter((p) => p.hop !== 'edge')
    s.probes.push({ hop: 'edge', name: 'kestrel.example', port: 443, path: '/', purpose: 'root', result })
  }
const door = (timeout: string) =>
  put('ingresses', {
    metadata: { name: 'door', annotations: { 'nginx.ingress.kubernetes.io/proxy-read-timeout': timeout } },
    spec: { rules: [{ http: { paths: [{ backend: { service: { name: 'kestrel-front', port: { number: 80 } } } }] } }] },
  })

export const cases: Case[] = [
  {
    code: 'edge_timeout',
    what: 'an Ingress gives up after a second, and callers go away',
    subject: 'Ingress/door',
    remedy: 'manual',
    runbook: 'performance-degradation',
    fault: [door('1'), metric('p99', [{}, 1.4]), fails(0.1, 'all', { minutes: 9, status: '499' })],
    without: [metric('p99', [{}, 0.09])],
    instead: 'none',
  },
  {
    code: 'edge_timeout',
    what: 'the edge answers 504 by itself',
    subject: 'Dependency/kestrel.example',
    remedy: 'manual',
    fault: [answers(504)],
    without: [answers(200)],
    instead: 'none',
  },
  {
    code: 'ingress_misroute',
    what: 'the edge answers 502 by itself, and the service counts no error',
    subject: 'Dependency/kestrel.example',
    remedy: 'manual',
    fault: [answers(502)],
    without: [fails(0.3, 'all', { minutes: 9, status: '502' })],
  },
]
