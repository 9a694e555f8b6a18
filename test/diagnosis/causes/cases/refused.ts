import { ago, type Change } from '../../../support/snapshot.ts'
import { put, refusedPods, release } from '../../../support/snapshot-changes.ts'
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
      put('mutatingwebhookconfigurations', { metadata: { name: 'side' }, webhooks: [{ name: 'side.house.example' }] }),
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
]
