import { ago, type Change } from '../../../support/snapshot.ts'
import { gone, pods, put, refusedPods, release, unplaced, waits, workload } from '../../../support/snapshot-changes.ts'
import type { Case } from '../case.ts'

/** The condition goes away and the pods come back. */
const admitted: Change = (s) => {
  const set = s.objects.replicasets.find((r) => r.status?.conditions)!
  set.status = { replicas: set.spec.replicas! }
}
/** The same refusal in other words. */
const inWords =
  (message: string): Change =>
  (s) => {
    s.objects.replicasets.find((r) => r.status?.conditions)!.status!.conditions![0]!.message = message
  }
const pod = (why: string) => `pods "kestrel-6d5f7c9b48-abcde" is forbidden: ${why}`
const quota = put('resourcequotas', {
  metadata: { name: 'share', creationTimestamp: ago(8) },
  status: { hard: { pods: '4' }, used: { pods: '4' } },
})
const onPods = (name: string, { space = 'north', resource = 'pods' } = {}) => ({
  name,
  clientConfig: { service: { name: 'rules', namespace: space } },
  namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': space } },
  rules: [{ apiGroups: ['*'], apiVersions: ['v1'], operations: ['CREATE'], resources: [resource] }],
})
const release_ = (change: Parameters<typeof release>[0] = () => {}) =>
  release((spec, main) => {
    change(spec, main)
    main.image = 'registry.example/kestrel:1.8.1'
  })

