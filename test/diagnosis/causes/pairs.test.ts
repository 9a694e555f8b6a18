/** Pairs of causes that differ in one fact: with the fact the one is named, with its opposite the other, and each refuses the wrong cure. */
import { expect, test } from 'vitest'
import type { CauseCode } from '../../../src/diagnosis/codes.ts'
import type { ActionName } from '../../../src/diagnosis/verdict.ts'
import { ago, type Change, healthy } from '../../support/snapshot.ts'
import {
  always,
  answers,
  budget,
  change,
  dies,
  edited,
  event,
  fails,
  further,
  gone,
  logs,
  measured,
  memory,
  metric,
  notReady,
  over,
  release,
  startedAgain,
  waits,
} from '../../support/snapshot-changes.ts'
import { diagnose, verdictOf } from './case.ts'

const newImage = (pods: number, minutes = 4) =>
  release(
    (_, main) => {
      main.image = 'registry.example/kestrel:1.9.0'
    },
    { pods, minutes },
  )
const refused = 'error: password authentication failed for user "kestrel"'
const target = (port: number): Change =>
  change('services', 'kestrel-front', (s) => {
    s.spec.ports![0]!.targetPort = port
  })
const selector = (app: string): Change =>
  change('services', 'kestrel-front', (s) => {
    s.spec.selector = { app }
  })
const storeAsleep: Change = (s) => {
  s.objects.pods = s.objects.pods.filter((p) => p.metadata.labels?.app !== 'ledger')
}
const storeBlinked: Change = (s) => {
  for (const pod of s.objects.pods.filter((p) => p.metadata.labels?.app === 'ledger')) {
    pod.status!.startTime = ago(6)
    for (const status of pod.status!.containerStatuses ?? []) status.state = { running: { startedAt: ago(6) } }
  }
}
/** Logins a second over the last hour: before eight minutes ago, and since. */
const logins = (before: [attempts: number, failures: number], since: [attempts: number, failures: number]): Change[] => [
  metric('auth_attempts', [{}, since[0] * 120]),
  metric('auth_failures', [{ reason: 'password' }, since[1] * 120]),
  over('auth', { what: 'attempts' }, (minutes) => (minutes > 8 ? before[0] : since[0])),
  over('auth', { what: 'failures' }, (minutes) => (minutes > 8 ? before[1] : since[1])),
]
const refusedFrom = (addresses: number) =>
  logs(
    'all',
    Array.from({ length: 60 }, (_, i) => `192.0.2.${(i % addresses) + 1} - - "POST /enter HTTP/1.1" 401 17`),
  )
const days = {
  '30m': [16, 5000],
  '2h': [60, 18_000],
  '6h': [170, 54_000],
  '1d': [690, 216_000],
  '3d': [2000, 648_000],
  window: [2300, 6_000_000],
} satisfies Record<string, [number, number]>
const oom = (lasted: number) => dies({ exit: 137, reason: 'OOMKilled', lasted })

