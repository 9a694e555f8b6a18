import { expect, test } from 'vitest'
import { ago, aPod, aSet, type Change, healthy, now, setsOf } from '../support/snapshot.ts'
import {
  change,
  chosen,
  edited,
  event,
  fails,
  logs,
  metric,
  noPods,
  over,
  pods,
  put,
  release,
  serving,
  startedAgain,
  unseen,
  withoutPrometheus,
} from '../support/snapshot-changes.ts'
import { codesOf, diagnose, verdictOf } from './causes/case.ts'

const newImage = (pods_: number, minutes: number) =>
  release(
    (_, main) => {
      main.image = 'registry.example/kestrel:1.9.0'
    },
    { pods: pods_, minutes },
  )
const finishedJob: Change = (s) => {
  s.objects.pods.push({
    metadata: { name: 'nightly-29-x2x4z', namespace: 'north', labels: { app: 'nightly' }, creationTimestamp: ago(40) },
    spec: { nodeName: 'worker-a', containers: [{ name: 'job' }] },
    status: { phase: 'Succeeded', conditions: [{ type: 'Ready', status: 'False', reason: 'PodCompleted' }] },
  })
  s.logs.push({
    pod: 'nightly-29-x2x4z',
    container: 'job',
    previous: false,
    truncated: false,
    lines: [{ time: ago(1), text: 'ERROR row 8 skipped' }],
  })
  s.objects.jobs.push({ metadata: { name: 'nightly-29', namespace: 'north' }, status: { succeeded: 1 } })
}

