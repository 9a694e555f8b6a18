import { type Change, now } from '../../../support/snapshot.ts'
import { measured, metric } from '../../../support/snapshot-changes.ts'
import type { Case } from '../case.ts'

/** Requests a second over the last hour, the last five minutes at another rate. */
const rate =
  (usual: number, lately: number): Change =>
  (s) => {
    s.ranges.request_rate = [
      { labels: { code: '200' }, points: Array.from({ length: 241 }, (_, i) => [now / 1000 - 3600 + i * 15, i < 221 ? usual : lately]) },
    ]
  }
const logins = (attempts: number, failures: number): Change[] => [
  metric('auth_attempts', [{}, attempts]),
  metric('auth_failures', [{ reason: 'password' }, failures]),
]

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
    code: 'brute_force',
    what: 'many logins fail beside some that succeed',
    subject: 'Deployment/kestrel',
    remedy: 'block',
    runbook: 'security-incidents',
    fault: logins(900, 700),
    without: logins(900, 900),
    instead: 'auth_config',
  },
  {
    code: 'auth_config',
    what: 'nearly every login fails',
    subject: 'Deployment/kestrel',
    remedy: 'config',
    runbook: 'security-incidents',
    fault: logins(900, 890),
    without: logins(900, 20),
    instead: 'none',
  },
]
