import { type Change, podsOf } from '../../../support/snapshot.ts'
import {
  always,
  change,
  edited,
  fails,
  further,
  measured,
  metric,
  over,
  part,
  release,
  startedAgain,
  withoutPrometheus,
} from '../../../support/snapshot-changes.ts'
import type { Case } from '../case.ts'

/** Requests a second over the last hour, the last five minutes at another rate. */
const rate =
  (usual: number, lately: number): Change =>
  (s) => {
    s.ranges.request_rate = []
    over('request_rate', { code: '200' }, (minutes) => (minutes > 5 ? usual : lately))(s)
  }
/** Requests were counted for so many minutes, and no longer. */
const known =
  (minutes: number): Change =>
  (s) => {
    const now = Date.parse('2026-05-04T10:00:00Z')
    s.ranges.request_rate = []
    for (const of of s.load) of.from = Math.max(of.from, now - minutes * 60_000)
  }
/** The store was away for a moment, and is back. */
const storeBlinked: Change = (s) => {
  for (const pod of s.objects.pods.filter((p) => p.metadata.labels?.app === 'ledger')) {
    const at = new Date(Date.parse('2026-05-04T10:00:00Z') - 6 * 60_000).toISOString()
    pod.status!.startTime = at
    for (const status of pod.status!.containerStatuses ?? []) status.state = { running: { startedAt: at } }
  }
}

/** Requests on top of the usual ones between two moments, all of them turned away: minutes ago. */
const turnedAway =
  (from: number, to: number, status: string): Change =>
  (s) => {
    const now = Date.parse('2026-05-04T10:00:00Z')
    for (const { metadata } of podsOf(s))
      s.load.push({
        pod: metadata.name,
        from: now - from * 60_000,
        to: to === 0 ? Number.POSITIVE_INFINITY : now - to * 60_000,
        per2min: 1200,
        failing: [{ share: 1, since: 0, status }],
      })
  }

/** Requests that a pod counted between two scrapes of it, by their status. */
const scraped = (counted: Readonly<Record<string, number>>): Change =>
  part('direct', {
    state: 'ok',
    value: [0, 1].map((round) => ({
      pod: 'kestrel-7b9c6f4d85-00000',
      at: Date.parse('2026-05-04T10:00:00Z') / 1000 - 2 + 2 * round,
      samples: Object.entries(counted).map(([code, n]) => ({ name: 'http_requests_total', labels: { code }, value: 40 + round * n })),
    })),
  })

export const cases: Case[] = [
  {
    code: 'traffic_surge',
    what: 'ten times the requests, and every pod at its limit',
    subject: 'Deployment/kestrel',
    remedy: 'scale',
    fault: [rate(5, 50), measured('cpu', 0.44)],
    without: [rate(5, 6)],
    instead: 'none',
  },
  {
    code: 'traffic_surge',
    what: 'a service that is minutes old gets ten times the requests, and its limit holds it back',
    subject: 'Deployment/kestrel',
    remedy: 'scale',
    runbook: 'performance-degradation',
    fault: [known(3), further(2700, 1, 0), measured('cpu', 0.2), measured('throttled', 0.6)],
    without: [measured('throttled', 0)],
    instead: 'none',
  },
  {
    code: 'traffic_surge',
    what: 'ten times the requests and late answers since then, on a node that others have filled all along',
    subject: 'Deployment/kestrel',
    remedy: 'scale',
    runbook: 'performance-degradation',
    fault: [
      rate(5, 50),
      over('p95', {}, (minutes) => (minutes > 5 ? 0.1 : 0.8)),
      metric('p95', [{}, 0.8]),
      metric('node_cpu', [{ node: 'worker-a' }, 3.98], [{ node: 'worker-b' }, 0.3]),
    ],
    without: [rate(5, 6), over('p95', {}, () => 0.8)],
    instead: 'noisy_neighbour',
  },
  {
    code: 'retry_storm',
    what: 'callers ask five times as often since the store was away, and are refused',
    subject: 'Deployment/kestrel',
    remedy: 'limit',
    runbook: 'high-error-rate',
    fault: [storeBlinked, further(1200, 6, 1), measured('cpu', 0.44)],
    without: [
      (s) => {
        for (const of of s.load) of.failing = []
      },
    ],
    instead: 'traffic_surge',
  },
  {
    code: 'retry_storm',
    what: 'nothing was answered for two minutes, for whatever reason; callers go on asking since, and are refused',
    subject: 'Deployment/kestrel',
    remedy: 'limit',
    runbook: 'high-error-rate',
    fault: [turnedAway(6, 4, '503'), turnedAway(4, 0, '429'), measured('cpu', 0.44)],
    without: [
      (s) => {
        for (const of of s.load) of.failing = of.failing?.filter(({ status }) => status !== '503')
      },
    ],
    instead: 'traffic_surge',
  },
  {
    code: 'retry_storm',
    what: 'callers go on asking since a store was away; queries of that time were slow, and answers are in time again',
    subject: 'Deployment/kestrel',
    remedy: 'limit',
    runbook: 'performance-degradation',
    fault: [
      turnedAway(6, 4, '503'),
      turnedAway(4, 0, '429'),
      measured('cpu', 0.44),
      metric('query_count', [{ operation: 'session' }, 100], [{ operation: 'probe' }, 40]),
      metric('query_time', [{ operation: 'session' }, 1.1], [{ operation: 'probe' }, 0.46]),
      metric('query_time_lately', [{ operation: 'session' }, 0.41], [{ operation: 'probe' }, 0.23]),
      metric('p99', [{}, 1.5]),
      metric('p95_lately', [{}, 0.005]),
      metric('p99_lately', [{}, 0.01]),
    ],
    without: [metric('p99_lately', [{}, 1.4])],
    instead: 'dependency_slow',
  },
  {
    code: 'rate_limit_misconfig',
    what: 'a release lowered a limit, and a third of the usual requests is turned away',
    subject: 'Deployment/kestrel',
    remedy: 'rollback',
    runbook: 'high-error-rate',
    fault: [
      release((_, main) => void main.env!.push({ name: 'MAX_PER_SECOND', value: '2' }), { minutes: 8 }),
      fails(0.35, 'new', { minutes: 8, status: '429' }),
    ],
    without: [
      (s) => {
        for (const of of s.load) of.failing = []
      },
    ],
    instead: 'none',
  },
  {
    code: 'rate_limit_misconfig',
    what: 'a release lowered a limit, most requests are turned away, and no history of them was seen',
    subject: 'Deployment/kestrel',
    remedy: 'rollback',
    runbook: 'high-error-rate',
    fault: [
      always((_, main) => void main.env!.push({ name: 'RATE_LIMIT', value: '500' })),
      release((_, main) => void main.env!.splice(-1, 1, { name: 'RATE_LIMIT', value: '1' }), { minutes: 2 }),
      withoutPrometheus,
      scraped({ 200: 3, 429: 9 }),
    ],
    without: [scraped({ 200: 12 })],
    instead: 'none',
  },
  {
    code: 'rate_limit_misconfig',
    what: 'a limit in a ConfigMap was edited and the pods started again',
    subject: 'ConfigMap/kestrel-settings',
    remedy: 'config',
    runbook: 'high-error-rate',
    fault: [edited('configmaps', 'kestrel-settings', 8), startedAgain(7), fails(0.35, 'all', { minutes: 7, status: '429' })],
    without: [
      change('configmaps', 'kestrel-settings', (c) => {
        c.metadata.managedFields = c.metadata.managedFields!.slice(0, 1)
      }),
    ],
    instead: 'none',
  },
]
