/** Keeps of each object what a judgement reads, so that a Snapshot stays small and holds no secret. Pure. */
import type { KubeEvent } from './kubernetes/event.ts'
import type { FieldSet, KubeObject, ManagedField, Meta } from './kubernetes/object.ts'
import type { ContainerStatus, Pod, PodTemplate } from './kubernetes/pod.ts'
import type { ResourceName } from './kubernetes/resources.ts'
import { type Fingerprint, redact, redactSpec } from './redact.ts'

const bulky = new Set(['kubectl.kubernetes.io/last-applied-configuration', 'control-plane.alpha.kubernetes.io/leader'])
const withoutHistory = new Set<ResourceName>([
  'pods',
  'events',
  'replicasets',
  'endpointslices',
  'nodes',
  'podmetrics',
  'nodemetrics',
  'jobs',
])
const dataFields = ['f:data', 'f:stringData', 'f:binaryData'] as const

/** Only the key names below data, and for other kinds the labels: who wrote what when, never a value. */
function fieldNames(fields: FieldSet | undefined): FieldSet | undefined {
  if (!fields) return undefined
  const kept: FieldSet = {}
  for (const name of dataFields) {
    if (fields[name]) kept[name] = Object.fromEntries(Object.keys(fields[name]).map((k) => [k, {}]))
  }
  const labels = fields['f:metadata']?.['f:labels']
  if (labels) kept['f:metadata'] = { 'f:labels': Object.fromEntries(Object.keys(labels).map((k) => [k, {}])) }
  return kept
}

function meta(resource: ResourceName, m: Meta): Meta {
  const { managedFields, annotations, ...rest } = m
  const kept = Object.entries(annotations ?? {})
    .filter(([key, value]) => !bulky.has(key) && value.length <= 1000)
    .map(([key, value]) => [key, redact(value)])
  const fields = withoutHistory.has(resource)
    ? undefined
    : managedFields?.map(
        (f): ManagedField =>
          ({
            manager: f.manager,
            operation: f.operation,
            time: f.time,
            subresource: f.subresource,
            fieldsV1: fieldNames(f.fieldsV1),
          }) as ManagedField,
      )
  return { ...rest, ...(kept.length && { annotations: Object.fromEntries(kept) }), ...(fields?.length && { managedFields: fields }) }
}

const status = (s: ContainerStatus): ContainerStatus =>
  JSON.parse(JSON.stringify(s), (key, value) => (key === 'message' && typeof value === 'string' ? redact(value).slice(0, 1000) : value))

const template = (t: PodTemplate, fingerprint: Fingerprint): PodTemplate => ({
  ...(t.metadata && {
    metadata: { labels: t.metadata.labels, annotations: safe(t.metadata.annotations) } as PodTemplate['metadata'] & object,
  }),
  spec: redactSpec(t.spec, fingerprint),
})

const safe = (annotations: Record<string, string> | undefined): Record<string, string> =>
  Object.fromEntries(Object.entries(annotations ?? {}).map(([k, v]) => [k, redact(v).slice(0, 300)]))

/** One object, pruned and redacted. The answer has the same type as what came in. */
export function prune<T extends KubeObject>(resource: ResourceName, object: T, fingerprint: Fingerprint): T {
  const base = { ...object, metadata: meta(resource, object.metadata) } as T
  if (resource === 'pods') {
    const pod = base as unknown as Pod
    return {
      ...pod,
      spec: redactSpec(pod.spec, fingerprint),
      status: {
        ...pod.status,
        containerStatuses: pod.status?.containerStatuses?.map(status),
        initContainerStatuses: pod.status?.initContainerStatuses?.map(status),
      },
    } as unknown as T
  }
  if (resource === 'events') {
    const event = base as unknown as KubeEvent
    return { ...event, message: event.message && redact(event.message).slice(0, 1500) } as unknown as T
  }
  if (resource === 'configmaps' || resource === 'secrets') {
    const { apiVersion, kind, metadata } = base
    return { apiVersion, kind, metadata, ...('type' in base && { type: base.type }) } as T
  }
  const spec = (base as { spec?: { template?: PodTemplate } }).spec
  return spec?.template ? { ...base, spec: { ...spec, template: template(spec.template, fingerprint) } } : base
}
