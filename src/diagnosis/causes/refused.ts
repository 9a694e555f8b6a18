/** Pods that the API server will not let the controller create. */
import type { Deployment } from '../../facts/kubernetes/workload.ts'
import { all, find } from '../../facts/lookup.ts'
import { editedAt, recentDiff, rolledOutAt } from '../changes.ts'
import { type Claim, conditionEvidence, eventEvidence, type Family, refuted, seen, short, supported } from '../claim.ts'
import { changeText } from '../template-diff.ts'
import { latest, millis } from '../time.ts'
import type { Evidence, Subject } from '../verdict.ts'
import { eventsOf, eventTime, type View } from '../view.ts'
import { mutators, webhookSubject } from './webhooks.ts'

interface Refusal {
  message: string
  since: string | undefined
  evidence: Evidence
}

/** What the controller was told when it last tried to create a pod: from conditions, which stay, else from a recent event. */
function refusal(view: View): Refusal | undefined {
  const newest = view.revisions[0]
  for (const r of view.revisions) {
    const set = r.replicaSet
    const c = set?.status?.conditions?.find((x) => x.type === 'ReplicaFailure' && x.status === 'True')
    if (set && c && r.wanted > (set.status?.replicas ?? 0))
      return {
        message: c.message ?? '',
        since: c.lastTransitionTime,
        evidence: seen(
          'ReplicaSet',
          set,
          'status.conditions[ReplicaFailure]',
          short(`${c.reason}: ${c.message}`),
          'absent',
          c.lastTransitionTime,
        ),
      }
  }
  // A new template may get no further than its ReplicaSet.
  const stopped = (view.workload as Deployment | undefined)?.status?.conditions?.find(
    (c) => c.type === 'Progressing' && c.status === 'False' && c.reason === 'ReplicaSetCreateError',
  )
  if (view.workload && stopped)
    return {
      message: stopped.message ?? '',
      since: stopped.lastTransitionTime,
      evidence: conditionEvidence(view.service.kind, view.workload, stopped),
    }
  const wanted = view.replicas ?? 0
  if (view.pods.length >= wanted) return undefined
  const owners: [string, string][] = [
    ...view.revisions.filter((r) => r.replicaSet).map((r): [string, string] => ['ReplicaSet', r.name]),
    [view.service.kind, view.service.workload],
  ]
  const event = owners.flatMap(([kind, name]) => eventsOf(view, kind, name, /^FailedCreate$/))[0]
  if (!event || view.now - (millis(eventTime(event)) ?? 0) > 600_000 || !newest) return undefined
  return { message: event.message ?? '', since: event.firstTimestamp ?? eventTime(event), evidence: eventEvidence(event) }
}

