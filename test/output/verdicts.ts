/** Verdicts as the judgement would give them, one for each kind of answer. */
import type { Cause, StepResult, Verdict } from '../../src/diagnosis/verdict.ts'

const steps: StepResult[] = [
  {
    id: 'rollout',
    phase: 'immediate',
    title: 'Check the rollout',
    kind: 'check',
    status: 'ok',
    found: '3 of 3 replicas ready, revision 7',
  },
  {
    id: 'errors',
    phase: 'immediate',
    title: 'Check the error rate',
    kind: 'check',
    status: 'ok',
    found: '0.02% of 18,422 requests in 5 min',
  },
  {
    id: 'logs',
    phase: 'troubleshooting',
    title: 'Read error lines of every container, current and previous',
    kind: 'check',
    status: 'ok',
    found: '2 lines in one hour, both handled and unrelated to any request that failed',
  },
  { id: 'image', phase: 'troubleshooting', title: 'Compare images', kind: 'check', status: 'not-applicable', found: '' },
  { id: 'hotfix', phase: 'recovery', title: 'Test a hotfix in staging', kind: 'manual', status: 'todo', found: '' },
]

export const healthy: Verdict = {
  schemaVersion: 1,
  verdict: 'healthy',
  runbook: 'high-error-rate',
  headline: 'shop/checkout answers 99.98% of its requests, within its thresholds, from 3 of 3 replicas',
  causes: [],
  symptoms: [],
  steps,
  notSeen: [],
  wouldDecide: [],
  capabilities: { kubernetes: 'ok', prometheus: 'ok', alertmanager: 'absent', logs: 'ok' },
  target: { context: 'prod-eu', namespace: 'shop', kind: 'Deployment', workload: 'checkout', service: 'checkout' },
  window: { start: '2026-03-14T02:26:40Z', end: '2026-03-14T03:26:40Z' },
  startedAt: '2026-03-14T03:26:39Z',
  took: 0.84,
  requests: 31,
}

const badRelease: Cause = {
  code: 'bad_release',
  subject: { kind: 'Deployment', namespace: 'shop', name: 'checkout' },
  since: '2026-03-14T03:12:40Z',
  confidence: 0.92,
  summary: 'revision 8 fails 31% of POST /orders; the pods of revision 7 fail none',
  evidence: [
    {
      source: 'prometheus',
      asked: '5xx of pods with template 6f9c',
      observed: '31.2% of 4,102 requests',
      expected: 'at most 1%',
      at: '2026-03-14T03:26:40Z',
    },
    {
      source: 'prometheus',
      asked: '5xx of pods with template 5d7b',
      observed: '0.0% of 3,988 requests',
      expected: 'the same as the new pods, if load or a dependency were the cause',
    },
    {
      source: 'kubernetes',
      asked: 'ReplicaSet checkout-6f9c',
      observed: 'created 03:12:31, 9 s before the first error',
      ref: { uid: '3d0c', resourceVersion: '8841' },
    },
    {
      source: 'logs',
      asked: 'pod checkout-6f9c-x2x, container app',
      observed: "TypeError: Cannot read properties of undefined (reading 'currency') 214 times",
    },
  ],
  effects: [
    { what: 'alert HighErrorRateFastBurn' },
    { what: 'two of three replicas are slow to turn ready', subject: { kind: 'ReplicaSet', namespace: 'shop', name: 'checkout-6f9c' } },
  ],
  rivals: [
    { code: 'dependency_down', status: 'refuted', fact: 'orders-db has 1 of 1 ready and the old pods reach it' },
    { code: 'config_change', status: 'refuted', fact: 'no ConfigMap or Secret that the pods use has changed in the last hour' },
    { code: 'traffic_surge', status: 'open', fact: 'requests rose 12% in the same minutes, which alone has not failed before' },
  ],
  remedies: [
    {
      action: 'rollback',
      why: 'Go back to revision 7, which served the same requests without an error.',
      command: 'task-mcp rollback --to 7 --namespace shop --deployment checkout',
    },
  ],
  never: [
    { action: 'restart', why: 'the same image fails again, and the logs of the failure are lost' },
    { action: 'scale', why: 'more pods of revision 8 fail more requests' },
  ],
  owner: 'checkout team, #shop-oncall',
}

const failing: StepResult[] = [
  { ...steps[0]!, status: 'ok', found: '3 of 3 replicas ready, revision 8 since 03:12:31' },
  {
    ...steps[1]!,
    status: 'found',
    found: '15.8% of 8,090 requests fail, all of them POST /orders, all of them from the pods of revision 8; the threshold is 1%',
  },
  ...steps.slice(2),
]

