/** What a revision of a pod template changed, in words a person would use, and typed so that a cause can ask for one kind of change. */
import type { Container, EnvVar, PodTemplate, Probe } from '../facts/kubernetes/pod.ts'

export type TemplateField =
  | 'image'
  | 'command'
  | 'env'
  | 'liveness'
  | 'readiness'
  | 'startup'
  | 'resources'
  | 'ports'
  | 'mounts'
  | 'security'
  | 'containers'
  | 'placement'
  | 'volumes'
  | 'service-account'
  | 'pull-secrets'
  | 'dns'
  | 'priority'
  | 'labels'
  | 'annotations'
  | 'other'

export interface TemplateChange {
  field: TemplateField
  container?: string | undefined
  /** The part within the field: an environment variable, a label, "limits.memory". */
  name?: string | undefined
  from: string | undefined
  to: string | undefined
}

const volatileLabels = new Set(['pod-template-hash', 'controller-revision-hash', 'pod-template-generation'])

const text = (value: unknown): string | undefined => (value === undefined ? undefined : typeof value === 'string' ? value : stable(value))

/** JSON with sorted keys, so that equal objects read equal. */
export function stable(value: unknown): string {
  return JSON.stringify(value, (_key, v: unknown) =>
    v && typeof v === 'object' && !Array.isArray(v)
      ? Object.fromEntries(Object.entries(v).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
      : v,
  )
}

function compare(field: TemplateField, from: unknown, to: unknown, extra: Partial<TemplateChange> = {}): TemplateChange[] {
  const [a, b] = [text(from), text(to)]
  return a === b ? [] : [{ field, from: a, to: b, ...extra }]
}

function maps(
  field: TemplateField,
  from: Record<string, unknown> = {},
  to: Record<string, unknown> = {},
  extra: Partial<TemplateChange> = {},
): TemplateChange[] {
  return [...new Set([...Object.keys(from), ...Object.keys(to)])]
    .sort()
    .flatMap((name) => compare(field, from[name], to[name], { ...extra, name }))
}

const environment = (env: EnvVar[] = []): Record<string, unknown> =>
  Object.fromEntries(env.map((e) => [e.name, e.value ?? e.valueFrom ?? '']))

/** A probe with the API's defaults filled in, so that a defaulted field is no change. */
const probe = (p: Probe | undefined): unknown =>
  p && { initialDelaySeconds: 0, timeoutSeconds: 1, periodSeconds: 10, successThreshold: 1, failureThreshold: 3, ...p }

function containerChanges(from: Container, to: Container): TemplateChange[] {
  const container = to.name
  return [
    ...compare('image', from.image, to.image, { container }),
    ...compare(
      'command',
      [from.command ?? [], from.args ?? [], from.workingDir ?? ''],
      [to.command ?? [], to.args ?? [], to.workingDir ?? ''],
      { container },
    ),
    ...maps('env', environment(from.env), environment(to.env), { container }),
    ...compare('env', from.envFrom ?? [], to.envFrom ?? [], { container, name: 'envFrom' }),
    ...compare('liveness', probe(from.livenessProbe), probe(to.livenessProbe), { container }),
    ...compare('readiness', probe(from.readinessProbe), probe(to.readinessProbe), { container }),
    ...compare('startup', probe(from.startupProbe), probe(to.startupProbe), { container }),
    ...maps('resources', resourceMap(from), resourceMap(to), { container }),
    ...compare('ports', from.ports ?? [], to.ports ?? [], { container }),
    ...compare('mounts', from.volumeMounts ?? [], to.volumeMounts ?? [], { container }),
    ...compare('security', from.securityContext ?? {}, to.securityContext ?? {}, { container }),
    ...compare('other', from.lifecycle ?? {}, to.lifecycle ?? {}, { container, name: 'lifecycle' }),
  ]
}

/** What has no words of its own here, and that a program may fail by. */
const others = (s: PodTemplate['spec']): Record<string, unknown> => ({
  hostAliases: s.hostAliases,
  hostname: s.hostname,
  subdomain: s.subdomain,
  automountServiceAccountToken: s.automountServiceAccountToken,
  shareProcessNamespace: s.shareProcessNamespace,
  hostPID: s.hostPID,
  hostIPC: s.hostIPC,
  readinessGates: s.readinessGates,
})

const resourceMap = (c: Container): Record<string, unknown> => ({
  ...Object.fromEntries(Object.entries(c.resources?.limits ?? {}).map(([k, v]) => [`limits.${k}`, v])),
  ...Object.fromEntries(Object.entries(c.resources?.requests ?? {}).map(([k, v]) => [`requests.${k}`, v])),
})

/** The changes from one template to the next; empty where nothing that reaches a pod differs. */
export function templateDiff(from: PodTemplate, to: PodTemplate): TemplateChange[] {
  const labels = (t: PodTemplate): Record<string, unknown> =>
    Object.fromEntries(Object.entries(t.metadata?.labels ?? {}).filter(([k]) => !volatileLabels.has(k)))
  const all = (t: PodTemplate): Map<string, Container> =>
    new Map([...(t.spec.initContainers ?? []), ...t.spec.containers].map((c) => [c.name, c]))
  const [before, after] = [all(from), all(to)]
  const changes: TemplateChange[] = []
  for (const name of new Set([...before.keys(), ...after.keys()])) {
    const [a, b] = [before.get(name), after.get(name)]
    if (a && b) changes.push(...containerChanges(a, b))
    else changes.push({ field: 'containers', container: name, from: a?.image, to: b?.image })
  }
  const [a, b] = [from.spec, to.spec]
  const placement = (s: PodTemplate['spec']): Record<string, unknown> => ({
    nodeSelector: s.nodeSelector,
    affinity: s.affinity,
    tolerations: s.tolerations,
    topologySpreadConstraints: s.topologySpreadConstraints,
    nodeName: s.nodeName,
    schedulerName: s.schedulerName,
    schedulingGates: s.schedulingGates,
    hostNetwork: s.hostNetwork,
  })
  return [
    ...changes,
    ...maps('placement', placement(a), placement(b)),
    ...compare('volumes', a.volumes ?? [], b.volumes ?? []),
    ...compare('service-account', a.serviceAccountName ?? 'default', b.serviceAccountName ?? 'default'),
    ...compare('pull-secrets', a.imagePullSecrets ?? [], b.imagePullSecrets ?? []),
    ...compare('dns', [a.dnsPolicy ?? 'ClusterFirst', a.dnsConfig ?? {}], [b.dnsPolicy ?? 'ClusterFirst', b.dnsConfig ?? {}]),
    ...compare('priority', [a.priorityClassName, a.runtimeClassName], [b.priorityClassName, b.runtimeClassName]),
    ...compare('security', a.securityContext ?? {}, b.securityContext ?? {}),
    ...maps('other', others(a), others(b)),
    ...maps('labels', labels(from), labels(to)),
    ...maps('annotations', from.metadata?.annotations ?? {}, to.metadata?.annotations ?? {}),
  ]
}

/** Changes that can alter what the program does: everything but labels and annotations. */
export const material = (changes: readonly TemplateChange[]): TemplateChange[] =>
  changes.filter((c) => c.field !== 'labels' && c.field !== 'annotations')

/** One change as a short phrase: `image a:1 -> a:2`, `env GREETING removed`. Values longer than 60 characters are cut. */
export function changeText({ field, name, from, to }: TemplateChange): string {
  const what = name && field !== 'other' ? `${field} ${name}` : (name ?? field)
  const cut = (v: string): string => (v.length > 60 ? `${v.slice(0, 57)}...` : v)
  if (to === undefined) return `${what} removed${from && from.length <= 60 && field !== 'env' ? ` (was ${from})` : ''}`
  return from === undefined ? `${what} added: ${cut(to)}` : `${what} ${cut(from)} -> ${cut(to)}`
}
