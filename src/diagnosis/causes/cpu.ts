/** CPU: one pod gone wrong, a limit that throttles, a release that keeps busy, a node that is full. */
import type { Pod } from '../../facts/kubernetes/pod.ts'
import { find } from '../../facts/lookup.ts'
import { newestDiff, recentDiff, rolledOutAt } from '../changes.ts'
import { type Claim, podCount, refuted, supported } from '../claim.ts'
import { median } from '../history.ts'
import { quantile } from '../latency.ts'
import { cores, percent, quantity } from '../quantity.ts'
import { revisionEvidence } from '../revision.ts'
import { changeText, material, type TemplateChange } from '../template-diff.ts'
import { traffic } from '../traffic.ts'
import { coresBefore, cpuShare, nodeShare, throttledMuch, throttling, usage } from '../usage.ts'
import type { Evidence } from '../verdict.ts'
import { instant, ofPod, type View } from '../view.ts'
import { lateByMore } from './load.ts'
import { moreTraffic, slowedBy } from './slow-release.ts'

/** A container that started this long ago is past its boot. */
const steadySeconds = 25

/** When the youngest container of a pod started, in milliseconds. */
const runsSince = (pod: Pod): number =>
  Math.max(
    0,
    ...(pod.status?.containerStatuses ?? []).map((s) => Date.parse(s.state?.running?.startedAt ?? '') || Number.POSITIVE_INFINITY),
  )

