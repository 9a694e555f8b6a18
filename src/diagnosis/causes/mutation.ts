/** Pods that are not what their template says: something that may change pods on their way in changed what they now fail by. */
import type { Container, Pod, PodSpec } from '../../facts/kubernetes/pod.ts'
import { all } from '../../facts/lookup.ts'
import { editedAt } from '../changes.ts'
import { type Claim, podCount, podEffect, refuted, seen, short, supported } from '../claim.ts'
import { failing } from '../start-failure.ts'
import { changeText, type TemplateChange, templateDiff } from '../template-diff.ts'
import { earliest } from '../time.ts'
import { containerStatuses, podIsReady, type View } from '../view.ts'
import { mutators } from './webhooks.ts'

/** What the API server and its usual plugins fill in for every pod, and what a template has no word for. */
const usual: ReadonlySet<TemplateChange['field']> = new Set([
  'labels',
  'annotations',
  'volumes',
  'mounts',
  'pull-secrets',
  'service-account',
  'other',
])

/** Where a pod differs from the template of the ReplicaSet that it was made from; undefined where that is not known. */
export function alterations(view: View, pod: Pod): TemplateChange[] | undefined {
  const owner = pod.metadata.ownerReferences?.find((o) => o.controller)?.uid
  const template = view.revisions.find((r) => (r.replicaSet ? r.replicaSet.metadata.uid === owner : r.hash === undefined))?.template
  if (!template) return undefined
  const { nodeName: _bound, tolerations: _added, priorityClassName: _class, runtimeClassName: _runtime, ...spec } = pod.spec
  const { tolerations: _given, priorityClassName: _wanted, runtimeClassName: _ran, ...wanted } = template.spec
  const named: PodSpec = { ...spec, ...(template.spec.nodeName && { nodeName: pod.spec.nodeName }) } as PodSpec
  return templateDiff({ spec: wanted as PodSpec }, { spec: named }).filter(
    (c) => !usual.has(c.field) && !(c.field === 'resources' && c.from === undefined && givenByRange(view, c)),
  )
}

/** Whether a LimitRange of the namespace gives this value to containers that state none. */
const givenByRange = (view: View, { name = '', to }: TemplateChange): boolean => {
  const [which, resource = ''] = name.split('.') as [string, string?]
  return all(view.snapshot, 'limitranges').some((r) =>
    r.spec?.limits?.some((l) =>
      which === 'limits' ? l.default?.[resource] === to : (l.defaultRequest?.[resource] ?? l.default?.[resource]) === to,
    ),
  )
}

const placed = (c: TemplateChange): boolean => c.field === 'placement' || c.field === 'priority' || /^requests\./.test(c.name ?? '')

/** The alterations by which a pod fails as it does: a harmless one beside a fault of another kind is none of them. */
function guilty(pod: Pod, altered: readonly TemplateChange[]): TemplateChange[] {
  if (!pod.spec.nodeName && pod.status?.conditions?.some((c) => c.type === 'PodScheduled' && c.status === 'False')) {
    const added = new Set(altered.filter((c) => c.field === 'containers').map((c) => c.container))
    const asks = (c: Container): boolean => Object.keys(c.resources?.requests ?? {}).length > 0
    return altered.filter((c) => placed(c) || (c.field === 'containers' && pod.spec.containers.some((x) => added.has(x.name) && asks(x))))
  }
  const fields = {
    pull: ['image'],
    create: ['command', 'security', 'image'],
    config: ['env', 'security'],
    mount: [],
    'init-running': ['command'],
  }
  const byFailure = failing([pod]).flatMap((f) =>
    altered.filter(
      (c) =>
        c.container === f.container &&
        (c.field === 'containers' ||
          (f.kind === 'oom'
            ? c.name === 'limits.memory'
            : f.kind === 'crash'
              ? !['readiness', 'resources'].includes(c.field)
              : (fields[f.kind] as string[]).includes(c.field))),
    ),
  )
  if (byFailure.length > 0) return byFailure
  const unready = new Set(
    containerStatuses(pod)
      .filter((s) => !s.init && !s.ready && s.state?.running)
      .map((s) => s.name),
  )
  return altered.filter(
    (c) => unready.has(c.container ?? '') && ['containers', 'readiness', 'command', 'env', 'ports', 'image'].includes(c.field),
  )
}

export function mutation(view: View): Claim[] {
  const sick = view.pods.filter((p) => !podIsReady(p))
  for (const pod of sick) {
    const [by] = mutators(view, pod.metadata.labels)
    const altered = by && alterations(view, pod)
    const deciding = altered ? guilty(pod, altered) : []
    if (!by || deciding.length === 0) continue
    const same = sick.filter((p) => guilty(p, alterations(view, p) ?? []).length > 0)
    const what = short(deciding.map(changeText).join(', '), 100)
    return [
      supported({
        code: 'admission_mutation',
        subject: { kind: 'MutatingWebhookConfiguration', name: by.metadata.name },
        since: earliest(...same.map((p) => p.metadata.creationTimestamp)),
        confidence: 0.96,
        summary: `${podCount(same, view.pods.length)} fail by what webhook ${by.metadata.name} made of them: ${what}`,
        evidence: [
          seen('Pod', pod, 'spec, against the template it was made from', what, 'the template'),
          seen('MutatingWebhookConfiguration', by, 'webhooks', by.webhooks?.map((w) => w.name).join(', ') ?? '', undefined, editedAt(by)),
        ],
        effects: podEffect(same, 'not what their template says'),
      }),
      refuted('bad_release', view.subject, 'the template does not say what the pods fail by'),
    ]
  }
  return []
}