export const refused: Family = (view) => {
  const said = refusal(view)
  if (!said) return []
  const { message, since, evidence } = said
  const short_ = (view.replicas ?? 0) - view.pods.length
  const resource = evidence.asked.includes('Progressing') ? 'replicasets' : 'pods'
  const what =
    resource === 'replicasets'
      ? 'the ReplicaSet of the newest template cannot be created'
      : `${short_ > 0 ? short_ : 'some'} of ${view.replicas} pods cannot be created`
  const make = (code: Claim['code'], subject: Subject, summary: string, more: Evidence[] = [], confidence = 0.97): Claim[] => [
    supported({
      code,
      subject,
      since,
      confidence,
      summary: `${what}: ${summary}`,
      evidence: [evidence, ...more],
      introducedByRevision: subject.kind === view.service.kind,
      effects: [{ what: `${view.pods.length} of ${view.replicas} pods exist`, subject: view.subject }],
    }),
  ]
  const { namespace } = view.service
  const quota = /exceeded quota: ([^,\s]+)(.*)/i.exec(message)
  if (quota) {
    const object = find(view.snapshot, 'resourcequotas', quota[1], namespace)
    return [
      ...make(
        'quota_exceeded',
        { kind: 'ResourceQuota', namespace, name: quota[1]! },
        `ResourceQuota ${quota[1]} is used up (${short(quota[2]!.replace(/^[,\s]+/, ''), 100)})`,
        object
          ? [
              seen(
                'ResourceQuota',
                object,
                'status',
                `used ${JSON.stringify(object.status?.used ?? {})} of ${JSON.stringify(object.status?.hard ?? {})}`,
              ),
            ]
          : [],
      ),
      refuted('unschedulable_resources', view.subject, 'the pods were refused before the scheduler saw them'),
    ]
  }
  const must = /failed quota: ([^:\s]+): must specify (.*)/i.exec(message)
  if (must)
    return make(
      'quota_requires_limits',
      younger(view, 'resourcequotas', 'ResourceQuota', must[1]!),
      `ResourceQuota ${must[1]} wants every container to state ${short(must[2]!, 80)}`,
      templateEvidence(view),
    )
  if (/violates PodSecurity/i.test(message)) {
    const space = find(view.snapshot, 'namespaces', namespace)
    const labelled = space?.metadata.managedFields
      ?.filter((f) => Object.keys(f.fieldsV1?.['f:metadata']?.['f:labels'] ?? {}).some((k) => k.includes('pod-security')))
      .map((f) => f.time)
    const at = latest(...(labelled ?? []))
    const byTemplate = at !== undefined && (millis(rolledOutAt(view)) ?? 0) > millis(at)!
    const level = Object.entries(space?.metadata.labels ?? {}).find(([k]) => k === 'pod-security.kubernetes.io/enforce')?.[1]
    const subject: Subject = byTemplate ? view.subject : { kind: 'Namespace', name: namespace }
    return make(
      'admission_psa',
      subject,
      `Pod Security${level ? ` level "${level}"` : ''} of the namespace forbids them (${short(message.replace(/^.*violates PodSecurity "[^"]*":\s*/s, ''), 100)})`,
      [
        ...(space ? [seen('Namespace', space, 'labels pod-security.kubernetes.io/enforce', level ?? 'set elsewhere', undefined, at)] : []),
        ...(byTemplate ? templateEvidence(view) : []),
      ],
    )
  }
  const hook = /failed calling webhook "([^"]+)":?\s*(.*)/is.exec(message)
  if (hook)
    return make(
      'admission_webhook_down',
      webhookSubject(view, hook[1]!, resource, message),
      `admission webhook ${hook[1]} does not answer and its failurePolicy is Fail (${short(hook[2]!.replace(/^.*(?=(?:no endpoints|service ".*" not found|connection refused|context deadline|no such host|x509))/is, ''), 90)})`,
    )
  const denied = /admission webhook "([^"]+)" denied the request:?\s*(.*)/is.exec(message)
  if (denied)
    return make(
      'admission_webhook_denied',
      newerTemplate(view) ? view.subject : webhookSubject(view, denied[1]!, resource, message),
      `admission webhook ${denied[1]} refuses them: ${short(denied[2]!, 100)}`,
      newerTemplate(view) ? templateEvidence(view) : [],
    )
  const policy = /ValidatingAdmissionPolicy '([^']+)'/i.exec(message)
  if (policy)
    return make(
      'admission_webhook_denied',
      { kind: 'ValidatingAdmissionPolicy', name: policy[1]! },
      `admission policy ${policy[1]} refuses them`,
    )
  const account =
    /serviceaccount "([^"]+)" not found|service account ([^\s:]+) (?:was )?not found|error looking up service account [^/]*\/([^:\s]+)/i.exec(
      message,
    )
  if (account) {
    const name = (account[1] ?? account[2] ?? account[3])!
    const changed = recentDiff(view)?.find((c) => c.field === 'service-account')
    return make(
      'service_account_missing',
      changed ? view.subject : { kind: 'ServiceAccount', namespace, name },
      `ServiceAccount ${name} does not exist`,
      changed
        ? templateEvidence(view)
        : [{ source: 'kubernetes', asked: `serviceaccount/${name} in ${namespace}`, observed: 'not found', expected: 'present' }],
    )
  }
  const priority = /no PriorityClass with name (\S+) was found/i.exec(message)
  if (priority) return make('priority_class_missing', view.subject, `PriorityClass ${priority[1]} does not exist`, templateEvidence(view))
  const runtime = /RuntimeClass[^"]*"([^"]+)" not found/i.exec(message)
  if (runtime) return make('runtime_class_missing', view.subject, `RuntimeClass ${runtime[1]} does not exist`, templateEvidence(view))
  if (/(?:maximum|minimum) (?:cpu|memory|\S+) usage per (?:Container|Pod)|limit to request ratio/i.test(message)) {
    const range = all(view.snapshot, 'limitranges')
      .filter((r) => r.metadata.namespace === namespace)
      .sort((a, b) => (millis(editedAt(b)) ?? 0) - (millis(editedAt(a)) ?? 0))[0]
    return make(
      'limit_range_violation',
      range && !newerTemplate(view, editedAt(range)) ? { kind: 'LimitRange', namespace, name: range.metadata.name } : view.subject,
      short(message.replace(/^.*forbidden:\s*/s, ''), 120),
      templateEvidence(view),
    )
  }
  if (/is invalid|Invalid value|Forbidden: may not/i.test(message)) {
    const [hook] = mutators(view, view.template?.metadata?.labels)
    const range = invalidByRange(view, message)
    const subject = range
      ? { kind: 'LimitRange', namespace, name: range }
      : hook && { kind: 'MutatingWebhookConfiguration', name: hook.metadata.name }
    if (subject)
      return make(
        'admission_mutation',
        subject,
        `the pod is invalid after ${subject.kind} ${subject.name} changed it: ${short(message, 100)}`,
        [],
        0.9,
      )
  }
  return make('rollout_stuck', view.subject, short(message, 140), [], 0.6)
}

/** The LimitRange whose default limit is below what a container asks for without a limit of its own; undefined where none is. */
function invalidByRange(view: View, message: string): string | undefined {
  const resource = /must be less than or equal to (\S+) limit/.exec(message)?.[1]
  if (!resource) return undefined
  const bare = view.template?.spec.containers.some((c) => c.resources?.requests?.[resource] && !c.resources.limits?.[resource])
  return bare
    ? all(view.snapshot, 'limitranges').find((r) => r.spec?.limits?.some((l) => l.type === 'Container' && l.default?.[resource]))?.metadata
        .name
    : undefined
}

/** The object, where it is younger than the template; else the workload that does not fit it. */
function younger(view: View, resource: 'resourcequotas', kind: string, name: string): Subject {
  const object = find(view.snapshot, resource, name, view.service.namespace)
  return object && newerTemplate(view, editedAt(object)) ? view.subject : { kind, namespace: view.service.namespace, name }
}

/** Whether the newest revision is younger than `time` (or than the look-back, where no time is given). */
function newerTemplate(view: View, time?: string): boolean {
  const rolled = millis(rolledOutAt(view))
  const diff = recentDiff(view)
  if (rolled === undefined || !diff?.length) return false
  return time === undefined ? rolled > view.now - view.snapshot.target.lookbackSeconds * 1000 : rolled > (millis(time) ?? 0)
}

function templateEvidence(view: View): Evidence[] {
  const diff = recentDiff(view)
  return diff?.length && view.workload
    ? [
        seen(
          view.service.kind,
          view.workload,
          `revision ${view.revisions[0]?.number}`,
          short(diff.map(changeText).join(', ')),
          undefined,
          rolledOutAt(view),
        ),
      ]
    : []
}