export const oneCause: Verdict = {
  ...healthy,
  verdict: 'faulty',
  headline: 'revision 8 of shop/checkout fails 31% of POST /orders; revision 7 fails none',
  causes: [badRelease],
  symptoms: [
    {
      code: 'error_ratio',
      summary: 'Requests fail',
      severity: 'critical',
      observed: '15.8% of 8,090 in 5 min',
      threshold: '1%',
      since: '2026-03-14T03:12:40Z',
      subject: { kind: 'Service', namespace: 'shop', name: 'checkout' },
    },
  ],
  steps: failing,
}

export const severalCauses: Verdict = {
  ...oneCause,
  headline: 'revision 8 of shop/checkout fails 31% of POST /orders, and a quota keeps the fourth replica from starting',
  causes: [
    badRelease,
    {
      code: 'quota_exceeded',
      subject: { kind: 'ResourceQuota', namespace: 'shop', name: 'team-quota' },
      since: undefined,
      confidence: 0.99,
      summary: 'ResourceQuota team-quota leaves no CPU for the fourth replica',
      evidence: [
        {
          source: 'kubernetes',
          asked: 'ReplicaSet checkout-6f9c, condition ReplicaFailure',
          observed: 'exceeded quota: team-quota, requested: limits.cpu=500m, used: limits.cpu=2, limited: limits.cpu=2',
          expected: 'no such condition',
        },
      ],
      effects: [],
      rivals: [{ code: 'unschedulable_resources', status: 'refuted', fact: 'no pod was made, so there was none to place' }],
      remedies: [
        {
          action: 'manual',
          why: 'Raise limits.cpu of team-quota to 2500m or more.',
          command: `kubectl -n shop patch resourcequota team-quota --type merge -p '{"spec":{"hard":{"limits.cpu":"2500m"}}}'`,
        },
        {
          action: 'scale',
          why: 'Go back to three replicas, if the load allows it.',
          command: 'task-mcp scale 3 --namespace shop --deployment checkout',
        },
      ],
      never: [{ action: 'restart', why: 'a pod that stops may not come back' }],
      owner: '',
    },
  ],
}

export const inconclusive: Verdict = {
  ...healthy,
  verdict: 'inconclusive',
  headline: 'shop/checkout has every replica ready, but nothing says whether its requests succeed',
  steps: [
    steps[0]!,
    { ...steps[1]!, status: 'unknown', found: 'Prometheus did not answer within 2 s, and the pods serve no /metrics' },
    ...steps.slice(2),
  ],
  notSeen: [
    {
      what: 'request counts and latencies',
      reason: 'Prometheus monitoring/prometheus did not answer within 2 s',
      couldChange: 'whether requests fail, and which pods fail them',
      next: 'task-mcp diagnose high-error-rate --prometheus http://127.0.0.1:9090',
    },
    { what: 'alerts', reason: 'no Alertmanager was found', couldChange: 'when it began' },
  ],
  wouldDecide: ['the error ratio of the last 5 minutes, from Prometheus or from the edge'],
  capabilities: { kubernetes: 'ok', prometheus: 'unreachable', alertmanager: 'absent', logs: 'ok' },
}

export const denied: Verdict = {
  ...healthy,
  verdict: 'inconclusive',
  runbook: 'service-downtime',
  headline: 'this account may not read the pods of namespace shop, so nothing can be said about shop/checkout',
  causes: [
    {
      code: 'access_denied',
      subject: { kind: 'Namespace', name: 'shop' },
      since: undefined,
      confidence: 0.99,
      summary: 'jane may not list pods in namespace shop',
      evidence: [{ source: 'kubernetes', asked: 'list pods in namespace shop', observed: '403 Forbidden', expected: 'the list' }],
      effects: [],
      rivals: [],
      remedies: [
        {
          action: 'manual',
          why: 'Have the read Role bound to jane.',
          command: 'kubectl -n shop create rolebinding task-mcp-read --role task-mcp-read --user jane',
        },
      ],
      never: [],
      owner: 'whoever grants Roles in namespace shop',
    },
  ],
  steps: [{ ...steps[0]!, status: 'unknown', found: 'not allowed to read Deployments' }],
  notSeen: [
    {
      what: 'pods, Deployments and ReplicaSets of namespace shop',
      reason: 'list pods was refused for jane',
      couldChange: 'everything',
      next: '- apiGroups: ["", "apps"]\n  resources: [pods, deployments, replicasets]\n  verbs: [get, list]',
    },
  ],
  wouldDecide: ['the pods of namespace shop'],
  capabilities: { kubernetes: 'denied', prometheus: 'denied', alertmanager: 'denied', logs: 'denied' },
  took: 0.21,
  requests: 9,
}

export const verdicts = { healthy, 'one-cause': oneCause, 'several-causes': severalCauses, inconclusive, denied }
