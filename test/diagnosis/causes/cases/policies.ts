import type { NetworkPolicy } from '../../../../src/facts/kubernetes/network.ts'
import { ago, type Change } from '../../../support/snapshot.ts'
import { answers, event, logs, notReady, put, serving } from '../../../support/snapshot-changes.ts'
import type { Case } from '../case.ts'

const policy = (spec: NetworkPolicy['spec']): Change =>
  put('networkpolicies', { metadata: { name: 'fence', creationTimestamp: ago(6) }, spec })
const own = { matchLabels: { app: 'kestrel' } }
const open: Change = (s) => {
  s.objects.networkpolicies = []
}
const dns = { ports: [{ port: 53, protocol: 'UDP' }] }
const suffering = [
  notReady(),
  answers('all', '/ready', 503, '{"ledger":"timed out"}'),
  logs('all', ['connect ledger:6000 timed out', 'connect ledger:6000 timed out', 'connect ledger:6000 timed out']),
  event('all', 'Unhealthy', 'Readiness probe failed: HTTP probe failed with statuscode: 503'),
]

export const cases: Case[] = [
  {
    code: 'netpol_ingress_block',
    what: 'a policy lets nobody in, and nobody comes any more',
    subject: 'NetworkPolicy/fence',
    remedy: 'policy',
    fault: [policy({ podSelector: own, policyTypes: ['Ingress'] }), serving(0)],
    without: [open],
    instead: 'none',
  },
  {
    code: 'netpol_dns_block',
    what: 'a policy lets nothing out, not even questions of DNS',
    subject: 'NetworkPolicy/fence',
    remedy: 'policy',
    fault: [policy({ podSelector: own, policyTypes: ['Egress'], egress: [{ ports: [{ port: 6000 }] }] }), ...suffering],
    without: [open, policy({ podSelector: own, policyTypes: ['Egress'], egress: [dns] })],
    instead: 'netpol_egress_block',
  },
  {
    code: 'netpol_egress_block',
    what: 'a policy lets only DNS out',
    subject: 'NetworkPolicy/fence',
    remedy: 'policy',
    fault: [policy({ podSelector: own, policyTypes: ['Egress'], egress: [dns] }), ...suffering],
    without: [open, policy({ podSelector: { matchLabels: { app: 'ledger' } }, policyTypes: ['Ingress'], ingress: [] })],
    instead: 'netpol_ingress_block',
  },
]