const well: [string, Change[]][] = [
  ['steady load', []],
  ['a release an hour ago', [newImage(3, 50)]],
  ['a release four minutes ago', [newImage(3, 4)]],
  [
    'a rollout in progress: the new pod is twenty seconds old and not ready yet',
    [
      newImage(1, 0.3),
      pods('new', (pod) => {
        pod.status!.conditions = [
          { type: 'PodScheduled', status: 'True' },
          { type: 'Ready', status: 'False' },
        ]
        pod.status!.containerStatuses![0]!.ready = false
      }),
    ],
  ],
  ['a revision that changed a label alone', [release(() => {}, { labels: { team: 'blue' }, minutes: 3 })]],
  ['a finished Job that logged ERROR', [finishedJob]],
  ['a ConfigMap that nobody uses was edited', [put('configmaps', { metadata: { name: 'notes' } }), edited('configmaps', 'notes', 2)]],
  ['a ConfigMap of the service was edited and no request fails', [edited('configmaps', 'kestrel-settings', 2), startedAgain(1)]],
  [
    'another Deployment is broken',
    [
      put('deployments', {
        metadata: { name: 'heron' },
        spec: {
          replicas: 2,
          selector: { matchLabels: { app: 'heron' } },
          template: { metadata: { labels: { app: 'heron' } }, spec: { containers: [] } },
        },
      }),
      put('pods', {
        metadata: { name: 'heron-1', labels: { app: 'heron' } },
        spec: { containers: [{ name: 'main', image: 'registry.example/heron:0' }] },
        status: {
          phase: 'Pending',
          containerStatuses: [
            { name: 'main', ready: false, restartCount: 9, state: { waiting: { reason: 'ImagePullBackOff', message: 'not found' } } },
          ],
        },
      }),
    ],
  ],
  [
    'a budget and an autoscaler that do their work',
    [
      put('poddisruptionbudgets', {
        metadata: { name: 'kestrel' },
        spec: { selector: { matchLabels: { app: 'kestrel' } } },
        status: { disruptionsAllowed: 1, currentHealthy: 3, desiredHealthy: 2 },
      }),
      put('horizontalpodautoscalers', {
        metadata: { name: 'kestrel' },
        spec: { scaleTargetRef: { kind: 'Deployment', name: 'kestrel' }, maxReplicas: 6 },
        status: { desiredReplicas: 3, conditions: [{ type: 'ScalingActive', status: 'True' }] },
      }),
    ],
  ],
  [
    'requests failed for a minute at start-up, nine minutes ago',
    [
      (s) => {
        for (const of of s.load) of.failing = []
        for (const of of s.load.slice(0, 1))
          s.load.push({ ...of, from: now - 540_000, to: now - 480_000, failing: [{ share: 0.9, since: 0, status: '503' }] })
      },
      logs('all', ['ERROR ledger is not there yet, trying again', 'error: connect ECONNREFUSED ledger:6000'], { minutes: 9 }),
    ],
  ],
  ['no traffic at all', [serving(0)]],
  ['a few requests fail, far below the threshold', [fails(0.002)]],
  [
    'a pod restarted once, two days ago',
    [
      pods(0, (pod) => {
        Object.assign(pod.status!.containerStatuses![0]!, {
          restartCount: 1,
          lastState: { terminated: { exitCode: 1, reason: 'Error', startedAt: ago(2900), finishedAt: ago(2899) } },
        })
      }),
    ],
  ],
  [
    'a policy that admits the callers',
    [
      put('networkpolicies', {
        metadata: { name: 'fence' },
        spec: { podSelector: { matchLabels: { app: 'kestrel' } }, policyTypes: ['Ingress', 'Egress'], ingress: [{}], egress: [{}] },
      }),
    ],
  ],
  [
    'a rollout whose new pod takes a minute to boot, as its startup probe allows',
    [
      release(
        (_, main) => {
          main.startupProbe = { httpGet: { path: '/alive', port: 'web' }, periodSeconds: 5, failureThreshold: 60 }
        },
        { pods: 1, minutes: 1.2 },
      ),
      (s) => {
        s.objects.pods.push(aPod(setsOf(s)[1]!, 2900))
      },
      pods('new', (pod) => {
        for (const c of pod.status!.conditions!) if (c.type === 'Ready') c.status = 'False'
        Object.assign(pod.status!.containerStatuses![0]!, { ready: false, started: false })
      }),
    ],
  ],
  [
    'a pod was evicted a while ago and replaced',
    [event({ kind: 'Pod', name: 'kestrel-6d5f7c9b48-zzzzz' }, 'Evicted', 'The node was low on resource: memory.', 12)],
  ],
  [
    'pods of a neighbour whose name begins alike are evicted and preempted',
    [
      event(
        { kind: 'Pod', name: 'kestrel-worker-5d4f6c7b8d-xzx12' },
        'Evicted',
        'Pod ephemeral local storage usage exceeds the total limit',
        1,
      ),
      event({ kind: 'Pod', name: 'kestrel-worker-5d4f6c7b8d-xzx12' }, 'Preempted', 'Preempted by pod 0b1 on node worker-a', 1),
    ],
  ],
  [
    'a canary with the same labels, image, command and port',
    [
      (s) => {
        const canary = structuredClone(s.objects.deployments.find((d) => d.metadata.name === 'kestrel')!)
        canary.metadata = { ...canary.metadata, name: 'kestrel-canary', uid: 'uid-kestrel-canary' }
        const set = aSet('kestrel-canary', 1, canary.spec.template, 3000, 1)
        s.objects.deployments.push(canary)
        s.objects.replicasets.push(set)
        s.objects.pods.push(aPod(set, 2000))
      },
    ],
  ],
  [
    'a webhook that puts a sidecar into every pod',
    [
      put('mutatingwebhookconfigurations', {
        metadata: { name: 'mesh' },
        webhooks: [{ name: 'mesh.example', rules: [{ operations: ['CREATE'], resources: ['pods'] }] }],
      }),
      pods('all', (pod) => {
        pod.spec.containers.push({ name: 'proxy', image: 'registry.example/proxy:1' })
        pod.status!.containerStatuses!.push({ name: 'proxy', ready: true, restartCount: 0, state: { running: {} } })
      }),
    ],
  ],
  [
    'one caller with an address of long ago, while others are served',
    [
      put('pods', {
        metadata: { name: 'rook' },
        spec: { nodeName: 'worker-b', containers: [{ name: 'rook', env: [{ name: 'PLANS', value: 'http://kestrel-front:9999' }] }] },
        status: { phase: 'Running' },
      }),
    ],
  ],
  [
    'a new pod whose kubelet had not heard of its volumes at first',
    [
      newImage(1, 0.4),
      pods('new', (pod) => {
        pod.status!.phase = 'Pending'
        for (const c of pod.status!.conditions!) if (c.type === 'Ready') c.status = 'False'
        pod.status!.containerStatuses![0] = {
          name: 'main',
          ready: false,
          restartCount: 0,
          state: { waiting: { reason: 'ContainerCreating' } },
        }
      }),
      event(
        'new',
        'FailedMount',
        'MountVolume.SetUp failed for volume "rules" : failed to sync configmap cache: timed out waiting for the condition',
        0.3,
      ),
    ],
  ],
  [
    'an init container that asks for a Service that is there',
    [
      newImage(1, 0.3),
      pods('new', (pod) => {
        pod.spec.initContainers = [{ name: 'before', command: ['sh', '-c', 'until nc -z ledger 6000; do sleep 1; done'] }]
        pod.status!.phase = 'Pending'
        for (const c of pod.status!.conditions!) if (c.type === 'Ready') c.status = 'False'
        pod.status!.initContainerStatuses = [{ name: 'before', ready: false, restartCount: 0, state: { running: { startedAt: ago(0.3) } } }]
        pod.status!.containerStatuses![0] = {
          name: 'main',
          ready: false,
          restartCount: 0,
          state: { waiting: { reason: 'PodInitializing' } },
        }
      }),
    ],
  ],
  [
    'a pod that is being deleted while its successor serves',
    [
      newImage(1, 5),
      (s) =>
        s.objects.pods.push({
          ...structuredClone(chosen(s, 'old')[0]!),
          metadata: { ...chosen(s, 'old')[0]!.metadata, name: 'kestrel-6d5f7c9b48-ggggg', deletionTimestamp: ago(0.1) },
          status: { phase: 'Running' },
        }),
    ],
  ],
]

