/** Service: selector and target ports back to what the workload's pods have. */
import { mapSelects, selectorText } from '../diagnosis/selectors.ts'
import { AbsentError, UsageError } from '../errors.ts'
import type { Service, ServicePort } from '../facts/kubernetes/network.ts'
import type { Labels } from '../facts/kubernetes/object.ts'
import type { ContainerPort, Pod, PodTemplate } from '../facts/kubernetes/pod.ts'
import { changeField, equal, type FieldChange } from './fields.ts'
import { type Look, listed, planBase, type Target, workloadTarget } from './look.ts'
import { named, type Plan } from './plan.ts'
import { refOf } from './restart.ts'

/** What the way of a Service to its pods may need beside its selector and target ports. */
export interface Way {
  /** Let nodes without such a pod forward to others. */
  everyNode: boolean
  /** The port on which callers ask, where the Service no longer has it. */
  askedPort?: number | undefined
}

/** Put a Service (the settings' own when undefined) back on the pods of the workload. */
export async function planService(look: Look, name: string | undefined, { everyNode, askedPort: asked }: Way, why: string): Promise<Plan> {
  const workload = await workloadTarget(look, undefined)
  const { namespace } = workload
  const called = name?.replace(/^(service|services|svc)\//, '') ?? look.settings.service.service
  const object = await look.cluster.get('services', { namespace, name: called }, look.signal).catch((error: unknown) => {
    if (error instanceof AbsentError)
      throw new AbsentError(
        `there is no service/${called} in namespace ${namespace}`,
        'create it from your manifests: kubectl apply -f ...',
      )
    throw error
  })
  if (object.spec.type === 'ExternalName')
    throw new UsageError(`service/${called} points outside the cluster (${object.spec.externalName}): it has no pods`)
  const target: Target<Service> = { kind: 'Service', resource: 'services', namespace, name: called, object }
  const pods = (await listed(look, 'pods', { namespace })) ?? []
  const { template } = workload.object.spec
  const selector = selectorFor(object, workload, pods)
  const ports = (object.spec.ports ?? []).map((port, index) => targetPortChange(object, port, index, template, look.settings.service.port))
  const fields = [
    ...(equal(selector, object.spec.selector) ? [] : [changeField(object, ['spec', 'selector'], selector)]),
    ...ports.flatMap((change) => change ?? []),
    ...(asked === undefined ? [] : portForCallers(object, asked, template, look.settings.service.port)),
    ...(everyNode ? trafficPolicies(object) : []),
  ]
  const what = named('Service', called)
  const plan: Plan = {
    ...planBase(look, 'service', target),
    summary: `point ${what} at the pods of ${named(workload.kind, workload.name)}`,
    from: describe(fields, 'from'),
    to: describe(fields, 'to'),
    why,
    notice: 'requests reach the pods again within a second or two',
    takes: 'about 5 s',
    undo: 'the earlier selector and ports',
    writes: [
      { verb: 'patch', kind: 'Service', ref: refOf(target), metadata: object.metadata, fields, guard: 'resourceVersion', rollout: false },
    ],
    verification: [
      {
        what: 'endpoints',
        namespace,
        service: called,
        port: asked ?? object.spec.ports?.[0]?.port ?? 80,
        path: look.settings.service.health.ready,
      },
    ],
  }
  if (fields.length === 0)
    return {
      ...plan,
      writes: [],
      already: `${what} already selects the pods of ${named(workload.kind, workload.name)}, on ports that they have`,
    }
  if (!pods.some((pod) => mapSelects(selector, pod.metadata.labels)))
    plan.warnings.push(`no pod has the labels ${selectorText(selector)} now`)
  return plan
}

/** The port that callers ask for, on the entry that leads to the pods' own port; nothing where the Service has it. UsageError where several could be meant. */
function portForCallers(service: Service, asked: number, template: PodTemplate, settled: number): FieldChange[] {
  const ports = service.spec.ports ?? []
  if (ports.some((p) => p.port === asked)) return []
  const meant = ports.length === 1 ? [0] : ports.flatMap((p, i) => (numberOf(template, p.targetPort ?? p.port) === settled ? [i] : []))
  if (meant.length !== 1)
    throw new UsageError(
      `service/${service.metadata.name} has ${ports.length} ports, and which of them should be ${asked} is not clear`,
      `kubectl -n ${service.metadata.namespace} edit service ${service.metadata.name}`,
    )
  return [changeField(service, ['spec', 'ports', String(meant[0]), 'port'], asked)]
}

const numberOf = (template: PodTemplate, port: number | string | undefined): number | undefined =>
  typeof port === 'number'
    ? port
    : template.spec.containers.flatMap((container) => container.ports ?? []).find((one) => one.name === port)?.containerPort

/** Traffic policies that keep requests on the node they came in by. */
const trafficPolicies = (service: Service): FieldChange[] =>
  (['internalTrafficPolicy', 'externalTrafficPolicy'] as const)
    .filter((policy) => service.spec[policy] === 'Local')
    .map((policy) => changeField(service, ['spec', policy], 'Cluster'))

/**
 * The selector that picks this workload's pods and no others: as it is; as it was last applied; its own keys with the pods'
 * values; those and the workload's own selector.
 */
function selectorFor(service: Service, workload: Target, pods: readonly Pod[]): Labels {
  const labels = workload.object.spec.template.metadata?.labels ?? {}
  const own = workload.object.spec.selector.matchLabels ?? {}
  const now = service.spec.selector ?? {}
  const repaired = Object.fromEntries(Object.keys(now).flatMap((key) => (labels[key] === undefined ? [] : [[key, labels[key]]])))
  const candidates = [now, lastApplied(service)?.selector, repaired, { ...repaired, ...own }, own]
  const foreign = pods.filter((pod) => !mapSelects(own, pod.metadata.labels))
  const fits = (selector: Labels | undefined) =>
    selector !== undefined && mapSelects(selector, labels) && !foreign.some((pod) => mapSelects(selector, pod.metadata.labels))
  const found = candidates.find(fits) ?? own
  if (Object.keys(found).length === 0)
    throw new UsageError(
      `${named(workload.kind, workload.name)} selects its pods by expressions: say the selector yourself`,
      `kubectl -n ${workload.namespace} edit service ${service.metadata.name}`,
    )
  return found
}

function lastApplied(service: Service): Service['spec'] | undefined {
  try {
    return (
      JSON.parse(service.metadata.annotations?.['kubectl.kubernetes.io/last-applied-configuration'] ?? '') as { spec?: Service['spec'] }
    ).spec
  } catch {
    return undefined
  }
}

/** A change of one target port, where the pods do not have the one it names. Containers need not declare ports, so a probe's port counts too. */
function targetPortChange(
  service: Service,
  port: ServicePort,
  index: number,
  template: PodTemplate,
  settled: number,
): FieldChange | undefined {
  const declared = template.spec.containers.flatMap((container) => container.ports ?? [])
  const probed = template.spec.containers.flatMap(({ readinessProbe: ready, livenessProbe: live }) =>
    [ready, live].flatMap((probe) => probe?.httpGet?.port ?? probe?.tcpSocket?.port ?? []),
  )
  const there = (wanted: number | string | undefined): boolean =>
    wanted !== undefined &&
    (declared.some((one) => one.containerPort === Number(wanted) || one.name === wanted) ||
      (typeof wanted === 'number' && probed.includes(wanted)))
  const now = port.targetPort ?? port.port
  const applied = lastApplied(service)?.ports?.find((one) => one.port === port.port)?.targetPort
  // A port of another container is there, and is not the one that was meant when the Service was applied.
  const strayed = numberOf(template, applied) === settled && numberOf(template, now) !== settled
  if (there(now) && !strayed) return undefined
  const candidates = [applied, port.name, settled, ...byProtocol(declared, port).map((one) => one.name ?? one.containerPort), ...probed]
  const found = candidates.find(there)
  return found === undefined ? undefined : changeField(service, ['spec', 'ports', String(index), 'targetPort'], found)
}

const byProtocol = (declared: readonly ContainerPort[], port: ServicePort) =>
  declared.filter((one) => (one.protocol ?? 'TCP') === (port.protocol ?? 'TCP'))

function describe(fields: readonly FieldChange[], side: 'from' | 'to'): string {
  return fields
    .map(({ path, [side]: value }) => {
      if (path[1] === 'selector') return `selector ${selectorText(value as Labels)}`
      return `${path[1] === 'ports' ? (path[3] === 'port' ? 'port' : 'target port') : path[1]} ${String(value)}`
    })
    .join(', ')
}
