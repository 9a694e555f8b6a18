/** NetworkPolicies that cut a path the service lives by: callers to it, it to its dependencies, it to DNS. */
import type { NetworkPolicy } from '../../facts/kubernetes/network.ts'
import { all, sees } from '../../facts/lookup.ts'
import { portNumber } from '../../facts/probes.ts'
import { editedAt } from '../changes.ts'
import { type Claim, type Family, podCount, refuted, seen, supported } from '../claim.ts'
import { namespaceLabels, partyOf } from '../network-party.ts'
import { allowed, type Flow, isolating, type Party } from '../network-rules.ts'
import { selectorText } from '../selectors.ts'
import { millis } from '../time.ts'
import { trafficBefore, trafficSince } from '../traffic.ts'
import type { Evidence } from '../verdict.ts'
import type { View } from '../view.ts'
import { callers } from './callers.ts'
import { egress } from './policy-egress.ts'
import { newestPolicy, ownParty, policyEvidence, policySubject } from './policy-party.ts'

export const policies: Family = (view) => (sees(view.snapshot, 'networkpolicies') ? [...ingress(view), ...egress(view)] : [])

/** Milliseconds between things that were made together. */
const newborn = 60_000

function ingress(view: View): Claim[] {
  const self = ownParty(view)
  const rules = all(view.snapshot, 'networkpolicies')
  if (!self) return []
  const front =
    view.front?.spec.ports?.find((p) => p.port === view.service.port || p.targetPort === view.service.port) ?? view.front?.spec.ports?.[0]
  const flow: Flow = { port: portNumber(view.main, front?.targetPort ?? view.service.port) ?? view.service.port, protocol: 'TCP' }
  const by = isolating(rules, self, 'ingress')
  if (by.length === 0) return []
  const known = callers(view)
  const denied = known.filter((p) => !allowed(rules, self, 'ingress', partyOf(view, p), flow).allowed)
  const culprit = newestPolicy(by)
  const anyone = rulesAdmitSomeone(view, by, self, flow)
  const written = millis(editedAt(culprit))
  const now = trafficSince(view, written)
  // What was counted before the workload itself was made says nothing of what a policy of the same hour cut.
  const began = millis(view.workload?.metadata.creationTimestamp) ?? 0
  const before = written !== undefined && began > written - newborn ? undefined : trafficBefore(view, written)
  const dropped = before !== undefined && now !== undefined && before.rate > 0.2 && now.rate < before.rate * 0.1
  const flows = now !== undefined && now.rate > 0.2
  if (!denied.length && anyone && !dropped)
    return [refuted('netpol_ingress_block', policySubject(culprit), 'the policies admit the callers that can be seen')]
  // Requests still arrive from those who call, so what is denied is not what the service lives by.
  if (flows && !dropped && (denied.length === 0 || denied.length < known.length))
    return [refuted('netpol_ingress_block', policySubject(culprit), `requests arrive (${now.rate.toFixed(1)}/s)`)]
  if (flows && !dropped && now.seconds > 30)
    return [refuted('netpol_ingress_block', policySubject(culprit), `requests arrive (${now.rate.toFixed(1)}/s)`)]
  const evidence: Evidence[] = [policyEvidence(culprit, 'ingress')]
  if (denied.length)
    evidence.push(seen('Pod', denied[0]!, 'labels', selectorText(denied[0]!.metadata.labels), 'a peer that the policy admits'))
  if (dropped)
    evidence.push({
      source: 'prometheus',
      asked: 'requests per second, before and after the policy was written',
      observed: `${before.rate.toFixed(1)} -> ${now.rate.toFixed(2)}`,
    })
  const who = denied.length
    ? `caller ${denied[0]!.metadata.name}${denied.length > 1 ? ` and ${denied.length - 1} more` : ''}`
    : 'every caller'
  return [
    supported({
      code: 'netpol_ingress_block',
      subject: policySubject(culprit),
      since: editedAt(culprit),
      confidence: denied.length || dropped ? 0.95 : 0.9,
      summary: `NetworkPolicy ${culprit.metadata.name} does not let ${who} reach port ${flow.port}`,
      evidence,
      effects: [{ what: `${podCount(view.pods, view.pods.length)} ready, callers time out` }],
      hints: { policy: culprit.metadata.name },
    }),
    refuted(
      'service_target_port',
      { kind: 'Service', namespace: view.service.namespace, name: view.service.service },
      'the Service leads to the port on which the pods listen',
    ),
  ]
}

/** Whether some peer that exists may pass: a pod of this namespace, a namespace that matches, or an address block. */
function rulesAdmitSomeone(view: View, by: readonly NetworkPolicy[], self: Party, flow: Flow): boolean {
  const pods = all(view.snapshot, 'pods').filter(
    (p) => p.metadata.namespace === view.service.namespace && !view.pods.includes(p) && p.status?.phase === 'Running',
  )
  if (pods.some((p) => allowed(by, self, 'ingress', partyOf(view, p), flow).allowed)) return true
  const elsewhere = all(view.snapshot, 'namespaces').filter((n) => n.metadata.name !== view.service.namespace)
  return by.some((p) =>
    (p.spec.ingress ?? []).some(
      (r) =>
        !r.from?.length ||
        r.from.some(
          (peer) =>
            peer.ipBlock !== undefined ||
            (peer.namespaceSelector !== undefined &&
              elsewhere.some(
                (n) =>
                  allowed(
                    [p],
                    self,
                    'ingress',
                    {
                      namespace: n.metadata.name,
                      labels: peer.podSelector?.matchLabels ?? {},
                      namespaceLabels: namespaceLabels(view, n.metadata.name),
                      address: undefined,
                    },
                    flow,
                  ).allowed,
              )),
        ),
    ),
  )
}
