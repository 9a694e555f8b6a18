import { ago, type Change, podsOf } from '../../../support/snapshot.ts'
import {
  always,
  answers,
  change,
  dies,
  event,
  fails,
  logs,
  measured,
  memory,
  metric,
  notReady,
  over,
  pods,
  put,
  release,
} from '../../../support/snapshot-changes.ts'
import type { Case } from '../case.ts'

const killed = (lasted: number) => dies({ exit: 137, reason: 'OOMKilled', lasted }, 'all')
const limit = (memory_: string, minutes = 8) =>
  release(
    (_, main) => {
      main.resources = { ...main.resources, limits: { cpu: '500m', memory: memory_ } }
    },
    { minutes },
  )
const newImage = release((_, main) => {
  main.image = 'registry.example/kestrel:1.9.0'
})
/** What V8 says when its heap is full, at so many MB. */
const heapIsFull = (mb: number) =>
  logs(
    'all',
    [
      `[1:0x1a176000]    11599 ms: Mark-Compact ${mb + 0.5} (${mb + 2}.0) -> ${mb}.4 (${mb + 3}.0) MB, pooled: 0 MB, 1550.53 / 0.00 ms  (average mu = 0.639, current mu = 0.565) allocation failure; GC in old space requested`,
      'FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory',
    ],
    { previous: true },
  )
/** CPU of a pod of the revision before. */
const usedBefore = (cores: number) => over('cpu', { pod: 'kestrel-0000000000-aaaaa' }, (minutes) => (minutes > 10 ? cores : Number.NaN))
const noLogs: Change = (s) => {
  s.logs = []
}
const alive: Change = (s) => {
  for (const pod of s.objects.pods)
    pod.status = {
      ...pod.status,
      phase: 'Running',
      conditions: [{ type: 'Ready', status: 'True' }],
      containerStatuses: pod.spec.containers.map((c) => ({ name: c.name, ready: true, restartCount: 0, state: { running: {} } })),
    }
}

/** MiB that each container of every pod uses. */
const byContainer =
  (used: Readonly<Record<string, number>>): Change =>
  (s) => {
    const rows = podsOf(s).flatMap((pod): [Record<string, string>, number][] =>
      Object.entries(used).map(([container, mib]) => [{ pod: pod.metadata.name, container }, mib * 2 ** 20]),
    )
    metric('memory', ...rows)(s)
  }

