import { change, measured, metric, put } from '../../../support/snapshot-changes.ts'
import type { Case } from '../case.ts'

/** Ended streams by the bounds of their ages, and their mean age. */
const ages = (seconds: number, counts: [le: string, n: number][]) => [
  metric('stream_ages', ...counts.map(([le, n]): [Record<string, string>, number] => [{ le }, n])),
  metric('stream_age', [{}, seconds]),
  metric('streams_closed', [{ reason: 'client' }, 20], [{ reason: 'lifetime' }, 0]),
]
const minuteCut = ages(60.02, [
  ['1.5', 0],
  ['10.5', 1],
  ['60.5', 60],
  ['300.5', 61],
  ['+Inf', 61],
])
const allAges = ages(95, [
  ['1.5', 12],
  ['10.5', 25],
  ['60.5', 41],
  ['300.5', 55],
  ['+Inf', 61],
])
const door = (timeout: string) =>
  put('ingresses', {
    metadata: { name: 'door', annotations: { 'nginx.ingress.kubernetes.io/proxy-read-timeout': timeout } },
    spec: { rules: [{ http: { paths: [{ backend: { service: { name: 'kestrel-front', port: { number: 80 } } } }] } }] },
  })

export const cases: Case[] = [
  {
    code: 'stream_limit',
    what: 'every place for a stream is taken',
    subject: 'Deployment/kestrel',
    remedy: 'limit',
    runbook: 'streaming-issues',
    fault: [
      measured('streams', 20),
      measured('streams_limit', 20),
      metric('streams_rejected', [{ reason: 'limit' }, 14]),
      metric('streams_closed', [{ reason: 'client' }, 30]),
    ],
    without: [metric('streams_closed', [{ reason: 'client' }, 0])],
    instead: 'stream_leak',
  },
  {
    code: 'stream_leak',
    what: 'every place for a stream is taken and none is ever given back',
    subject: 'Deployment/kestrel',
    remedy: 'limit',
    runbook: 'streaming-issues',
    fault: [
      measured('streams', 20),
      measured('streams_limit', 20),
      metric('streams_rejected', [{ reason: 'limit' }, 14]),
      metric('streams_closed', [{ reason: 'client' }, 0]),
    ],
    without: [measured('streams', 3)],
    instead: 'none',
  },
  {
    code: 'idle_timeout',
    what: 'an Ingress cuts every stream after a minute',
    subject: 'Ingress/door',
    remedy: 'manual',
    runbook: 'streaming-issues',
    fault: [door('60'), ...minuteCut],
    without: allAges,
    instead: 'none',
  },
  {
    code: 'idle_timeout',
    what: 'every stream ends after a minute, and nothing says by whom',
    subject: 'Deployment/kestrel',
    remedy: 'manual',
    runbook: 'streaming-issues',
    fault: minuteCut,
    without: [metric('streams_closed', [{ reason: 'lifetime' }, 20])],
    instead: 'none',
  },
  {
    code: 'slow_consumers',
    what: 'megabytes wait for clients that do not read',
    subject: 'Deployment/kestrel',
    remedy: 'limit',
    runbook: 'streaming-issues',
    fault: [
      measured('streams', 12),
      measured('stream_buffered', 30 * 2 ** 20),
      metric('streams_closed', [{ reason: 'backpressure' }, 9], [{ reason: 'client' }, 4]),
    ],
    without: [measured('stream_buffered', 2 ** 15), metric('streams_closed', [{ reason: 'client' }, 13])],
    instead: 'none',
  },
  {
    code: 'session_affinity',
    what: 'the Service no longer keeps callers with the pod that knows them',
    subject: 'Service/kestrel-front',
    remedy: 'manual',
    runbook: 'streaming-issues',
    fault: [
      change('services', 'kestrel-front', (s) => {
        s.metadata.managedFields = [{ manager: 'kubectl-edit', operation: 'Update', time: '2026-05-04T09:52:00Z' }]
      }),
      measured('sessions', 30),
      metric('errors_by_route', [{ route: '/rpc', code: '200' }, 300], [{ route: '/rpc', code: '404' }, 500]),
      (s) => {
        for (const of of s.load) of.failing.push({ share: 0.6, since: Date.parse('2026-05-04T09:52:20Z'), status: '404' })
      },
    ],
    without: [
      (s) => {
        for (const of of s.load) of.failing = []
      },
    ],
    instead: 'none',
  },
  {
    code: 'session_affinity',
    what: 'the Service keeps everybody with one pod, which is full',
    subject: 'Service/kestrel-front',
    remedy: 'manual',
    runbook: 'streaming-issues',
    fault: [
      change('services', 'kestrel-front', (s) => {
        s.spec.sessionAffinity = 'ClientIP'
      }),
      measured('streams', 0),
      measured('streams', 20, 1),
      measured('streams_limit', 20),
      metric('streams_closed', [{ reason: 'client' }, 30]),
    ],
    without: [measured('streams', 20)],
    instead: 'stream_limit',
  },
]
