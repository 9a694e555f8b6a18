/**
 * An address kept out by NetworkPolicies. They only ever allow, and their rules add up: none can deny what another allows. So every
 * rule that lets the address in is narrowed, in every policy on the pods; where no policy selects the pods there is nothing to narrow.
 */
import { BlockList, isIP } from 'node:net'
import { UsageError } from '../errors.ts'
import type { NetworkPolicy, PolicyPeer } from '../facts/kubernetes/network.ts'
import { changeField, equal } from './fields.ts'
import { type Look, planBase, type Target, workloadTarget } from './look.ts'
import { type Peer, policiesOn } from './network-paths.ts'
import { named, type Plan, type PlannedWrite } from './plan.ts'
import { refOf } from './restart.ts'

type IngressRule = NonNullable<NetworkPolicy['spec']['ingress']>[number]

/** Narrow every policy on the workload's pods by an address or a network. UsageError where none selects them. */
export async function narrowPolicies(look: Look, who: string): Promise<Plan> {
  const workload = await workloadTarget(look, undefined)
  const { namespace } = workload
  const what = named(workload.kind, workload.name)
  const pod: Peer = {
    namespace,
    labels: workload.object.spec.template.metadata?.labels ?? {},
    namespaceLabels: { 'kubernetes.io/metadata.name': namespace },
  }
  const policies = policiesOn(pod, 'Ingress', (await look.cluster.list('networkpolicies', { namespace }, look.signal)).items)
  if (policies.length === 0)
    throw new UsageError(
      `no NetworkPolicy selects the pods of ${what}, so everybody is let in, and none can be narrowed`,
      'a new one would shut out all that it does not name: block the address before the cluster, or on the server with its settings file',
    )
  const writes = policies.flatMap((policy): PlannedWrite[] => {
    const rules = (policy.spec.ingress ?? []).flatMap((rule) => narrowRule(rule, who))
    if (equal(rules, policy.spec.ingress ?? [])) return []
    return [
      {
        verb: 'patch',
        kind: 'NetworkPolicy',
        ref: { resource: 'networkpolicies', namespace, name: policy.metadata.name },
        metadata: policy.metadata,
        fields: [changeField(policy, ['spec', 'ingress'], rules)],
        guard: 'generation',
        rollout: false,
      },
    ]
  })
  const first = policies.find((policy) => policy.metadata.name === writes[0]?.ref.name) ?? policies[0]!
  const target: Target<NetworkPolicy> = {
    kind: 'NetworkPolicy',
    resource: 'networkpolicies',
    namespace,
    name: first.metadata.name,
    object: first,
  }
  const plan: Plan = {
    ...planBase(look, 'block', target),
    summary: `keep address ${who} away from ${what} by ${writes.map((write) => named(write.kind, write.ref.name)).join(', ') || 'its policies'}`,
    from: 'let in',
    to: 'its packets are dropped',
    why: '',
    notice: `${who} gets no answer; connections that it has stay open until they end, on most networks; pods of every namespace stay let in where everybody was`,
    takes: 'about 10 s',
    undo: 'the rules as they were',
    writes,
    verification: [{ what: 'rollout', ref: refOf(workload), kind: workload.kind }],
  }
  plan.warnings.push('nobody can ask from that address here: that it is kept out is not proven, only that the pods stay ready')
  return writes.length === 0 ? { ...plan, already: `no rule of the policies on ${what} lets ${who} in by its address` } : plan
}

/** A rule that no longer lets an address in; nothing when nobody is left in it, because a rule without peers lets everybody in. Pure. */
export function narrowRule(rule: IngressRule, who: string): IngressRule[] {
  if (rule.from === undefined || rule.from.length === 0) {
    const [mine, other] = isIP(who.split('/')[0]!) === 6 ? ['::/0', '0.0.0.0/0'] : ['0.0.0.0/0', '::/0']
    // Pods stay let in by their own: on some networks an ipBlock is never a pod.
    return [
      { ...rule, from: [{ namespaceSelector: {} }, { ipBlock: { cidr: mine, except: [withBits(who)] } }, { ipBlock: { cidr: other } }] },
    ]
  }
  const from = rule.from.flatMap((peer): PolicyPeer[] => {
    if (peer.ipBlock === undefined) return [peer]
    const { cidr, except = [] } = peer.ipBlock
    if (contains(who, cidr)) return []
    if (!contains(cidr, who) || except.some((one) => contains(one, who))) return [peer]
    return [{ ipBlock: { cidr, except: [...except.filter((one) => !contains(who, one)), withBits(who)] } }]
  })
  return from.length === 0 ? [] : [{ ...rule, from }]
}

const withBits = (who: string): string => (who.includes('/') ? who : `${who}/${isIP(who) === 6 ? 128 : 32}`)

/** Whether the first network holds all of the second. */
function contains(outer: string, inner: string): boolean {
  const [address = '', bits = '0'] = withBits(outer).split('/')
  const [within = '', innerBits = '0'] = withBits(inner).split('/')
  if (isIP(address) !== isIP(within) || Number(innerBits) < Number(bits)) return false
  const kind = isIP(address) === 6 ? 'ipv6' : 'ipv4'
  const list = new BlockList()
  list.addSubnet(address, Number(bits), kind)
  return list.check(within, kind)
}
