/** NetworkPolicies that cut what the service itself asks: DNS and its dependencies. */
import type { NetworkPolicy } from '../../facts/kubernetes/network.ts'
import { all } from '../../facts/lookup.ts'
import { portNumber } from '../../facts/probes.ts'
import { editedAt } from '../changes.ts'
import { type Claim, refuted, supported } from '../claim.ts'
import { suffering } from '../failures.ts'
import { logEvidence, matching, patterns } from '../logs.ts'
import { dnsPod, namespaceLabels, partyOf } from '../network-party.ts'
import { allowed, type Flow, isolating, type Party } from '../network-rules.ts'
import { selects } from '../selectors.ts'
import type { Evidence } from '../verdict.ts'
import { logsOf, type View } from '../view.ts'
import { newestPolicy, ownParty, policyEvidence, policySubject } from './policy-party.ts'

export function egress(view: View): Claim[] {
  const self = ownParty(view)
  if (!self) return []
  const rules = all(view.snapshot, 'networkpolicies')
  const by = isolating(rules, self, 'egress')
  const claims: Claim[] = []
  const felt = suffering(view)
  if (by.length > 0 && felt) {
    const resolver = dnsPod(view)
    const dns: Party = resolver
      ? partyOf(view, resolver)
      : {
          namespace: 'kube-system',
          labels: { 'k8s-app': 'kube-dns' },
          namespaceLabels: namespaceLabels(view, 'kube-system'),
          address: undefined,
        }
    if (!allowed(rules, self, 'egress', dns, { port: 53, protocol: 'UDP' }).allowed) {
      const culprit = newestPolicy(by)
      const lines = matching(logsOf(view), patterns.dns)
      return [
        supported({
          code: 'netpol_dns_block',
          subject: policySubject(culprit),
          since: editedAt(culprit),
          confidence: 0.95,
          summary: `NetworkPolicy ${culprit.metadata.name} does not let the pods ask DNS, so no name resolves`,
          evidence: [
            policyEvidence(culprit, 'egress'),
            {
              source: 'kubernetes',
              asked: 'egress of the pods to kube-dns, UDP 53, by the policies that select them',
              observed: 'not allowed',
              expected: 'allowed',
            },
            ...(lines.length ? [logEvidence(lines)] : []),
            felt,
          ],
          effects: [{ what: 'every dependency named by a host name is unreachable' }],
          hints: { policy: culprit.metadata.name },
        }),
        refuted(
          'dependency_down',
          view.subject,
          view.dependencies.length ? 'the dependencies have ready endpoints; the pods cannot look up their names' : 'no dependency is down',
        ),
      ]
    }
  }
  if (!felt) return claims
  for (const d of view.dependencies) {
    const target = d.pods.find((p) => !p.metadata.deletionTimestamp)
    const port = d.service?.spec.ports?.find((p) => p.port === d.port) ?? d.service?.spec.ports?.[0]
    const number = target
      ? portNumber(
          target.spec.containers.find((c) => c.ports?.some((p) => p.name === port?.targetPort)) ?? target.spec.containers[0],
          port?.targetPort ?? d.port,
        )
      : d.port
    const flow: Flow = { port: number ?? d.port ?? 0, protocol: 'TCP' }
    const other = target && partyOf(view, target)
    if (!other) {
      if (d.external && by.length > 0 && !mayReachUnseen(view, by, d.host))
        claims.push(egressClaim(newestPolicy(by), 'netpol_egress_block', d.name, flow.port, felt))
      continue
    }
    const out = allowed(rules, self, 'egress', other, flow)
    const into = allowed(rules, other, 'ingress', self, flow)
    const guilty = !out.allowed ? out.by : !into.allowed ? into.by : []
    if (guilty.length === 0) continue
    claims.push(egressClaim(newestPolicy(guilty), out.allowed ? 'netpol_ingress_block' : 'netpol_egress_block', d.name, flow.port, felt))
  }
  return claims
}

function egressClaim(
  culprit: NetworkPolicy,
  code: 'netpol_egress_block' | 'netpol_ingress_block',
  dependency: string,
  port: number,
  felt: Evidence,
): Claim {
  return supported({
    code,
    subject: policySubject(culprit),
    since: editedAt(culprit),
    confidence: 0.94,
    summary: `NetworkPolicy ${culprit.metadata.name} does not let the pods reach ${dependency} on port ${port}`,
    evidence: [policyEvidence(culprit, code === 'netpol_ingress_block' ? 'ingress' : 'egress'), felt],
    effects: [{ what: `${dependency} is unreachable` }],
    hints: { policy: culprit.metadata.name, dependency },
  })
}

/** Whether some rule may admit a host whose pods and address are not seen: in doubt it does. */
function mayReachUnseen(view: View, by: readonly NetworkPolicy[], host: string | undefined): boolean {
  const [, namespace] = /^[^.]+\.([^.]+)(?:\.svc(?:\..*)?)?$/.exec(host ?? '') ?? []
  return by.some((p) =>
    (p.spec.egress ?? []).some(
      (rule) =>
        !rule.to?.length ||
        rule.to.some(
          (peer) =>
            peer.ipBlock !== undefined || (namespace !== undefined && selects(peer.namespaceSelector, namespaceLabels(view, namespace))),
        ),
    ),
  )
}
