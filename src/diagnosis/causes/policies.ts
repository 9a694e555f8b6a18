/** NetworkPolicies that cut a path the service lives by: callers to it, it to its dependencies, it to DNS. */
import type { NetworkPolicy, Pod } from '../../facts/kubernetes-types.ts'
import { all, sees } from '../../facts/lookup.ts'
import { portNumber } from '../../facts/probes.ts'
import { escapeRegex } from '../../facts/queries.ts'
import { editedAt } from '../changes.ts'
import { type Claim, type Family, podCount, refuted, seen, short, supported } from '../claim.ts'
import { logEvidence, matching, patterns } from '../logs.ts'
import { dnsPod, namespaceLabels, partyOf } from '../network-party.ts'
import { allowed, type Direction, type Flow, isolating, type Party } from '../network-rules.ts'
import { selectorText, selects } from '../selectors.ts'
import { suffering } from '../symptoms.ts'
import { millis } from '../time.ts'
import { trafficBefore, trafficSince } from '../traffic.ts'
import type { Evidence, Subject } from '../verdict.ts'
import { logsOf, type View } from '../view.ts'

export const policies: Family = (view) => (sees(view.snapshot, 'networkpolicies') ? [...ingress(view), ...egress(view)] : [])

/** The workload as a party: a pod of it, or its template where no pod exists. */
function own(view: View): Party | undefined {
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

const newest = (list: readonly NetworkPolicy[]): NetworkPolicy =>
  [...list].sort((a, b) => (millis(editedAt(b)) ?? 0) - (millis(editedAt(a)) ?? 0) || (a.metadata.name < b.metadata.name ? -1 : 1))[0]!
const subject = (p: NetworkPolicy): Subject => ({ kind: 'NetworkPolicy', namespace: p.metadata.namespace, name: p.metadata.name })
const policyEvidence = (p: NetworkPolicy, direction: Direction): Evidence =>
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

/** The Service as an address in a text, with what stands before and behind it. */
function addressOf(view: View): string {
  const name = escapeRegex(view.service.service)
  return `(?:^|[^a-z0-9.-])${name}(?:\\.[a-z0-9-]+(?:\\.svc[a-z0-9.]*)?)?(?=$|[:/"'\\s$])`
}

const textsOf = (pod: Pod): string[] =>
  pod.spec.containers.flatMap((c) => [...(c.command ?? []), ...(c.args ?? []), ...(c.env ?? []).map((e) => e.value ?? '')])

/** Pods of the namespace that name the Service as an address: its callers, as far as specs tell. */
export function callers(view: View): Pod[] {
  const address = new RegExp(addressOf(view))
  return all(view.snapshot, 'pods').filter(
    (p) =>
      p.metadata.namespace === view.service.namespace &&
      p.status?.phase === 'Running' &&
      !view.pods.includes(p) &&
      textsOf(p).some((t) => address.test(t)),
  )
}

/** The ports on which a caller asks the Service: those that its addresses state, and the usual one of a URL that states none. */
export function portsAsked(view: View, caller: Pod): number[] {
  const stated = new RegExp(
    `(?:(https?)://)?${addressOf(view).replace('(?:^|[^a-z0-9.-])', '(?<![a-z0-9.-])')}(?::(\\d{1,5})(?!\\d))?`,
    'g',
  )
  return textsOf(caller).flatMap((text) =>
    [...text.matchAll(stated)].flatMap(([, scheme, port, variable]) =>
      port !== undefined ? [Number(port)] : scheme === undefined || variable !== undefined ? [] : [scheme === 'https' ? 443 : 80],
    ),
  )
}

function ingress(view: View): Claim[] {
  const self = own(view)
  const rules = all(view.snapshot, 'networkpolicies')
  if (!self) return []
  const front =
    view.front?.spec.ports?.find((p) => p.port === view.service.port || p.targetPort === view.service.port) ?? view.front?.spec.ports?.[0]
  const flow: Flow = { port: portNumber(view.main, front?.targetPort ?? view.service.port) ?? view.service.port, protocol: 'TCP' }
  const by = isolating(rules, self, 'ingress')
  if (by.length === 0) return []
  const known = callers(view)
  const denied = known.filter((p) => !allowed(rules, self, 'ingress', partyOf(view, p), flow).allowed)
  const culprit = newest(by)
  const anyone = rulesAdmitSomeone(view, by, self, flow)
  const written = millis(editedAt(culprit))
  const now = trafficSince(view, written)
  const before = trafficBefore(view, written)
  const dropped = before !== undefined && now !== undefined && before.rate > 0.2 && now.rate < before.rate * 0.1
  const flows = now !== undefined && now.rate > 0.2
  if (!denied.length && anyone && !dropped)
    return [refuted('netpol_ingress_block', subject(culprit), 'the policies admit the callers that can be seen')]
  // Requests still arrive from those who call, so what is denied is not what the service lives by.
  if (flows && !dropped && (denied.length === 0 || denied.length < known.length))
    return [refuted('netpol_ingress_block', subject(culprit), `requests arrive (${now.rate.toFixed(1)}/s)`)]
  if (flows && !dropped && now.seconds > 30)
    return [refuted('netpol_ingress_block', subject(culprit), `requests arrive (${now.rate.toFixed(1)}/s)`)]
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
      subject: subject(culprit),
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

function egress(view: View): Claim[] {
  const self = own(view)
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
      const culprit = newest(by)
      const lines = matching(logsOf(view), patterns.dns)
      return [
        supported({
          code: 'netpol_dns_block',
          subject: subject(culprit),
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
        claims.push(egressClaim(newest(by), 'netpol_egress_block', d.name, flow.port, felt))
      continue
    }
    const out = allowed(rules, self, 'egress', other, flow)
    const into = allowed(rules, other, 'ingress', self, flow)
    const guilty = !out.allowed ? out.by : !into.allowed ? into.by : []
    if (guilty.length === 0) continue
    claims.push(egressClaim(newest(guilty), out.allowed ? 'netpol_ingress_block' : 'netpol_egress_block', d.name, flow.port, felt))
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
    subject: subject(culprit),
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