test.each(well)('well: %s', (_what, changes) => {
  const verdict = diagnose(...changes)
  expect(verdict.causes.map((c) => [c.code, c.summary])).toEqual([])
  expect([verdict.verdict, verdict.headline]).toEqual(['healthy', expect.stringContaining('kestrel is healthy')])
})

const questions = [
  'high-error-rate',
  'performance-degradation',
  'memory-issues',
  'cpu-issues',
  'streaming-issues',
  'security-incidents',
  'slo-violations',
]

test.each(questions)('what is well is well under the question of %s too', (runbook) => {
  const ill = well.flatMap(([what, changes]) => {
    const { causes, verdict } = verdictOf(healthy(...changes), runbook)
    return verdict === 'healthy' ? [] : [[what, verdict, causes.map((c) => c.code)]]
  })
  expect(ill).toEqual([])
})

test('no traffic is said as no traffic, not as zero errors', () => {
  expect(diagnose(serving(0)).headline).toMatch(/no traffic/)
  expect(diagnose(serving(0)).symptoms).toEqual([])
  expect(diagnose(withoutPrometheus).headline).toMatch(/traffic not seen/)
})

test('what was not seen is said, with what it could have changed', () => {
  const verdict = diagnose(unseen('events', 'absent'), unseen('nodes'), withoutPrometheus)
  expect(verdict.verdict).toBe('healthy')
  expect(verdict.notSeen.map((n) => n.what)).toEqual(expect.arrayContaining(['events', 'nodes', 'Prometheus']))
  for (const n of verdict.notSeen) expect([n.reason, n.couldChange].every((t) => t.length > 0)).toBe(true)
})

test.each([['pods'], ['deployments'], ['services'], ['endpointslices']] as const)(
  'without %s nobody can call it healthy, and the verdict says what would decide',
  (kind) => {
    const verdict = diagnose(unseen(kind))
    expect([verdict.verdict, verdict.causes.length]).toEqual(['inconclusive', 0])
    expect(verdict.wouldDecide.join(' ')).toContain(kind)
  },
)

test('no pods of a workload that wants three is no health', () => {
  expect(diagnose(noPods).verdict).not.toBe('healthy')
  const truncated = healthy(change('deployments', 'kestrel', () => {}))
  const { pods: part } = truncated.cluster
  if (part?.state === 'ok') part.truncated = true
  expect(verdictOf(truncated).notSeen.map((n) => n.what)).toContain('pods (part)')
})

test('pods of which Prometheus cannot know yet prove no gap in what it sees', () => {
  const unknown: Change[] = [
    metric('errors_by_route'),
    (scene) => {
      scene.load = []
    },
  ]
  const young = pods('all', (pod) => {
    pod.metadata.creationTimestamp = ago(1)
  })
  expect(codesOf(verdictOf(healthy(...unknown), 'high-error-rate'))).toEqual(['telemetry_gap'])
  expect(codesOf(verdictOf(healthy(...unknown, young), 'high-error-rate'))).toEqual([])
})

test('a service that says it is refused is not called well where nobody counted its answers', () => {
  const refused = logs('all', ['error: password authentication failed for user "kestrel"'])
  expect(diagnose(refused, withoutPrometheus)).toMatchObject({ verdict: 'inconclusive', causes: [] })
  expect(diagnose(logs('all', ['POST /enter 401 invalid token', '{"status":401,"msg":"invalid token"}']), withoutPrometheus).verdict).toBe(
    'healthy',
  )
})

test('errors that no HTTP status shows are errors', () => {
  const operations = over('failed_operations', { pod: 'none' }, () => 0)
  const failing: Change = (s) => {
    s.ranges.failed_operations = chosen(s, 'new').map((pod) => ({
      labels: { pod: pod.metadata.name },
      points: Array.from({ length: 61 }, (_, i): [number, number] => [now / 1000 - 300 + i * 5, i * 4]),
    }))
  }
  expect(diagnose(newImage(1, 6), operations)).toMatchObject({ verdict: 'healthy' })
  expect(diagnose(newImage(1, 6), failing)).toMatchObject({ verdict: 'faulty', causes: [{ code: 'bad_release' }] })
})

test('guessing that nobody feels is no answer to the question why the service is down', () => {
  const guessed = [metric('auth_attempts', [{}, 900]), metric('auth_failures', [{ reason: 'password' }, 700])]
  expect(diagnose(...guessed)).toMatchObject({ verdict: 'healthy', causes: [] })
  expect(verdictOf(healthy(...guessed), 'security-incidents').causes[0]?.code).toBe('brute_force')
})

test('the first failures of a release that is a minute old are too few to be sure of, and too many to call it well', () => {
  const just = [newImage(1, 0.8), fails(0.05, 'new', { minutes: 0.3 })]
  expect(diagnose(...just)).toMatchObject({
    verdict: 'inconclusive',
    causes: [],
    headline: expect.stringMatching(/^too early to tell: .*; ask again in 30 s/),
  })
  expect(diagnose(newImage(1, 0.8), fails(0.01, 'old')).verdict).toBe('healthy')
})