type Half = [code: CauseCode, refuses: ActionName | undefined, facts: Change[]]
const pairs: [fact: string, shared: Change[], one: Half, other: Half][] = [
  [
    'whether the Secret changed after the pods started, or before',
    [edited('secrets', 'kestrel-keys', 8), fails(0.5), logs('all', [refused, refused])],
    ['stale_credentials', 'rollback', []],
    ['corrupt_credentials', 'restart', [startedAgain(4)]],
  ],
  [
    'whether it is killed after a long run, or while it boots',
    [],
    ['memory_leak', 'resources', [oom(1200), memory(40, 250)]],
    ['memory_limit_low', 'restart', [oom(1)]],
  ],
  [
    'whether the container was killed, or ended itself at its heap limit',
    [],
    ['memory_leak', 'resources', [oom(1200)]],
    ['v8_heap_limit', 'resources', [dies({ exit: 134, lasted: 1200 })]],
  ],
  [
    'whether it is the program that is killed, or the container beside it',
    [always((spec) => void spec.containers.push({ name: 'side', resources: { limits: { memory: '16Mi' } } }))],
    ['memory_limit_low', 'restart', [oom(1)]],
    ['sidecar_oom', 'restart', [dies({ exit: 137, reason: 'OOMKilled', lasted: 1, container: 'side' })]],
  ],
  [
    'whether pods stand behind the Service',
    [],
    ['service_selector_mismatch', 'restart', [selector('kestrels')]],
    ['service_target_port', 'restart', [target(8099)]],
  ],
  [
    'whether the template changed, or a ConfigMap under the same template',
    [fails(0.3, 'all', { minutes: 4 })],
    ['bad_release', 'restart', [newImage(3), fails(0.3, 'new', { minutes: 4 })]],
    ['config_change', 'rollback', [edited('configmaps', 'kestrel-settings', 5), startedAgain(4)]],
  ],
  [
    'whether some logins succeed, or those of everybody fail after a key was changed',
    [metric('auth_attempts', [{}, 900])],
    ['brute_force', undefined, [metric('auth_failures', [{ reason: 'password' }, 700])]],
    ['auth_config', 'block', [metric('auth_failures', [{ reason: 'key' }, 880]), edited('secrets', 'kestrel-keys', 9)]],
  ],
  [
    'whether the probe is answered 503 with the name of a dependency, or 404',
    [notReady(), answers('all', '/alive', 200, 'ok')],
    ['dependency_down', 'restart', [storeAsleep, answers('all', '/ready', 503, '{"ledger":"down"}')]],
    ['readiness_misconfig', 'restart', [answers('all', '/ready', 404, 'no such page')]],
  ],
  [
    'whether the limit throttles, or the node is full of the work of others',
    [metric('p95', [{}, 0.8])],
    ['cpu_throttling', 'restart', [measured('throttled', 0.7), measured('cpu', 0.49)]],
    ['noisy_neighbour', 'resources', [metric('node_cpu', [{ node: 'worker-a' }, 3.98])]],
  ],
  [
    'whether the limit throttles, or a release keeps its thread busy',
    [measured('cpu', 0.49)],
    ['cpu_throttling', 'restart', [measured('throttled', 0.7)]],
    ['event_loop_block', 'restart', [newImage(3), measured('cpu', 0.49), measured('loop_lag', 0.8)]],
  ],
  [
    'whether the image changed, or the pull secret is gone under the same image',
    [],
    ['image_not_found', 'restart', [newImage(1), waits('ImagePullBackOff', 'manifest unknown: not found', 'new')]],
    ['image_pull_auth', 'rollback', [gone('secrets', 'pull'), waits('ImagePullBackOff', '401 Unauthorized', 0)]],
  ],
  [
    'whether the port of the probe refuses, or its answer comes too late',
    [event('all', 'Killing', 'Container main failed liveness probe, will be restarted')],
    [
      'liveness_misconfig',
      'resources',
      [
        always((_, main) => {
          main.livenessProbe = { httpGet: { path: '/alive', port: 9444 } }
        }),
        event('all', 'Unhealthy', 'Liveness probe failed: dial tcp 10.2.0.9:9444: connect: connection refused'),
        dies({ exit: 137, lasted: 30 }),
      ],
    ],
    [
      'liveness_too_aggressive',
      'restart',
      [event('all', 'Unhealthy', 'Liveness probe failed: context deadline exceeded'), dies({ exit: 137, lasted: 30 })],
    ],
  ],
  [
    'whether requests failed before more of them came, or more came first',
    [measured('cpu', 0.44)],
    ['traffic_surge', 'restart', [further(1200, 6, 0)]],
    ['retry_storm', 'restart', [further(1200, 6, 1), storeBlinked]],
  ],
  [
    'whether one address is refused again and again, or many are a few times each',
    logins([2, 0.02], [9, 7]),
    ['brute_force', 'restart', [refusedFrom(1)]],
    ['credential_stuffing', 'block', [refusedFrom(60)]],
  ],
  [
    'whether those who used to succeed go on, or are refused since a key was changed',
    [edited('secrets', 'kestrel-keys', 9)],
    ['brute_force', 'restart', logins([2, 0.02], [9, 7])],
    ['auth_config', 'block', logins([7, 0.1], [7, 6.9])],
  ],
  [
    'whether streams end at all',
    [measured('streams', 20), measured('streams_limit', 20), metric('streams_rejected', [{ reason: 'limit' }, 14])],
    ['stream_limit', 'restart', [metric('streams_closed', [{ reason: 'client' }, 30])]],
    ['stream_leak', 'scale', [metric('streams_closed', [{ reason: 'client' }, 0])]],
  ],
  [
    'whether every pod is full of streams, or the one that the Service keeps everybody with',
    [
      change('services', 'kestrel-front', (s) => {
        s.spec.sessionAffinity = 'ClientIP'
      }),
      measured('streams_limit', 20),
      metric('streams_closed', [{ reason: 'client' }, 30]),
    ],
    ['stream_limit', 'restart', [measured('streams', 20)]],
    ['session_affinity', 'scale', [measured('streams', 0), measured('streams', 20, 1)]],
  ],
  [
    'whether a limit was lowered, or more requests arrive than usual',
    [release((_, main) => void main.env!.push({ name: 'MAX_PER_SECOND', value: '2' }), { minutes: 8 })],
    ['rate_limit_misconfig', 'block', [fails(0.35, 'new', { minutes: 8, status: '429' })]],
    ['traffic_surge', 'restart', [further(1800, 5, 0.3, '429')]],
  ],
  [
    'whether a budget burns fast, or slowly for days',
    [],
    ['slo_fast_burn', 'restart', [fails(0.06), budget('error-rate', { ...days, '5m': [50, 900], '1h': [600, 9000] })]],
    ['slo_slow_burn', 'restart', [budget('error-rate', { ...days, '5m': [3, 900], '1h': [30, 9000] })]],
  ],
]

/** The question under which a cause is an answer, where it is not the usual one. */
const askedBy: Partial<Record<CauseCode, string>> = {
  // A full node is named where the question is why answers are late.
  noisy_neighbour: 'performance-degradation',
  session_affinity: 'streaming-issues',
  brute_force: 'security-incidents',
  credential_stuffing: 'security-incidents',
  slo_fast_burn: 'slo-violations',
  slo_slow_burn: 'slo-violations',
}

test.each(
  pairs.flatMap(([fact, shared, one, other]) =>
    [
      [one, other],
      [other, one],
    ].map(([half, rival]) => [fact, half![0], rival![0], shared, half!] as const),
  ),
)('%s: %s, not %s', (_fact, _code, rival, shared, [code, refuses, facts]) => {
  const { causes } = verdictOf(healthy(...shared, ...facts), askedBy[code] ?? askedBy[rival])
  expect(causes[0]?.code).toBe(code)
  expect(causes.map((c) => c.code)).not.toContain(rival)
  if (refuses) expect(causes[0]!.never.map((n) => n.action)).toContain(refuses)
})

test('a rollout four minutes ago is innocent when old pods and new fail alike, and guilty when only the new ones do', () => {
  const innocent = diagnose(newImage(1), fails(0.3))
  expect(innocent.causes.map((c) => c.code)).not.toContain('bad_release')
  const guilty = diagnose(newImage(1), fails(0.3, 'new'))
  expect(guilty.causes.map((c) => c.code)).toEqual(['bad_release'])
})
