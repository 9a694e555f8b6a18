import { ago, type Change, podsOf } from '../../../support/snapshot.ts'
import { always, change, noPods, notReady, pods, put, release, workload } from '../../../support/snapshot-changes.ts'
import type { Case } from '../case.ts'

const strategy = (type: string): Change =>
  workload((d) => {
    d.spec.strategy = { type }
  })
const held = pods('all', (pod) => {
  pod.metadata.deletionTimestamp = ago(2)
  pod.metadata.finalizers = ['house.example/flush']
})
const pausedWith = (image: string | undefined): Change =>
  workload((d) => {
    d.spec.paused = true
    d.spec.template = structuredClone(d.spec.template)
    if (image) d.spec.template.spec.containers[0]!.image = image
  })
const autoscaler = (conditions: { type: string; status: string; reason: string; message: string }[], status = {}) =>
  put('horizontalpodautoscalers', {
    metadata: { name: 'kestrel' },
    spec: {
      scaleTargetRef: { kind: 'Deployment', name: 'kestrel' },
      minReplicas: 2,
      maxReplicas: 3,
      metrics: [{ type: 'Resource', resource: { name: 'cpu', target: { averageUtilization: 60 } } }],
    },
    status: { desiredReplicas: 3, ...status, conditions: conditions.map((c) => ({ ...c, lastTransitionTime: ago(15) })) },
  })
const busy = (percent: number) => ({
  currentMetrics: [{ type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: percent } } }],
})
const tooMany = {
  type: 'ScalingLimited',
  status: 'True',
  reason: 'TooManyReplicas',
  message: 'the desired replica count is more than the maximum',
}

const unmeasured = autoscaler([
  { type: 'ScalingActive', status: 'False', reason: 'FailedGetResourceMetric', message: 'missing request for cpu in container main' },
])
const measuredAgain = change('horizontalpodautoscalers', 'kestrel', (h) => {
  h.status!.conditions![0]!.status = 'True'
})

export const cases: Case[] = [
  {
    code: 'scaled_to_zero',
    what: 'somebody asked for no pod',
    subject: 'Deployment/kestrel',
    remedy: 'scale',
    fault: [
      noPods,
      workload((d) => {
        d.spec.replicas = 0
        d.metadata.managedFields = [{ manager: 'kubectl', operation: 'Update', time: ago(5) }]
      }),
    ],
    without: [
      workload((d) => {
        d.spec.replicas = 3
      }),
    ],
  },
  {
    code: 'rollout_paused',
    what: 'a newer template waits behind a pause',
    subject: 'Deployment/kestrel',
    remedy: 'resume',
    fault: [pausedWith('registry.example/kestrel:1.8.1')],
    without: [pausedWith('registry.example/kestrel:1.8.0')],
    instead: 'none',
  },
  {
    code: 'rollout_strategy',
    what: 'every old pod was stopped before a new one was ready',
    subject: 'Deployment/kestrel',
    remedy: 'manual',
    fault: [
      strategy('Recreate'),
      release((_, main) => {
        main.image = 'registry.example/kestrel:1.8.1'
      }),
      notReady('new'),
    ],
    without: [strategy('RollingUpdate')],
    instead: 'none',
  },
  {
    code: 'hpa_no_metrics',
    what: 'a container states no request to measure against',
    subject: 'HorizontalPodAutoscaler/kestrel',
    remedy: 'resources',
    fault: [unmeasured],
    without: [measuredAgain],
    instead: 'none',
  },
  {
    code: 'hpa_no_metrics',
    what: 'a release states no request any more',
    subject: 'HorizontalPodAutoscaler/kestrel',
    remedy: 'rollback',
    fault: [
      always((_, main) => {
        main.resources = { requests: { cpu: '100m' }, limits: { memory: '256Mi' } }
      }),
      release((_, main) => {
        main.resources = { limits: { memory: '256Mi' } }
      }),
      unmeasured,
    ],
    without: [
      measuredAgain,
      pods('all', (pod) => {
        pod.spec.containers[0]!.resources = { requests: { cpu: '100m' } }
      }),
    ],
    instead: 'none',
  },
  {
    code: 'hpa_no_metrics',
    what: 'a container states no request, and the autoscaler has not looked since',
    subject: 'HorizontalPodAutoscaler/kestrel',
    remedy: 'resources',
    fault: [
      autoscaler([{ type: 'ScalingActive', status: 'True', reason: 'ValidMetricFound', message: 'the HPA could count' }]),
      pods('all', (pod) => {
        pod.spec.containers.push({ name: 'shipper', image: 'registry.example/shipper:3' })
      }),
    ],
    without: [
      pods('all', (pod) => {
        pod.spec.containers.pop()
      }),
    ],
    instead: 'none',
  },
  {
    code: 'hpa_capped',
    what: 'the autoscaler wants more than it may',
    subject: 'HorizontalPodAutoscaler/kestrel',
    remedy: 'scale',
    fault: [autoscaler([tooMany], busy(94))],
    without: [
      change('horizontalpodautoscalers', 'kestrel', (h) => {
        Object.assign(h.status!, busy(40))
      }),
    ],
    instead: 'none',
  },
  {
    code: 'pdb_blocks',
    what: 'a budget lets no pod leave a node that is being emptied',
    subject: 'PodDisruptionBudget/kestrel',
    remedy: 'scale',
    fault: [
      put('poddisruptionbudgets', {
        metadata: { name: 'kestrel' },
        spec: { minAvailable: 3, selector: { matchLabels: { app: 'kestrel' } } },
        status: { disruptionsAllowed: 0, currentHealthy: 3, desiredHealthy: 3 },
      }),
      change('nodes', 'worker-a', (n) => {
        n.spec = { unschedulable: true }
      }),
    ],
    without: [
      change('nodes', 'worker-a', (n) => {
        n.spec = {}
      }),
    ],
    instead: 'none',
  },
  {
    code: 'rollout_stuck',
    what: 'Recreate waits for a pod that a finalizer keeps',
    subject: 'Pod/kestrel-*',
    remedy: 'escalate',
    fault: [strategy('Recreate'), held],
    without: [
      (s) => {
        for (const pod of podsOf(s)) delete pod.metadata.finalizers
      },
    ],
  },
  {
    code: 'rollout_stuck',
    what: 'a readiness gate that nobody sets',
    subject: 'Deployment/kestrel',
    remedy: 'rollback',
    fault: [
      release((spec) => {
        spec.readinessGates = [{ conditionType: 'gate.house.example/open' }]
      }),
      pods('new', (pod) => {
        pod.status!.conditions = [
          { type: 'ContainersReady', status: 'True' },
          { type: 'Ready', status: 'False', reason: 'ReadinessGatesNotReady' },
        ]
      }),
    ],
    without: [
      pods('new', (pod) => {
        pod.status!.conditions = [
          { type: 'gate.house.example/open', status: 'True' },
          { type: 'ContainersReady', status: 'True' },
          { type: 'Ready', status: 'True' },
        ]
      }),
    ],
    instead: 'none',
  },
  {
    code: 'rollout_stuck',
    what: 'the deadline of the rollout passed, and nothing says why',
    subject: 'Deployment/kestrel',
    remedy: 'rollback',
    fault: [
      release((_, main) => {
        main.image = 'registry.example/kestrel:1.9.0'
      }),
      notReady('new'),
      workload((d) => {
        d.status!.conditions = [
          { type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded', message: 'timed out', lastTransitionTime: ago(2) },
        ]
      }),
    ],
    without: [
      workload((d) => {
        delete d.status!.conditions
      }),
    ],
    instead: 'none',
  },
]
