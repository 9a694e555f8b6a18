/** Pairs of causes that differ in one fact: with the fact the one is named, with its opposite the other, and each refuses the wrong cure. */
import { expect, test } from 'vitest'
import type { CauseCode } from '../../../src/diagnosis/codes.ts'
import type { ActionName } from '../../../src/diagnosis/verdict.ts'
import { type Change, healthy } from '../../support/snapshot.ts'
import {
  always,
  answers,
  change,
  dies,
  edited,
  event,
  fails,
  gone,
  logs,
  measured,
  memory,
  metric,
  notReady,
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
]

test.each(pairs.flatMap(([fact, shared, one, other]) => [one, other].map((half) => [fact, half[0], shared, half] as const)))(
  '%s: %s',
  (_fact, _code, shared, [code, refuses, facts]) => {
    // A full node is named where the question is why answers are late.
    const { causes } = verdictOf(healthy(...shared, ...facts), code === 'noisy_neighbour' ? 'performance-degradation' : undefined)
    expect(causes[0]?.code).toBe(code)
    if (refuses) expect(causes[0]!.never.map((n) => n.action)).toContain(refuses)
  },
)

test('a rollout four minutes ago is innocent when old pods and new fail alike, and guilty when only the new ones do', () => {
  const innocent = diagnose(newImage(1), fails(0.3))
  expect(innocent.causes.map((c) => c.code)).not.toContain('bad_release')
  const guilty = diagnose(newImage(1), fails(0.3, 'new'))
  expect(guilty.causes.map((c) => c.code)).toEqual(['bad_release'])
})
