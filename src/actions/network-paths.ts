/** What NetworkPolicies let through, by the rules of the API: a pod that no policy selects is open, else one rule of one policy must allow. Pure. */
import { selects } from '../diagnosis/selectors.ts'
import type { NetworkPolicy, PolicyPeer, PolicyPort } from '../facts/kubernetes/network.ts'
import type { Labels } from '../facts/kubernetes/object.ts'

/** One end of a path: a pod by its labels and those of its namespace. */
export interface Peer {
  namespace: string
  labels: Labels
  namespaceLabels: Labels
}

export interface Port {
  port: number
  /** The container port's name, which a policy may use. */
  name?: string | undefined
  protocol: 'TCP' | 'UDP'
}

/** An ingress rule has `from`, an egress rule has `to`. */
type Rule = { from?: PolicyPeer[]; to?: PolicyPeer[]; ports?: PolicyPort[] }

/** Policies that select the pod in a direction; none means that everything is let through. */
export function policiesOn(pod: Peer, direction: 'Ingress' | 'Egress', policies: readonly NetworkPolicy[]): NetworkPolicy[] {
  return policies.filter(
    (policy) =>
      policy.metadata.namespace === pod.namespace &&
      directionsOf(policy).includes(direction) &&
      selects(policy.spec?.podSelector ?? {}, pod.labels),
  )
}

/** As the API defaults policyTypes: always Ingress, Egress when there are egress rules. */
function directionsOf(policy: NetworkPolicy): string[] {
  return policy.spec?.policyTypes ?? ['Ingress', ...(policy.spec?.egress === undefined ? [] : ['Egress'])]
}

/** Whether `pod` may be reached by (Ingress) or may reach (Egress) `peer` on `port`. */
export function letsThrough(
  pod: Peer,
  direction: 'Ingress' | 'Egress',
  peer: Peer,
  port: Port,
  policies: readonly NetworkPolicy[],
): boolean {
  const governing = policiesOn(pod, direction, policies)
  if (governing.length === 0) return true
  return governing.some((policy) => {
    const rules: Rule[] | undefined = direction === 'Ingress' ? policy.spec?.ingress : policy.spec?.egress
    return (rules ?? []).some(
      (rule) => allowsPeer(direction === 'Ingress' ? rule.from : rule.to, peer, pod.namespace) && allowsPort(rule.ports, port),
    )
  })
}

function allowsPeer(peers: Rule['from'], peer: Peer, own: string): boolean {
  if (peers === undefined || peers.length === 0) return true
  return peers.some((one) => {
    if (one.ipBlock !== undefined) return one.ipBlock.cidr === '0.0.0.0/0' && (one.ipBlock.except ?? []).length === 0
    const there = one.namespaceSelector === undefined ? peer.namespace === own : selects(one.namespaceSelector, peer.namespaceLabels)
    return there && (one.podSelector === undefined || selects(one.podSelector, peer.labels))
  })
}

function allowsPort(ports: Rule['ports'], port: Port): boolean {
  if (ports === undefined || ports.length === 0) return true
  return ports.some((one) => {
    if ((one.protocol ?? 'TCP') !== port.protocol) return false
    if (one.port === undefined) return true
    if (typeof one.port === 'string') return one.port === port.name
    return port.port >= one.port && port.port <= (one.endPort ?? one.port)
  })
}
