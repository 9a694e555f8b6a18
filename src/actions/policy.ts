/** Policy: a NetworkPolicy that cuts a path the service needs is widened by just that path, never deleted. */
import { selectorText } from '../diagnosis/selectors.ts'
import { AbsentError, UsageError } from '../errors.ts'
import type { NetworkPolicy, PolicyPeer, PolicyPort, Service } from '../facts/kubernetes/network.ts'
import { changeField } from './fields.ts'
import { type Look, listed, planBase, type Target, workloadTarget } from './look.ts'
import { letsThrough, type Peer, type Port, policiesOn } from './network-paths.ts'
import { named, type Plan } from './plan.ts'
import { refOf } from './restart.ts'

export type PathWord = 'ingress' | 'dns' | 'dependencies'

/** A path that the service needs and its policies do not let through, and the rule that would. */
interface CutPath {
  direction: 'Ingress' | 'Egress'
  said: string
  rule: { from?: PolicyPeer[]; to?: PolicyPeer[]; ports: PolicyPort[] }
}

/** Widen a policy (the newest on the workload's pods when undefined) by the paths that are cut; `paths` are those to look at. */
export async function planPolicy(look: Look, name: string | undefined, paths: readonly PathWord[], why: string): Promise<Plan> {
  const workload = await workloadTarget(look, undefined)
  const { namespace } = workload
  const policies = (await look.cluster.list('networkpolicies', { namespace }, look.signal)).items
  const pod: Peer = { namespace, labels: workload.object.spec.template.metadata?.labels ?? {}, namespaceLabels: nameLabel(namespace) }
  const cut = [
    ...(paths.includes('ingress') ? await cutIngress(look, workload, pod, policies) : []),
    ...(paths.includes('dns') ? await cutDns(look, pod, policies) : []),
    ...(paths.includes('dependencies') ? await cutDependencies(look, pod, policies) : []),
  ]
  const object = policyFor(cut, pod, policies, name?.replace(/^(networkpolicy|networkpolicies|netpol)\//, ''), namespace)
  const target: Target<NetworkPolicy> = {
    kind: 'NetworkPolicy',
    resource: 'networkpolicies',
    namespace,
    name: object.metadata.name,
    object,
  }
  const what = named('NetworkPolicy', target.name)
  const fields = (['Ingress', 'Egress'] as const).flatMap((direction) => {
    const rules = cut.filter((path) => path.direction === direction).map((path) => path.rule)
    const key = direction === 'Ingress' ? 'ingress' : 'egress'
    return rules.length === 0 ? [] : [changeField(object, ['spec', key], [...(object.spec[key] ?? []), ...rules])]
  })
  const plan: Plan = {
    ...planBase(look, 'policy', target),
    summary: `let ${cut.map((path) => path.said).join(' and ')} through ${what}`,
    from: cut.map((path) => `${path.said}: cut`).join(', '),
    to: cut.map((path) => `${path.said}: allowed`).join(', '),
    why,
    notice: 'the path opens within seconds; what was allowed stays allowed',
    takes: 'about 10 s',
    undo: 'the rules as they were',
    writes: [
      { verb: 'patch', kind: 'NetworkPolicy', ref: refOf(target), metadata: object.metadata, fields, guard: 'generation', rollout: false },
    ],
    verification: [{ what: 'rollout', ref: refOf(workload), kind: workload.kind }],
  }
  if (cut.length === 0)
    return {
      ...plan,
      writes: [],
      summary: `open the paths of ${named(workload.kind, workload.name)}`,
      already: `the policies on ${named(workload.kind, workload.name)} let ${paths.join(', ')} through`,
    }
  if (cut.some((path) => path.direction === 'Ingress'))
    plan.warnings.push(`callers in other namespaces stay shut out: only pods of ${namespace} are let in`)
  return plan
}

const nameLabel = (namespace: string) => ({ 'kubernetes.io/metadata.name': namespace })

/** The policy to widen: as named, else the newest that governs the cut direction. Policies add up, so any of them will do. */
function policyFor(
  cut: readonly CutPath[],
  pod: Peer,
  policies: readonly NetworkPolicy[],
  name: string | undefined,
  namespace: string,
): NetworkPolicy {
  if (name !== undefined) {
    const found = policies.find((policy) => policy.metadata.name === name)
    if (!found)
      throw new AbsentError(
        `there is no networkpolicy/${name} in namespace ${namespace}`,
        policies.length === 0 ? undefined : `there are ${policies.map((policy) => policy.metadata.name).join(', ')}`,
      )
    const wrong = cut.find((path) => !policiesOn(pod, path.direction, policies).includes(found))
    if (wrong)
      throw new UsageError(
        `networkpolicy/${name} does not govern the ${wrong.direction.toLowerCase()} of these pods`,
        `task-mcp policy  finds the one that does`,
      )
    return found
  }
  const governing = (['Ingress', 'Egress'] as const)
    .filter((direction) => cut.length === 0 || cut.some((path) => path.direction === direction))
    .flatMap((direction) => policiesOn(pod, direction, policies))
  const newest = [...governing].sort((a, b) => ((a.metadata.creationTimestamp ?? '') < (b.metadata.creationTimestamp ?? '') ? 1 : -1))[0]
  if (!newest) throw new UsageError(`no NetworkPolicy selects these pods, so none cuts a path`, 'task-mcp diagnose service-downtime')
  return newest
}

async function cutIngress(look: Look, workload: Target, pod: Peer, policies: readonly NetworkPolicy[]): Promise<CutPath[]> {
  const declared = workload.object.spec.template.spec.containers.flatMap((container) => container.ports ?? [])
  const own =
    declared.find((port) => port.containerPort === look.settings.service.port) ??
    declared.find((port) => (port.protocol ?? 'TCP') === 'TCP')
  const port: Port = { port: own?.containerPort ?? look.settings.service.port, name: own?.name, protocol: 'TCP' }
  const others = ((await listed(look, 'pods', { namespace: pod.namespace })) ?? []).filter(
    (one) => !Object.entries(pod.labels).every(([key, value]) => one.metadata.labels?.[key] === value),
  )
  const peers: Peer[] =
    others.length === 0 ? [{ ...pod, labels: {} }] : others.map((one) => ({ ...pod, labels: one.metadata.labels ?? {} }))
  if (peers.every((peer) => letsThrough(pod, 'Ingress', peer, port, policies))) return []
  return [
    {
      direction: 'Ingress',
      said: `callers in ${pod.namespace} to port ${port.port}`,
      rule: { from: [{ podSelector: {} }], ports: [{ port: port.port, protocol: 'TCP' }] },
    },
  ]
}

async function cutDns(look: Look, pod: Peer, policies: readonly NetworkPolicy[]): Promise<CutPath[]> {
  const dns = await clusterService(look, 'kube-system', 'kube-dns')
  const labels = dns?.spec.selector ?? { 'k8s-app': 'kube-dns' }
  const peer: Peer = { namespace: 'kube-system', labels, namespaceLabels: nameLabel('kube-system') }
  // A policy is held against the pod's port, which need not be the Service's; plugins that look before the Service is resolved see 53.
  const ports = [...new Set([53, ...((await endpointPorts(look, 'kube-system', 'kube-dns')) ?? [])])]
  const needed = ports.length > 1 ? ports.filter((port) => port !== 53) : ports
  if (needed.every((port) => letsThrough(pod, 'Egress', peer, { port, protocol: 'UDP' }, policies))) return []
  return [
    {
      direction: 'Egress',
      said: `DNS (${selectorText(labels)} in kube-system)`,
      rule: {
        to: [{ namespaceSelector: { matchLabels: nameLabel('kube-system') }, podSelector: { matchLabels: labels } }],
        ports: ports.flatMap((port) => [
          { port, protocol: 'UDP' },
          { port, protocol: 'TCP' },
        ]),
      },
    },
  ]
}

async function cutDependencies(look: Look, pod: Peer, policies: readonly NetworkPolicy[]): Promise<CutPath[]> {
  const found = await Promise.all(
    look.settings.service.dependencies.map(async (dependency): Promise<CutPath[]> => {
      if (dependency.service === undefined) return []
      const namespace = dependency.namespace ?? pod.namespace
      const service = await clusterService(look, namespace, dependency.service)
      if (service?.spec.selector === undefined) return []
      const peer: Peer = { namespace, labels: service.spec.selector, namespaceLabels: nameLabel(namespace) }
      const entry = service.spec.ports?.find((one) => one.port === dependency.port) ?? service.spec.ports?.[0]
      const [resolved] = (await endpointPorts(look, namespace, dependency.service, entry?.name)) ?? []
      const target = resolved ?? entry?.targetPort ?? entry?.port ?? dependency.port
      if (target === undefined) return []
      const port: Port = { port: Number(target) || 0, name: typeof target === 'string' ? target : undefined, protocol: 'TCP' }
      if (letsThrough(pod, 'Egress', peer, port, policies)) return []
      const to: PolicyPeer = {
        podSelector: { matchLabels: service.spec.selector },
        ...(namespace === pod.namespace ? {} : { namespaceSelector: { matchLabels: nameLabel(namespace) } }),
      }
      return [
        {
          direction: 'Egress',
          said: `${dependency.name} on port ${target}`,
          rule: { to: [to], ports: [{ port: target, protocol: 'TCP' }] },
        },
      ]
    }),
  )
  return found.flat()
}

/** The ports of the pods behind a Service, as its controller resolved their names; undefined where that is not to be seen. */
async function endpointPorts(look: Look, namespace: string, service: string, name?: string): Promise<number[] | undefined> {
  const slices = await listed(look, 'endpointslices', { namespace, labelSelector: `kubernetes.io/service-name=${service}` })
  const ports = slices?.flatMap((slice) => slice.ports ?? []).filter((port) => name === undefined || port.name === name)
  return ports?.flatMap((port) => port.port ?? [])
}

async function clusterService(look: Look, namespace: string, name: string): Promise<Service | undefined> {
  return (await listed(look, 'services', { namespace, fieldSelector: `metadata.name=${name}` }))?.[0]
}