export const cases: Case[] = [
  {
    code: 'memory_limit_low',
    what: 'a release lowered the limit',
    subject: 'Deployment/kestrel',
    remedy: 'rollback',
    fault: [limit('64Mi'), killed(40)],
    without: [dies({ exit: 134, lasted: 40 })],
    instead: 'v8_heap_limit',
  },
  {
    code: 'memory_limit_low',
    what: 'a release lowered the limit, and the kubelet did not hear why the container was killed',
    subject: 'Deployment/kestrel',
    remedy: 'rollback',
    fault: [limit('64Mi'), dies({ exit: 137, lasted: 3 })],
    without: [dies({ exit: 1, lasted: 3 })],
    instead: 'crash_on_start',
  },
  {
    code: 'memory_limit_low',
    what: 'a release lowered the limit to little more than is used, and nothing is killed yet',
    subject: 'Deployment/kestrel',
    remedy: 'rollback',
    fault: [limit('110Mi')],
    without: [memory(50, 50)],
    instead: 'none',
  },
  {
    code: 'memory_limit_low',
    what: 'a release lowered the limit to what is used, beside a container that leaves much of its own',
    subject: 'Deployment/kestrel',
    remedy: 'rollback',
    fault: [
      always((spec) => {
        spec.containers.push({ name: 'side', image: 'registry.example/side:2', resources: { limits: { memory: '256Mi' } } })
      }),
      limit('110Mi'),
      byContainer({ main: 108, side: 4 }),
    ],
    without: [byContainer({ main: 50, side: 4 })],
    instead: 'none',
  },
  {
    code: 'memory_limit_low',
    what: 'it is killed while it boots, and no release changed anything',
    subject: 'Deployment/kestrel',
    remedy: 'resources',
    fault: [killed(2)],
    without: [killed(900)],
    instead: 'memory_leak',
  },
  {
    code: 'memory_leak',
    what: 'a release is killed again and again after a quarter of an hour',
    subject: 'Deployment/kestrel',
    remedy: 'rollback',
    fault: [newImage, killed(900)],
    without: [dies({ exit: 1, lasted: 900 })],
    instead: 'crash_on_start',
  },
  {
    code: 'memory_leak',
    what: 'a release takes at once what the revision before never took, under the same limit',
    subject: 'Deployment/kestrel',
    remedy: 'rollback',
    fault: [newImage, killed(3)],
    without: [limit('64Mi')],
    instead: 'memory_limit_low',
  },
  {
    code: 'memory_leak',
    what: 'memory climbs and has not reached its limit yet',
    subject: 'Deployment/kestrel',
    remedy: 'restart',
    fault: [memory(60, 220)],
    without: [
      (s) => {
        s.ranges.memory = []
      },
      memory(220, 220),
    ],
    instead: 'none',
  },
  {
    code: 'memory_leak',
    what: 'a release fills the heap, which nobody limited, until it ends itself',
    subject: 'Deployment/kestrel',
    remedy: 'rollback',
    fault: [newImage, dies({ exit: 134, lasted: 400 }), heapIsFull(121)],
    without: [noLogs, heapIsFull(24)],
    instead: 'v8_heap_limit',
  },
  {
    code: 'v8_heap_limit',
    what: 'a release lowered the heap flag',
    subject: 'Deployment/kestrel',
    remedy: 'rollback',
    fault: [
      release((_, main) => {
        main.env!.push({ name: 'NODE_OPTIONS', value: '--max-old-space-size=40' })
      }),
      dies({ exit: 134, lasted: 60 }),
      heapIsFull(40),
    ],
    without: [noLogs, killed(60)],
    instead: 'memory_leak',
  },
  {
    code: 'v8_heap_limit',
    what: 'the heap is full on a slow machine before the program serves, and what the release said to the runtime is not seen',
    subject: 'Deployment/kestrel',
    remedy: 'rollback',
    fault: [
      release((_, main) => {
        main.env!.push({ name: 'NODE_OPTIONS', value: '#a8ac0d1f7c' })
      }),
      dies({ exit: 139, lasted: 13 }),
      heapIsFull(8),
    ],
    without: [noLogs, heapIsFull(110)],
    instead: 'memory_leak',
  },
  {
    code: 'v8_heap_limit',
    what: 'the first process of the container ends by a fault since the heap flag was lowered, and left no line',
    subject: 'Deployment/kestrel',
    remedy: 'rollback',
    fault: [
      release((_, main) => {
        main.env!.push({ name: 'NODE_OPTIONS', value: '--max-old-space-size=12' })
      }),
      dies({ exit: 139, lasted: 1 }),
    ],
    without: [dies({ exit: 1, lasted: 1 })],
    instead: 'crash_on_start',
  },
  {
    code: 'sidecar_oom',
    what: 'the container beside the program is killed',
    subject: 'Deployment/kestrel/side',
    remedy: 'resources',
    fault: [
      always((spec) => {
        spec.containers.push({ name: 'side', image: 'registry.example/side:2', resources: { limits: { memory: '16Mi' } } })
      }),
      dies({ exit: 137, reason: 'OOMKilled', lasted: 3, container: 'side' }),
    ],
    without: [alive, killed(3)],
    instead: 'memory_limit_low',
  },
  {
    code: 'cpu_throttling',
    what: 'a release lowered the CPU limit',
    subject: 'Deployment/kestrel',
    remedy: 'rollback',
    runbook: 'cpu-issues',
    fault: [
      release((_, main) => {
        main.resources = { requests: { cpu: '50m' }, limits: { cpu: '100m', memory: '256Mi' } }
      }),
      measured('cpu', 0.098),
      measured('throttled', 0.7),
    ],
    without: [measured('cpu', 0.03), measured('throttled', 0)],
    instead: 'none',
  },
  {
    code: 'event_loop_block',
    what: 'a release keeps its thread busy under the same limit',
    subject: 'Deployment/kestrel',
    remedy: 'rollback',
    runbook: 'cpu-issues',
    fault: [newImage, measured('cpu', 0.49), measured('loop_lag', 0.9)],
    without: [measured('cpu', 0.05), measured('loop_lag', 0.01)],
    instead: 'none',
  },
  {
    code: 'event_loop_block',
    what: 'a release holds its thread again and again, and its limit holds nothing back',
    subject: 'Deployment/kestrel',
    remedy: 'rollback',
    runbook: 'performance-degradation',
    fault: [newImage, usedBefore(0.03), measured('cpu', 0.3), measured('loop_lag', 0.4)],
    without: [measured('loop_lag', 0.01)],
    instead: 'none',
  },
  {
    code: 'event_loop_block',
    what: 'nothing measures the loop, answers are late and the pods use ten times the CPU',
    subject: 'Deployment/kestrel',
    remedy: 'rollback',
    runbook: 'performance-degradation',
    fault: [newImage, usedBefore(0.03), measured('cpu', 0.3), metric('p95', [{}, 0.4])],
    without: [usedBefore(0.25)],
    instead: 'none',
  },
  {
    code: 'single_bad_pod',
    what: 'one pod is busy with nothing',
    subject: 'Pod/kestrel-*',
    remedy: 'pod',
    runbook: 'cpu-issues',
    fault: [measured('cpu', 0.03), measured('cpu', 0.49, 1)],
    without: [measured('cpu', 0.03, 1)],
    instead: 'none',
  },
  {
    code: 'noisy_neighbour',
    what: 'the node is full of the work of others',
    subject: 'Node/worker-a',
    remedy: 'escalate',
    runbook: 'performance-degradation',
    fault: [metric('node_cpu', [{ node: 'worker-a' }, 3.98], [{ node: 'worker-b' }, 0.3]), metric('p95', [{}, 0.8])],
    without: [metric('node_cpu', [{ node: 'worker-a' }, 0.6], [{ node: 'worker-b' }, 0.3])],
    instead: 'none',
  },
  {
    code: 'noisy_neighbour',
    what: 'the nodes are full of the work of others, and queries are late for it too',
    subject: 'Node/worker-a',
    remedy: 'escalate',
    runbook: 'performance-degradation',
    fault: [
      metric('node_cpu', [{ node: 'worker-a' }, 3.98], [{ node: 'worker-b' }, 3.97]),
      metric('query_time_lately', [{ operation: 'claim' }, 0.4], [{ operation: 'create' }, 0.3]),
      metric('query_count', [{ operation: 'claim' }, 300], [{ operation: 'create' }, 200]),
      metric('p95', [{}, 0.8]),
    ],
    without: [metric('node_cpu', [{ node: 'worker-a' }, 0.6], [{ node: 'worker-b' }, 0.3])],
    instead: 'dependency_slow',
  },
  {
    code: 'dependency_slow',
    what: 'the nodes are full, and one kind of query alone is late: that is no lack of CPU',
    subject: 'Deployment/ledger',
    remedy: 'escalate',
    runbook: 'performance-degradation',
    fault: [
      metric('node_cpu', [{ node: 'worker-a' }, 3.98], [{ node: 'worker-b' }, 3.97]),
      metric('query_time_lately', [{ operation: 'claim' }, 0.4], [{ operation: 'create' }, 0.01]),
      metric('query_count', [{ operation: 'claim' }, 300], [{ operation: 'create' }, 200]),
      metric('p95', [{}, 0.8]),
    ],
    without: [metric('query_time_lately', [{ operation: 'claim' }, 0.1])],
    instead: 'noisy_neighbour',
  },
  {
    code: 'disk_full',
    what: 'writes find no space',
    subject: 'Deployment/kestrel',
    remedy: 'manual',
    fault: [
      notReady(),
      answers('all', '/ready', 503, 'database or disk is full'),
      logs('all', ['write failed: ENOSPC: no space left on device']),
    ],
    without: [
      noLogs,
      (s) => {
        s.probes = []
      },
    ],
  },
  {
    code: 'disk_full',
    what: 'the store refuses writes because its own disk is full',
    subject: 'Deployment/ledger',
    remedy: 'manual',
    fault: [
      fails(0.3),
      logs('all', ['write failed (ledger:5432/kestrel: could not extend file "base/16384/16452": No space left on device)']),
    ],
    without: [noLogs],
    instead: 'none',
  },
  {
    code: 'fd_exhaustion',
    what: 'the process may open no more files',
    subject: 'Deployment/kestrel',
    remedy: 'pod',
    fault: [logs('all', ['accept: too many open files (EMFILE)'])],
    without: [noLogs],
    instead: 'none',
  },
  {
    code: 'fd_exhaustion',
    what: 'the process may open no more files, its probes among them',
    subject: 'Deployment/kestrel',
    remedy: 'pod',
    fault: [
      logs('all', ['accept: too many open files (EMFILE)']),
      event('all', 'Unhealthy', 'Liveness probe failed: Get "http://10.2.0.9:8081/alive": EOF'),
      event('all', 'Killing', 'Container main failed liveness probe, will be restarted'),
      dies({ exit: 137, lasted: 40 }),
    ],
    without: [noLogs],
    instead: 'liveness_too_aggressive',
  },
  {
    code: 'memory_limit_low',
    what: 'a LimitRange gives a limit to a container that states none',
    subject: 'LimitRange/bounds',
    remedy: 'resources',
    fault: [
      always((_, main) => {
        main.resources = {}
      }),
      pods('all', (pod) => {
        pod.spec.containers[0]!.resources = { limits: { memory: '32Mi' }, requests: { memory: '32Mi' } }
      }),
      put('limitranges', {
        metadata: { name: 'bounds', creationTimestamp: ago(8) },
        spec: { limits: [{ type: 'Container', default: { memory: '32Mi' } }] },
      }),
      killed(20),
    ],
    without: [
      change('limitranges', 'bounds', (r) => {
        r.metadata.creationTimestamp = ago(9000)
      }),
    ],
    instead: 'memory_leak',
  },
]
