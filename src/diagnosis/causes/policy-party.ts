/** The workload as NetworkPolicies see it, and one of them as an object of a claim. */
import type { NetworkPolicy } from '../../facts/kubernetes/network.ts'
import { editedAt } from '../changes.ts'
import { seen, short } from '../claim.ts'
import { namespaceLabels, partyOf } from '../network-party.ts'
import type { Direction, Party } from '../network-rules.ts'
import { selectorText } from '../selectors.ts'
import { millis } from '../time.ts'
import type { Evidence, Subject } from '../verdict.ts'
import type { View } from '../view.ts'

/** The workload as a party: a pod of it, or its template where no pod exists. */
export function ownParty(view: View): Party | undefined {
  const pod = view.pods[0]
  if (pod) return partyOf(view, pod)
  const labels = view.template?.metadata?.labels
  return (
    labels && {
      namespace: view.service.namespace,
      labels,
      namespaceLabels: namespaceLabels(view, view.service.namespace),
      address: undefined,
      ports: Object.fromEntries((view.main?.ports ?? []).filter((p) => p.name).map((p) => [p.name!, p.containerPort])),
    }
  )
}

export const newestPolicy = (list: readonly NetworkPolicy[]): NetworkPolicy =>
  [...list].sort((a, b) => (millis(editedAt(b)) ?? 0) - (millis(editedAt(a)) ?? 0) || (a.metadata.name < b.metadata.name ? -1 : 1))[0]!
export const policySubject = (p: NetworkPolicy): Subject => ({
  kind: 'NetworkPolicy',
  namespace: p.metadata.namespace,
  name: p.metadata.name,
})
export const policyEvidence = (p: NetworkPolicy, direction: Direction): Evidence =>
  seen('NetworkPolicy', p, `spec.${direction}`, short(describe(p, direction)), undefined, editedAt(p))

function describe(p: NetworkPolicy, direction: Direction): string {
  const rules = (direction === 'ingress' ? p.spec.ingress : p.spec.egress) ?? []
  if (rules.length === 0) return `selects ${selectorText(p.spec.podSelector)}, allows nothing`
  return `selects ${selectorText(p.spec.podSelector)}, allows ${rules
    .map((r) => {
      const peers = (('from' in r ? r.from : 'to' in r ? r.to : undefined) ?? []) as {
        podSelector?: Parameters<typeof selectorText>[0]
        namespaceSelector?: Parameters<typeof selectorText>[0]
        ipBlock?: { cidr: string }
      }[]
      const who =
        peers
          .map(
            (x) =>
              x.ipBlock?.cidr ??
              [
                x.podSelector && `pods ${selectorText(x.podSelector)}`,
                x.namespaceSelector && `namespaces ${selectorText(x.namespaceSelector)}`,
              ]
                .filter(Boolean)
                .join(' in '),
          )
          .join(' or ') || 'anyone'
      return `${who} on ${(r.ports ?? []).map((x) => `${x.protocol ?? 'TCP'} ${x.port ?? 'any'}`).join(', ') || 'any port'}`
    })
    .join('; ')}`
}
