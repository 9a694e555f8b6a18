/** Changes that a controller takes back: what is repaired by hand comes back broken. */
import { all } from '../../facts/lookup.ts'
import { newestDiff, rolledOutAt } from '../changes.ts'
import { type Claim, refuted, seen, short, supported } from '../claim.ts'
import { changeText, material } from '../template-diff.ts'
import { millis } from '../time.ts'
import type { Evidence } from '../verdict.ts'
import { eventTime, type View } from '../view.ts'

/** Field managers that apply what a repository or a chart says, again and again. */
const reconciler =
  /argocd|argo-cd|application-controller|flux|kustomize-controller|helm-controller|helm-operator|rancher|fleet|config-?sync|reconciler|crossplane|pulumi|terraform|sveltos/i
const cluster = /^(kube-controller-manager|kubelet|kube-scheduler|kube-apiserver)$/

export function drift(view: View): Claim[] {
  const { workload } = view
  if (!workload) return []
  const since = view.now - view.snapshot.target.lookbackSeconds * 1000
  const writers = (workload.metadata.managedFields ?? [])
    .filter((f) => f.subresource === undefined && f.manager && !cluster.test(f.manager))
    .map((f) => ({ name: f.manager!, at: millis(f.time) ?? 0 }))
    .sort((a, b) => b.at - a.at)
  const machine = writers.find((w) => reconciler.test(w.name))
  const person = writers.find((w) => !reconciler.test(w.name) && w.at >= since)
  if (!machine || machine.at < since) return []
  const flips = [...templateFlip(view), ...countFlips(view, since)]
  if (flips.length === 0)
    return person && person.at > machine.at
      ? []
      : [refuted('drift_reverted', view.subject, `${machine.name} wrote last, and took nothing back`)]
  if (person && person.at > machine.at) return [refuted('drift_reverted', view.subject, `${person.name} wrote after ${machine.name}`)]
  return [
    supported({
      code: 'drift_reverted',
      subject: view.subject,
      since: new Date(machine.at).toISOString(),
      confidence: person ? 0.93 : 0.85,
      summary: `${machine.name} takes changes of ${view.service.kind} ${view.service.workload} back: ${flips[0]!.observed}`,
      evidence: [
        seen(
          view.service.kind,
          workload,
          'metadata.managedFields',
          short(
            writers
              .slice(0, 4)
              .map((w) => `${w.name} ${new Date(w.at).toISOString()}`)
              .join(', '),
          ),
          'one writer',
          new Date(machine.at).toISOString(),
        ),
        ...flips,
      ],
    }),
  ]
}

/** A template that went away and came back: the newest ReplicaSet is an earlier one used again, with another in between. */
function templateFlip(view: View): Evidence[] {
  const [newest] = view.revisions
  const earlier = newest?.replicaSet?.metadata.annotations?.['deployment.kubernetes.io/revision-history']
  const at = millis(rolledOutAt(view))
  if (!newest || !earlier || at === undefined || at < view.now - view.snapshot.target.lookbackSeconds * 1000) return []
  const changed = material(newestDiff(view) ?? [])
  if (changed.length === 0) return []
  return [
    {
      source: 'kubernetes',
      asked: `replicaset/${newest.name} deployment.kubernetes.io/revision-history`,
      observed: `revision ${newest.number} is revision ${earlier.split(',').at(-1)} again (${short(changed.map(changeText).join(', '), 90)})`,
      at: rolledOutAt(view),
    },
  ]
}

/** Replica counts that go up and down between the same numbers. */
function countFlips(view: View, since: number): Evidence[] {
  const counts = all(view.snapshot, 'events')
    .filter(
      (e) => e.reason === 'ScalingReplicaSet' && e.involvedObject.name === view.service.workload && (millis(eventTime(e)) ?? 0) >= since,
    )
    .sort((a, b) => (millis(eventTime(a)) ?? 0) - (millis(eventTime(b)) ?? 0))
    .flatMap((e) => {
      const [, set, to, from] =
        /replica set (\S+) to (\d+)(?: from (\d+))?|replica set (\S+) from (\d+) to (\d+)/i.exec(e.message ?? '') ?? []
      return set && to ? [{ set, to: Number(to), from: Number(from), n: e.count ?? 1, at: eventTime(e) }] : []
    })
  const down = counts.filter((c) => c.to < c.from)
  const up = counts.filter((c) => c.to > c.from && down.some((d) => d.set === c.set && d.to === c.from))
  const times = Math.min(
    down.reduce((sum, c) => sum + c.n, 0),
    up.reduce((sum, c) => sum + c.n, 0),
  )
  return times >= 2 && view.revisions.filter((r) => r.wanted > 0).length <= 1
    ? [
        {
          source: 'kubernetes',
          asked: `events ScalingReplicaSet on ${view.service.kind.toLowerCase()}/${view.service.workload}`,
          observed: `its replicas went from ${up[0]!.from} to ${up[0]!.to} and back ${times} times`,
          expected: 'one count',
          at: counts.at(-1)?.at,
        },
      ]
    : []
}