export const cases: Case[] = [
  {
    code: 'quota_exceeded',
    what: 'the quota is used up',
    subject: 'ResourceQuota/share',
    remedy: 'manual',
    fault: [quota, refusedPods(pod('exceeded quota: share, requested: pods=1, used: pods=4, limited: pods=4'), 1)],
    without: [inWords(pod('failed quota: share: must specify limits.cpu for: main'))],
    instead: 'quota_requires_limits',
  },
  {
    code: 'quota_requires_limits',
    what: 'a quota was made that wants limits stated',
    subject: 'ResourceQuota/share',
    remedy: 'resources',
    fault: [quota, refusedPods(pod('failed quota: share: must specify limits.cpu for: main'), 1)],
    without: [inWords(pod('exceeded quota: share, requested: pods=1, used: pods=4, limited: pods=4'))],
    instead: 'quota_exceeded',
  },
  {
    code: 'limit_range_violation',
    what: 'a LimitRange was made that allows less',
    subject: 'LimitRange/bounds',
    remedy: 'resources',
    fault: [
      put('limitranges', { metadata: { name: 'bounds', creationTimestamp: ago(8) } }),
      refusedPods(pod('maximum cpu usage per Container is 200m, but limit is 500m'), 1),
    ],
    without: [admitted],
  },
  {
    code: 'admission_psa',
    what: 'the namespace was given a stricter level',
    subject: 'Namespace/north',
    remedy: 'manual',
    fault: [refusedPods(pod('violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false'), 1)],
    without: [inWords(pod('exceeded quota: share, requested: pods=1'))],
    instead: 'quota_exceeded',
  },
  {
    code: 'admission_webhook_down',
    what: 'nobody stands behind a webhook',
    subject: 'ValidatingWebhookConfiguration/house-rules',
    remedy: 'escalate',
    fault: [
      put('validatingwebhookconfigurations', {
        metadata: { name: 'house-rules' },
        webhooks: [{ name: 'rules.house.example', failurePolicy: 'Fail' }],
      }),
      refusedPods(
        'Internal error occurred: failed calling webhook "rules.house.example": failed to call webhook: Post "https://rules.house.svc:443/v": no endpoints available for service "rules"',
        2,
      ),
    ],
    without: [inWords('admission webhook "rules.house.example" denied the request: image is not signed')],
    instead: 'admission_webhook_denied',
  },
  {
    code: 'admission_webhook_down',
    what: 'nobody stands behind a webhook whose name another team uses for a webhook of its own',
    subject: 'MutatingWebhookConfiguration/of-north',
    remedy: 'escalate',
    fault: [
      put('validatingwebhookconfigurations', {
        metadata: { name: 'of-south' },
        webhooks: [onPods('rules.house.example', { space: 'south' })],
      }),
      put('mutatingwebhookconfigurations', {
        metadata: { name: 'north-replicasets' },
        webhooks: [onPods('rules.house.example', { resource: 'replicasets' })],
      }),
      put('mutatingwebhookconfigurations', { metadata: { name: 'of-north' }, webhooks: [onPods('rules.house.example')] }),
      refusedPods(
        'Internal error occurred: failed calling webhook "rules.house.example": failed to call webhook: Post "https://rules.north.svc:443/v": service "rules" not found',
        2,
      ),
    ],
    without: [admitted],
  },
  {
    code: 'admission_webhook_denied',
    what: 'a webhook objects to a release',
    subject: 'Deployment/kestrel',
    remedy: 'rollback',
    fault: [release_(), refusedPods('admission webhook "rules.house.example" denied the request: image is not signed', 3)],
    without: [inWords('failed calling webhook "rules.house.example": context deadline exceeded')],
    instead: 'admission_webhook_down',
  },
  {
    code: 'service_account_missing',
    what: 'the account was deleted',
    subject: 'ServiceAccount/kestrel',
    remedy: 'manual',
    fault: [refusedPods(pod('error looking up service account north/kestrel: serviceaccount "kestrel" not found'), 1)],
    without: [admitted],
  },
  {
    code: 'service_account_missing',
    what: 'a release names an account that nobody made',
    subject: 'Deployment/kestrel',
    remedy: 'rollback',
    fault: [
      release_((spec) => {
        spec.serviceAccountName = 'heron'
      }),
      refusedPods(pod('error looking up service account north/heron: serviceaccount "heron" not found'), 3),
    ],
    without: [admitted],
  },
  {
    code: 'priority_class_missing',
    what: 'a release names a PriorityClass that does not exist',
    subject: 'Deployment/kestrel',
    remedy: 'rollback',
    fault: [release_(), refusedPods(pod('no PriorityClass with name urgent was found'), 3)],
    without: [admitted],
  },
  {
    code: 'runtime_class_missing',
    what: 'a release names a RuntimeClass that does not exist',
    subject: 'Deployment/kestrel',
    remedy: 'rollback',
    fault: [release_(), refusedPods(pod('pod rejected: RuntimeClass "boxed" not found'), 3)],
    without: [admitted],
  },
  {
    code: 'admission_mutation',
    what: 'a webhook makes a pod that is not valid',
    subject: 'MutatingWebhookConfiguration/side',
    remedy: 'escalate',
    fault: [
      put('mutatingwebhookconfigurations', { metadata: { name: 'side' }, webhooks: [onPods('side.house.example')] }),
      put('mutatingwebhookconfigurations', { metadata: { name: 'elsewhere' }, webhooks: [onPods('x.example', { space: 'south' })] }),
      refusedPods('Pod "kestrel-6d5f7c9b48-abcde" is invalid: spec.containers[1].name: Invalid value: "Side"', 1),
    ],
    without: [
      (s) => {
        s.objects.mutatingwebhookconfigurations = []
      },
    ],
  },
  {
    code: 'rollout_stuck',
    what: 'the API server refuses in words that nobody knows',
    subject: 'Deployment/kestrel',
    remedy: 'rollback',
    fault: [release_(), refusedPods(pod('the moon is not full'), 3)],
    without: [admitted],
  },
  {
    code: 'quota_exceeded',
    what: 'the event alone is left to say so',
    subject: 'ResourceQuota/share',
    remedy: 'manual',
    fault: [
      quota,
      refusedPods('', 1),
      admitted,
      (s) => {
        s.objects.events.push({
          metadata: { name: 'e', namespace: 'north' },
          involvedObject: { kind: 'ReplicaSet', name: s.objects.replicasets[0]!.metadata.name },
          reason: 'FailedCreate',
          message: `Error creating: ${pod('exceeded quota: share, requested: pods=1, used: pods=4, limited: pods=4')}`,
          lastTimestamp: ago(1),
        })
      },
    ],
    without: [
      (s) => {
        s.objects.events = []
      },
    ],
  },
  {
    code: 'admission_mutation',
    what: 'a LimitRange gives a limit below what the container asks for',
    subject: 'LimitRange/bounds',
    remedy: 'escalate',
    fault: [
      release((_, main) => {
        main.resources = { requests: { memory: '512Mi' } }
      }),
      put('limitranges', { metadata: { name: 'bounds' }, spec: { limits: [{ type: 'Container', default: { memory: '256Mi' } }] } }),
      refusedPods(
        'Pod "kestrel-6d5f7c9b48-abcde" is invalid: spec.containers[0].resources.requests: Invalid value: "512Mi": must be less than or equal to memory limit of 256Mi',
        3,
      ),
    ],
    without: [gone('limitranges', 'bounds')],
    instead: 'rollout_stuck',
  },
  {
    code: 'admission_mutation',
    what: 'a webhook gives new pods an image that nobody has',
    subject: 'MutatingWebhookConfiguration/mirror',
    remedy: 'escalate',
    fault: [
      put('mutatingwebhookconfigurations', { metadata: { name: 'mirror' }, webhooks: [onPods('mirror.house.example')] }),
      pods(0, (pod) => {
        pod.spec.containers[0]!.image = 'mirror.example/kestrel:1.8.0'
      }),
      waits('ErrImagePull', 'manifest unknown', 0),
    ],
    without: [
      pods(0, (pod) => {
        pod.spec.containers[0]!.image = 'registry.example/kestrel:1.8.0'
      }),
    ],
    instead: 'image_not_found',
  },
  {
    code: 'admission_mutation',
    what: 'a webhook sends new pods to nodes that are not there',
    subject: 'MutatingWebhookConfiguration/zones',
    remedy: 'escalate',
    fault: [
      put('mutatingwebhookconfigurations', { metadata: { name: 'zones' }, webhooks: [onPods('zones.house.example')] }),
      pods(0, (pod) => {
        pod.spec.nodeSelector = { zone: 'c' }
      }),
      unplaced("0/2 nodes are available: 2 node(s) didn't match Pod's node affinity/selector.", 0),
    ],
    without: [gone('mutatingwebhookconfigurations', 'zones')],
    instead: 'unschedulable_selector',
  },
  {
    code: 'admission_webhook_down',
    what: 'a webhook that does not answer keeps the ReplicaSet of a new template from being made',
    subject: 'ValidatingWebhookConfiguration/labels',
    remedy: 'escalate',
    fault: [
      put('validatingwebhookconfigurations', {
        metadata: { name: 'labels' },
        webhooks: [{ name: 'labels.house.example', failurePolicy: 'Fail' }],
      }),
      workload((d) => {
        const message =
          'failed to create new replica set "kestrel-7b9c6f4d85": Internal error occurred: failed calling webhook "labels.house.example": connection refused'
        d.status!.conditions = [
          { type: 'Progressing', status: 'False', reason: 'ReplicaSetCreateError', message, lastTransitionTime: ago(3) },
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