export function cpu(view: View): Claim[] {
  const used = usage(view, 'cpu')
  const shares = cpuShare(view)
  const throttled = throttling(view)
  const running = view.pods.filter((p) => used.has(p.metadata.name))
  if (running.length === 0) return []
  const proof = (pod: string): Evidence[] => [
    {
      source: 'prometheus',
      asked: `CPU of ${pod}`,
      observed: `${cores(used.get(pod) ?? 0)}${shares.has(pod) ? ` of ${cores(shares.get(pod)!.limit)} (${percent(shares.get(pod)!.share)})` : ''}${throttled.has(pod) ? `, throttled in ${percent(throttled.get(pod))} of periods` : ''}`,
      expected: 'like its peers',
    },
  ]
  const steady = running.filter((p) => runsSince(p) < view.now - steadySeconds * 1000)
  const loudest = [...steady].sort((a, b) => used.get(b.metadata.name)! - used.get(a.metadata.name)!)[0]
  const loud = loudest?.metadata.name ?? ''
  // Peers are pods of the same revision: a first pod of a new one is the release, not the pod.
  const peers = loudest ? steady.filter((p) => p !== loudest && view.newPods.includes(p) === view.newPods.includes(loudest)) : []
  const others = peers.map((p) => used.get(p.metadata.name)!)
  const top = used.get(loud) ?? 0
  const onFullNode = nodeShare(view, loudest?.spec.nodeName) > 0.9
  // A program whose loop is never idle gets less than it could use where a machine has no more.
  const wantsMore = onFullNode || (loopOf(view, loud) ?? 0) > neverIdle
  const busy = top > 0.1 && ((shares.get(loud)?.share ?? 0) > 0.6 || (throttled.get(loud) ?? 0) > throttledMuch || top > 0.85 || wantsMore)
  if (others.length > 0 && busy && top > 4 * Math.max(0.02, Math.max(...others))) {
    const requests = traffic(view)
    const its = requests?.byPod.get(loud)?.total ?? 0
    const fair = (requests?.total ?? 0) / running.length
    if (!(fair > 5 && its > 3 * fair)) {
      return [
        supported({
          code: 'single_bad_pod',
          subject: { kind: 'Pod', namespace: view.service.namespace, name: loud },
          since: undefined,
          confidence: 0.92,
          summary: `pod ${loud} alone uses ${cores(top)} of CPU; its peers use ${cores(median(others) ?? 0)} under the same load`,
          evidence: [...proof(loud), ...proof(peers[0]!.metadata.name)],
          hints: { pod: loud },
        }),
        refuted('traffic_surge', view.subject, 'the other pods of the same revision get the same traffic and are idle'),
      ]
    }
  }
  const hot = running.filter(
    (p) => (throttled.get(p.metadata.name) ?? 0) > throttledMuch || (shares.get(p.metadata.name)?.share ?? 0) > 0.9,
  )
  if (hot.length < Math.max(1, running.length / 2)) {
    const busier = blocked(view, used, proof)
    return busier.length
      ? busier
      : neighbour(
          view,
          running.map((p) => p.metadata.name),
        )
  }
  const changed = hot.some((p) => view.newPods.includes(p)) ? material(newestDiff(view) ?? []) : []
  const limit = changed.find(
    (c) => c.field === 'resources' && c.name === 'limits.cpu' && (c.from === undefined || (quantity(c.to) ?? 0) < (quantity(c.from) ?? 0)),
  )
  const name = hot[0]!.metadata.name
  const release = changed.filter(ofProgram)
  const lag = lagOf(view, name)
  if (!limit && (release.length > 0 || (lag ?? 0) > 0.2) && hot.every((p) => view.newPods.includes(p)) && view.revisions.length > 1) {
    return [
      supported({
        code: 'event_loop_block',
        subject: view.subject,
        since: rolledOutAt(view),
        confidence: 0.85,
        introducedByRevision: true,
        summary: `the new revision keeps its own thread busy: ${podCount(hot, running.length)} at ${percent(shares.get(name)?.share ?? top)} of CPU under unchanged load`,
        evidence: [...proof(name), ...lagEvidence(name, lag), ...revisionEvidence(view, release)],
      }),
      refuted('cpu_throttling', view.subject, 'the CPU limit was not lowered; the program began to use more'),
    ]
  }
  if (limit || [...throttled.values()].some((t) => t > throttledMuch)) {
    return [
      supported({
        code: 'cpu_throttling',
        subject: view.subject,
        since: limit ? rolledOutAt(view) : undefined,
        confidence: limit ? 0.95 : 0.8,
        introducedByRevision: limit !== undefined,
        summary: `the CPU limit${limit ? ` (${changeText(limit)})` : ` of ${cores(shares.get(name)?.limit ?? 0)}`} throttles ${podCount(hot, running.length)}`,
        evidence: [...proof(name), ...revisionEvidence(view, limit ? [limit] : [])],
      }),
      refuted('noisy_neighbour', view.subject, 'the pods reach their own limit; the node has CPU left'),
    ]
  }
  return []
}

/** Changes of a template by which another program runs. */
const ofProgram = ({ field }: TemplateChange): boolean => ['image', 'env', 'command', 'volumes', 'containers'].includes(field)

const lagOf = (view: View, pod: string): number | undefined => ofPod(view, 'loop_lag', pod)

/** Share of the time in which an event loop has something to do, and from which it never waits for anything. */
const loopOf = (view: View, pod: string): number | undefined => ofPod(view, 'loop_utilization', pod)
const neverIdle = 0.8

const lagEvidence = (pod: string, lag: number | undefined): Evidence[] =>
  lag ? [{ source: 'prometheus', asked: `event loop lag of ${pod}`, observed: `${lag.toFixed(2)} s`, expected: 'below 0.05 s' }] : []

/** Seconds by which a loop is late when something holds it, where others wait for it. */
const lateLoop = 0.1
/** Times the CPU of before, and cores, from which a program does something that it did not do. */
const busierTimes = 3
const busierCores = 0.15
/** Seconds that no pause of a machine or a collector takes, and the times of the CPU of before that such a loop still shows. */
const heldLoop = 0.25
const heldTimes = 1.5

