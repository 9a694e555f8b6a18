/** No cause without its evidence: with all that a claim rests on taken out of the snapshot, it is no longer made, or made with less confidence. */
import { expect, test } from 'vitest'
import { judge } from '../../src/diagnosis/judge.ts'
import type { Cause } from '../../src/diagnosis/verdict.ts'
import type { KubeObject } from '../../src/facts/kubernetes/object.ts'
import type { Part, Snapshot, Unseen } from '../../src/facts/snapshot.ts'
import { scenarios } from '../scenarios/scenario.ts'
import { healthy } from '../support/snapshot.ts'
import { families } from './causes/cases/index.ts'

const unseen: Unseen = { state: 'absent', reason: 'taken out' }

/** The snapshot without what the evidence of a cause quotes: objects by their uid, all pods for one of them, kinds that were looked through in vain, else the whole source. */
function without(snapshot: Snapshot, { evidence }: Cause): Snapshot {
  const quoted = new Set(evidence.flatMap((e) => e.ref?.uid ?? []))
  const from = new Set(evidence.map((e) => e.source))
  const looked = evidence.filter((e) => e.source === 'kubernetes' && !e.ref?.uid).map((e) => /^[a-z]+/.exec(e.asked)?.[0] ?? '')
  const cluster = Object.fromEntries(
    Object.entries(snapshot.cluster).map(([kind, part]) => {
      const objects = part.state === 'ok' ? (part.value as KubeObject[]) : []
      const mine = objects.filter((o) => quoted.has(o.metadata.uid ?? '?'))
      if (looked.some((word) => kind === word || kind === `${word}s`) || (kind === 'pods' && mine.length > 0)) return [kind, unseen]
      return [kind, part.state === 'ok' ? { ...part, value: objects.filter((o) => !mine.includes(o)) } : part]
    }),
  ) as Snapshot['cluster']
  const measured = from.has('prometheus') || from.has('metrics')
  return {
    ...snapshot,
    cluster,
    instant: measured ? unseen : snapshot.instant,
    ranges: measured ? unseen : snapshot.ranges,
    direct: measured ? unseen : snapshot.direct,
    ...(snapshot.slo && { slo: (measured ? unseen : snapshot.slo) as Part<never> }),
    certificates: unseen,
    logs: from.has('logs') ? unseen : snapshot.logs,
    probes: from.has('probe') ? [] : snapshot.probes,
  }
}

/** The codes that survive the loss of their evidence with undiminished confidence. */
function survivors(snapshot: Snapshot, runbook: string): string[] {
  const { causes } = judge(snapshot, runbook).verdict
  return causes.flatMap((cause) => {
    const still = judge(without(snapshot, cause), runbook).verdict.causes.find(
      (c) => c.code === cause.code && c.subject.kind === cause.subject.kind && c.subject.name === cause.subject.name,
    )
    return still && still.confidence >= cause.confidence ? [`${cause.code} ${cause.subject.kind}/${cause.subject.name}`] : []
  })
}

/** Shown by two facts, of which one is quoted: the words of an event, and a list in which the object is not. */
const shownTwice = /a mounted ConfigMap is gone: the events say so|a key of a Secret, in the words of a volume/
/** What rests on nothing being there to read. */
const blind = /^access_denied /

test.each(Object.entries(families))('every cause of %s rests on what it quotes', (_family, cases) => {
  const left = cases.flatMap(({ what, fault, runbook }) =>
    survivors(healthy(...fault), runbook ?? 'service-downtime').map((s) => `${s}: ${what}`),
  )
  expect(left.filter((l) => !shownTwice.test(l) && !blind.test(l))).toEqual([])
})

/** There the kubelet tells of an eviction in an event besides, and metrics-server of the CPU that Prometheus has. */
const seenTwice = /^(ephemeral_storage|single_bad_pod) /

test('every cause that was seen on a real cluster rests on what it quotes', () => {
  const left = scenarios().flatMap(([name, s]) =>
    survivors(s.snapshot, s.runbook)
      .filter((l) => !blind.test(l) && !seenTwice.test(l))
      .map((l) => `${name}: ${l}`),
  )
  expect(left).toEqual([])
})
