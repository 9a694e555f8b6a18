import { ago, type Change } from '../../../support/snapshot.ts'
import { chosen, edited, fails, logs, metric, over, release } from '../../../support/snapshot-changes.ts'
import type { Case } from '../case.ts'

/** Attempts and failures in two minutes, and a second over the last hour: before eight minutes ago, since. */
const logins = (before: [attempts: number, failures: number], since: [attempts: number, failures: number]): Change[] => [
  metric('auth_attempts', [{}, since[0] * 120]),
  metric('auth_failures', [{ reason: 'password' }, since[1] * 120]),
  over('auth', { what: 'attempts' }, (minutes) => (minutes > 8 ? before[0] : since[0])),
  over('auth', { what: 'failures' }, (minutes) => (minutes > 8 ? before[1] : since[1])),
]
const onTop = logins([2, 0.02], [9, 7])
const line = (address: string, status: number) => `${address} - - "POST /enter HTTP/1.1" ${status} 17`
const from = (addresses: number) =>
  logs('all', [
    ...Array.from({ length: 60 }, (_, i) => line(`192.0.2.${(i % addresses) + 1}`, 401)),
    ...Array.from({ length: 8 }, (_, i) => line(`198.51.100.${i + 1}`, 200)),
  ])
const unlogged: Change = (s) => {
  s.logs = []
}
const paths = [
  '/.env',
  '/wp-login.php',
  '/.git/config',
  '/admin.php',
  '/phpmyadmin/',
  '/backup.zip',
  '/server-status',
  '/a',
  '/b',
  '/c',
  '/d',
]
const scanned = logs(
  'all',
  [...paths, ...Array.from({ length: 12 }, (_, i) => `/old/${i}`)].map((p) => `203.0.113.9 - - "GET ${p} HTTP/1.1" 404 9`),
)
const says =
  (secret: 'private key' | undefined): Change =>
  (s) => {
    s.logs = [
      {
        pod: chosen(s, 0)[0]!.metadata.name,
        container: 'main',
        previous: false,
        truncated: false,
        lines: [{ time: ago(3), text: 'signing with [redacted]', ...(secret && { secret }) }],
      },
    ]
  }

/** Attempts and failures a second of a service that began a minute and a half ago, every 15 s. */
const young =
  (attempts: readonly number[], failures: readonly number[]): Change =>
  (s) => {
    const last = Date.parse(ago(0)) / 1000
    const points = (values: readonly number[]) => values.map((value, i): [number, number] => [last - (values.length - 1 - i) * 15, value])
    s.ranges.auth = [
      { labels: { what: 'attempts' }, points: points(attempts) },
      { labels: { what: 'failures' }, points: points(failures) },
    ]
  }

/** Clients that were served until so many minutes ago, and are refused since. */
const refusedSince = (minutes: number): Change[] => [
  (s) => {
    for (const of of s.load) of.failing.push({ share: 0.6, since: Date.parse(ago(minutes)), status: '401' })
    const at = (minute: number, status: number, i: number) => ({ time: ago(minute), text: line(`198.51.100.${(i % 3) + 1}`, status) })
    s.logs = chosen(s, 'all').map((pod) => ({
      pod: pod.metadata.name,
      container: 'main',
      previous: false,
      truncated: false,
      lines: [
        ...Array.from({ length: 20 }, (_, i) => at(minutes + 2 - i / 20, 200, i)),
        ...Array.from({ length: 20 }, (_, i) => at(minutes - (minutes * i) / 20, 401, i)),
      ],
    }))
  },
]

