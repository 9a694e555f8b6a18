import { change, measured, metric, over, put } from '../../../support/snapshot-changes.ts'
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

/** Those that the other side ended, and those of a client that ends its sessions in order, by the fine bounds of a service that tells reasons. */
const told = (reason: string, counts: [le: string, n: number][]): [Record<string, string>, number][] =>
  counts.map(([le, n]) => [{ le, reason }, n])
const cutAmongOrderly = [
  metric(
    'stream_ages',
    ...told('client', [
      ['15.5', 1],
      ['20.5', 2],
      ['30.5', 44],
      ['45.5', 48],
      ['+Inf', 48],
    ]),
    ...told('session_ended', [
      ['15.5', 80],
      ['20.5', 80],
      ['30.5', 80],
      ['45.5', 80],
      ['+Inf', 80],
    ]),
  ),
  metric('stream_age', [{ reason: 'client' }, 31.6], [{ reason: 'session_ended' }, 9.1]),
]
/** Ended by the other side: two early, so many just below twenty seconds and above, and their mean age. */
const cutAt20 = (below: number, above: number, mean: number) => [
  metric(
    'stream_ages',
    ...told('client', [
      ['10.5', 2],
      ['15.5', 2],
      ['20.5', 2 + below],
      ['30.5', 2 + below + above],
      ['+Inf', 2 + below + above],
    ]),
  ),
  metric('stream_age', [{ reason: 'client' }, mean]),
]
const full = [measured('streams', 20), measured('streams_limit', 20), metric('streams_rejected', [{ reason: 'limit' }, 14])]
/** Two streams that come and go all the time besides, nine seconds each. */
const usual = [
  metric('streams_closed', [{ reason: 'session_ended' }, 66]),
  metric(
    'stream_ages',
    ...told('session_ended', [
      ['10.5', 200],
      ['+Inf', 200],
    ]),
  ),
  metric('stream_age', [{ reason: 'session_ended' }, 9]),
]
/** Forty open now, of which there were two so many minutes ago. */
const inMinutes = (minutes: number) => over('streams', {}, (ago) => Math.round(40 - 38 * Math.min(1, ago / minutes)))

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
    code: 'stream_leak',
    what: 'the same number of streams more stays open all the time, beside a client that ends its own',
    subject: 'Deployment/kestrel',
    remedy: 'limit',
    runbook: 'streaming-issues',
    fault: [...full, ...usual, inMinutes(10)],
    without: [over('streams', {}, (ago) => (ago > 2 ? 2 : 40))],
    instead: 'stream_limit',
  },
  {
    code: 'stream_limit',
    what: 'all places are taken at once by streams that stay',
    subject: 'Deployment/kestrel',
    remedy: 'limit',
    runbook: 'streaming-issues',
    fault: [...full, metric('streams_closed', [{ reason: 'client' }, 0]), over('streams', {}, (ago) => (ago > 2 ? 2 : 40))],
    without: [inMinutes(10)],
    instead: 'stream_leak',
  },
  {
    code: 'idle_timeout',
    what: 'what the other side ended was half a minute old, whatever else ended in order',
    subject: 'Deployment/kestrel',
    remedy: 'manual',
    runbook: 'streaming-issues',
    fault: cutAmongOrderly,
    // Anything between twenty seconds and thirty: clients that had enough.
    without: [metric('stream_age', [{ reason: 'client' }, 25.4], [{ reason: 'session_ended' }, 9.1])],
    instead: 'none',
  },
  {
    code: 'idle_timeout',
    what: 'streams are cut at twenty seconds, and a third of that is noticed late',
    subject: 'Deployment/kestrel',
    remedy: 'manual',
    runbook: 'streaming-issues',
    fault: cutAt20(10, 6, 18.6),
    // As many on both sides of it: clients that had enough.
    without: cutAt20(6, 10, 21.5),
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
    code: 'slow_consumers',
    what: 'nine streams were closed for want of a reader, among many that ended in order',
    subject: 'Deployment/kestrel',
    remedy: 'limit',
    runbook: 'streaming-issues',
    fault: [metric('streams_closed', [{ reason: 'backpressure' }, 9], [{ reason: 'session_ended' }, 300], [{ reason: 'client' }, 4])],
    without: [metric('streams_closed', [{ reason: 'backpressure' }, 9], [{ reason: 'session_ended' }, 300], [{ reason: 'client' }, 400])],
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
