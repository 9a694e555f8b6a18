/** Which traffic NetworkPolicies allow, computed as the API defines it. Pure. */
import type { NetworkPolicy, PolicyPeer, PolicyPort } from '../facts/kubernetes/network.ts'
import type { Labels } from '../facts/kubernetes/object.ts'
import { selects } from './selectors.ts'

export interface Party {
  namespace: string
  labels: Labels
  namespaceLabels: Labels
  address: string | undefined /** Port number by the name it has in the pod. */
  ports?: Record<string, number>
}
export interface Flow {
  port: number
  protocol: 'TCP' | 'UDP'
}
export type Direction = 'ingress' | 'egress'

/** Policies that isolate a pod in a direction. */
export function isolating(policies: readonly NetworkPolicy[], pod: Party, direction: Direction): NetworkPolicy[] {
  const type = direction === 'ingress' ? 'Ingress' : 'Egress'
  return policies.filter(
    (p) =>
      p.metadata.namespace === pod.namespace &&
      selects(p.spec.podSelector ?? {}, pod.labels) &&
      (p.spec.policyTypes ?? (p.spec.egress ? ['Ingress', 'Egress'] : ['Ingress'])).includes(type),
  )
}

function inBlock(address: string | undefined, cidr: string): boolean {
  if (!address) return false
  const [base, bits = '32'] = cidr.split('/')
  const number = (a: string): number | undefined => {
    const parts = a.split('.').map(Number)
    return parts.length === 4 && parts.every((n) => n >= 0 && n <= 255) ? parts.reduce((sum, n) => sum * 256 + n, 0) : undefined
  }
  const [a, b] = [number(address), number(base ?? '')]
  const size = 2 ** (32 - Number(bits))
  return a !== undefined && b !== undefined && Math.floor(a / size) === Math.floor(b / size)
}

function peerMatches(peer: PolicyPeer, party: Party | undefined, policyNamespace: string | undefined): boolean {
  if (peer.ipBlock)
    return inBlock(party?.address, peer.ipBlock.cidr) && !(peer.ipBlock.except ?? []).some((e) => inBlock(party?.address, e))
  if (!party) return false
  const space = peer.namespaceSelector ? selects(peer.namespaceSelector, party.namespaceLabels) : party.namespace === policyNamespace
  return space && (peer.podSelector ? selects(peer.podSelector, party.labels) : true)
}

function portMatches(port: PolicyPort, flow: Flow, to: Party | undefined): boolean {
  if ((port.protocol ?? 'TCP') !== flow.protocol) return false
  if (port.port === undefined) return true
  const from = typeof port.port === 'number' ? port.port : to?.ports?.[port.port]
  return from !== undefined && flow.port >= from && flow.port <= (port.endPort ?? from)
}

/** Whether the policies let `pod` exchange this flow with `other` (undefined: somewhere outside the cluster). `to` is the party whose port is asked. */
export function allowed(
  policies: readonly NetworkPolicy[],
  pod: Party,
  direction: Direction,
  other: Party | undefined,
  flow: Flow,
): { allowed: boolean; by: NetworkPolicy[] } {
  const by = isolating(policies, pod, direction)
  if (by.length === 0) return { allowed: true, by }
  const to = direction === 'ingress' ? pod : other
  const ok = by.some((p) =>
    ((direction === 'ingress' ? p.spec.ingress : p.spec.egress) ?? []).some((rule) => {
      const peers = 'from' in rule ? rule.from : 'to' in rule ? rule.to : undefined
      const ports = rule.ports
      return (
        (!peers?.length || peers.some((peer) => peerMatches(peer, other, p.metadata.namespace))) &&
        (!ports?.length || ports.some((port) => portMatches(port, flow, to)))
      )
    }),
  )
  return { allowed: ok, by }
}