/** A release that keeps its thread for itself for a while, again and again, below its limit: it uses more than the one before, and what waits for the thread is late. */
function blocked(view: View, used: ReadonlyMap<string, number>, proof: (pod: string) => Evidence[]): Claim[] {
  const changed = material(recentDiff(view) ?? [])
  const since = rolledOutAt(view)
  const pods = view.newPods.filter((p) => used.has(p.metadata.name) && runsSince(p) < view.now - steadySeconds * 1000)
  const was = since === undefined ? undefined : coresBefore(view, Date.parse(since))
  if (!changed.some(ofProgram) || pods.length === 0 || was === undefined || moreTraffic(view)) return []
  const lags = pods.map((p) => lagOf(view, p.metadata.name))
  const late = lags.some((l) => l !== undefined)
    ? lags.filter((l) => (l ?? 0) > lateLoop).length >= pods.length / 2
    : (quantile(view, 'p95') ?? 0) > view.thresholds.p95Seconds
  const is = median(pods.map((p) => used.get(p.metadata.name)!)) ?? 0
  // A loop that is held so long, where the pod has all the CPU it asks for, is held by the program: less of a step in its CPU proves it.
  const held =
    lags.filter((l) => (l ?? 0) > heldLoop).length >= pods.length / 2 &&
    pods.every((p) => nodeShare(view, p.spec.nodeName) < 0.9 && (throttling(view).get(p.metadata.name) ?? 0) < throttledMuch)
  if (!late || is < (held ? heldTimes * was : Math.max(busierCores, busierTimes * was))) return []
  const worst = pods[lags.indexOf(lags.reduce((a, b) => ((b ?? 0) > (a ?? 0) ? b : a), undefined))] ?? pods[0]!
  const { name } = worst.metadata
  return [
    supported({
      code: 'event_loop_block',
      subject: view.subject,
      since,
      confidence: 0.88,
      introducedByRevision: true,
      summary: `revision ${view.revisions[0]?.number} holds its own thread: a pod uses ${cores(is)} of CPU where one of the revision before used ${cores(was)} for the same requests, and what waits for the thread is late`,
      evidence: [...proof(name), ...lagEvidence(name, lagOf(view, name)), ...revisionEvidence(view, changed)],
    }),
    refuted('cpu_throttling', view.subject, 'the pods are not held back by their CPU limit'),
    refuted('noisy_neighbour', view.subject, 'the pods themselves use more than before, since the rollout'),
  ]
}

/** A node that is full although the service itself asks for little. */
function neighbour(view: View, pods: readonly string[]): Claim[] {
  // Answers that became late with a release, or as more was asked, are late for a reason of their own.
  if (slowedBy(view) || lateByMore(view)) return []
  const nodeUse = instant(view, 'node_cpu') ?? []
  for (const s of nodeUse) {
    const node = find(view.snapshot, 'nodes', s.labels.node)
    const capacity = quantity(node?.status?.capacity?.cpu)
    const value = s.points.at(-1)?.[1]
    const mine = view.pods.filter((p) => p.spec.nodeName === s.labels.node && pods.includes(p.metadata.name))
    const own = mine.reduce((sum, p) => sum + (usage(view, 'cpu').get(p.metadata.name) ?? 0), 0)
    const slow = quantile(view, 'p95')
    if (!node || !capacity || value === undefined || mine.length === 0) continue
    if (value / capacity > 0.95 && own / capacity < 0.2 && slow !== undefined && slow > view.thresholds.p95Seconds)
      return [
        supported({
          code: 'noisy_neighbour',
          subject: { kind: 'Node', name: node.metadata.name },
          confidence: 0.75,
          summary: `node ${node.metadata.name} is full (${percent(value / capacity)}), and not because of ${view.service.workload}`,
          evidence: [
            {
              source: 'prometheus',
              asked: `CPU of node ${node.metadata.name}`,
              observed: `${cores(value)} of ${cores(capacity)}, of which ${cores(own)} ours`,
              expected: 'free CPU',
            },
          ],
        }),
      ]
  }
  return []
}
