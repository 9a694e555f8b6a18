/** Absent is never zero: taking any one part away makes nothing well that was not, and nothing ill that was. */
import { expect, test } from 'vitest'
import type { ResourceName } from '../../src/facts/kubernetes/resources.ts'
import type { Snapshot, Unseen } from '../../src/facts/snapshot.ts'
import { healthy } from '../support/snapshot.ts'
import { codesOf, verdictOf } from './causes/case.ts'
import { families } from './causes/cases/index.ts'

const states: Unseen['state'][] = ['denied', 'absent', 'unreachable']
const blind = (state: Unseen['state']): Unseen => ({ state, reason: 'not seen' })

/** The same look with one part not seen, for every part. What nobody asked for want of permission is denied, never unreachable: that is an answer. */
function lesser(snapshot: Snapshot, among: readonly Unseen['state'][] = states): [string, Snapshot][] {
  const kinds = Object.keys(snapshot.cluster) as ResourceName[]
  return [
    ...among.flatMap((state): [string, Snapshot][] => [
      ...kinds.map((kind): [string, Snapshot] => [
        `${kind} ${state}`,
        { ...snapshot, cluster: { ...snapshot.cluster, [kind]: blind(state) } },
      ]),
      [`Prometheus ${state}`, { ...snapshot, instant: blind(state), ranges: blind(state) }],
      [`logs ${state}`, { ...snapshot, logs: blind(state) }],
      [`Alertmanager ${state}`, { ...snapshot, alerts: blind(state) }],
      [`certificates ${state}`, { ...snapshot, certificates: blind(state) }],
    ]),
    ['answers denied', { ...snapshot, probes: snapshot.probes.map((p) => ({ ...p, result: blind('denied') })) }],
  ]
}

test('nothing that was not seen makes a healthy service ill', () => {
  const ill = lesser(healthy()).flatMap(([what, snapshot]) => {
    const verdict = verdictOf(snapshot)
    return verdict.causes.length ? [[what, codesOf(verdict)]] : []
  })
  expect(ill).toEqual([])
})

/** What shows the fault at all: without it nothing of the fault is left to see, and the verdict says that this part is missing. */
const shows: Readonly<Record<string, RegExp>> = {
  // measured by Prometheus alone
  Prometheus:
    /traffic_surge|stream_|brute_force|auth_config|external_dependency|dependency_slow|pool_exhausted|noisy_neighbour|cpu_throttling|event_loop_block|single_bad_pod|memory_leak|memory_limit_low|bad_release|config_change|netpol_ingress_block|_credentials/,
  answers: /service_target_port|edge_timeout|ingress_misroute|dependency_slow/,
  logs: /fd_exhaustion|tls_expired|log_spam/,
  horizontalpodautoscalers: /hpa_/,
  poddisruptionbudgets: /pdb_blocks/,
  ingresses: /ingress_|tls_expired/,
  certificates: /tls_expired/,
  ingressclasses: /ingress_class/,
  events: /ephemeral_storage|node_pressure|liveness/,
  nodes: /noisy_neighbour|traffic_policy_local|pdb_blocks/,
  networkpolicies: /netpol_/,
  replicasets: /rollout_paused/,
  configmaps: /config_change|rate_limit_misconfig/,
  secrets: /missing_secret/,
}

test.each(Object.entries(families))('no part that is missing makes a fault of %s look well without a word', (_family, cases) => {
  const silent = cases.flatMap(({ code, fault, what, runbook }) =>
    lesser(healthy(...fault), ['denied']).flatMap(([part, snapshot]) => {
      const verdict = verdictOf(snapshot, runbook)
      const name = part.split(' ')[0]!
      if (verdict.verdict !== 'healthy') return []
      const said = verdict.notSeen.some((n) => n.what === name)
      return said && shows[name]?.test(code) ? [] : [[code, what, part]]
    }),
  )
  expect(silent).toEqual([])
})