export const cases: Case[] = [
  {
    code: 'brute_force',
    what: 'one address guesses beside others that succeed',
    subject: 'Deployment/kestrel',
    remedy: 'block',
    runbook: 'security-incidents',
    fault: [...onTop, from(1)],
    without: [unlogged, from(60)],
    instead: 'credential_stuffing',
  },
  {
    code: 'brute_force',
    what: 'one address guesses, and is held back most of the time',
    subject: 'Deployment/kestrel',
    remedy: 'block',
    runbook: 'security-incidents',
    fault: [
      ...onTop,
      logs('all', [
        ...Array.from({ length: 60 }, (_, i) => line('192.0.2.7', i % 6 ? 429 : 401)),
        ...Array.from({ length: 30 }, (_, i) => line(`198.51.100.${i + 1}`, 401)),
        ...Array.from({ length: 8 }, () => line('198.51.100.90', 200)),
      ]),
    ],
    without: [unlogged, from(60)],
    instead: 'credential_stuffing',
  },
  {
    code: 'brute_force',
    what: 'most attempts are above what one address may try',
    subject: 'Deployment/kestrel',
    remedy: 'block',
    runbook: 'security-incidents',
    fault: [...onTop, metric('rate_limited', [{ limiter: 'auth_failures', reason: 'abuse' }, 700])],
    without: [metric('rate_limited', [{ limiter: 'auth_failures', reason: 'abuse' }, 0])],
    instead: 'credential_stuffing',
  },
  {
    code: 'credential_stuffing',
    what: 'sixty addresses try one password each',
    subject: 'Deployment/kestrel',
    remedy: 'limit',
    runbook: 'security-incidents',
    fault: [...onTop, from(60)],
    without: [unlogged, from(1)],
    instead: 'brute_force',
  },
  {
    code: 'auth_config',
    what: 'nearly every login fails since a key was changed, and no more are tried',
    subject: 'Secret/kestrel-keys',
    remedy: 'config',
    runbook: 'security-incidents',
    fault: [edited('secrets', 'kestrel-keys', 9), ...logins([7, 0.1], [7, 6.9])],
    without: logins([7, 0.1], [7, 0.2]),
    instead: 'none',
  },
  {
    code: 'auth_config',
    what: 'half of the logins fail since a key was changed, and no more are tried',
    subject: 'Secret/kestrel-keys',
    remedy: 'config',
    runbook: 'security-incidents',
    fault: [edited('secrets', 'kestrel-keys', 9), ...logins([7, 0.1], [7, 3.6])],
    without: logins([7, 0.1], [11, 4]),
    instead: 'brute_force',
  },
  {
    code: 'auth_config',
    what: 'half a minute ago a key was changed, and those who were served are refused since',
    subject: 'Secret/kestrel-keys',
    remedy: 'config',
    runbook: 'security-incidents',
    fault: [
      edited('secrets', 'kestrel-keys', 0.5),
      metric('auth_attempts', [{}, 570]),
      metric('auth_failures', [{ reason: 'unknown_token' }, 80]),
      ...refusedSince(0.4),
    ],
    without: [
      (s) => {
        for (const of of s.load) of.failing = []
      },
    ],
    instead: 'none',
  },
  {
    code: 'auth_config',
    what: 'logins fail since a key was changed, no more are tried than before, and no log was read',
    subject: 'Secret/kestrel-keys',
    remedy: 'config',
    runbook: 'security-incidents',
    fault: [
      edited('secrets', 'kestrel-keys', 0.5),
      metric('auth_attempts', [{}, 570]),
      metric('auth_failures', [{ reason: 'unknown_token' }, 150]),
      metric('rate_limited', [{ limiter: 'auth_failures', reason: 'abuse' }, 0]),
      young([0, 0.1, 3, 6.2, 8.8, 9.1], [0, 0, 0, 0, 0.3, 2.4]),
      unlogged,
    ],
    without: [young([0, 0.1, 3, 6.2, 8.8, 16], [0, 0, 0, 0, 0.3, 9])],
    instead: 'brute_force',
  },
  {
    code: 'auth_config',
    what: 'a release refuses those whom the revision before served, and no more ask',
    subject: 'Deployment/kestrel',
    remedy: 'rollback',
    runbook: 'security-incidents',
    fault: [
      release((_, main) => void main.env!.push({ name: 'AUTH', value: 'strict' }), { minutes: 3 }),
      fails(0.6, 'new', { minutes: 3, status: '401' }),
    ],
    without: [
      (s) => {
        for (const of of s.load) of.failing = []
      },
    ],
    instead: 'none',
  },
  {
    code: 'recon_scan',
    what: 'one address asks for what other servers have',
    subject: 'Deployment/kestrel',
    remedy: 'limit',
    runbook: 'security-incidents',
    fault: [scanned, metric('errors_by_route', [{ route: '/tasks', code: '200' }, 80], [{ route: 'other', code: '404' }, 90])],
    without: [unlogged],
    instead: 'none',
  },
  {
    code: 'secret_in_logs',
    what: 'a key stood in a line of the log',
    subject: 'Deployment/kestrel',
    remedy: 'manual',
    runbook: 'security-incidents',
    fault: [says('private key')],
    without: [says(undefined)],
    instead: 'none',
  },
]
