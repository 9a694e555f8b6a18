/** Memory, CPU, disks and descriptors: too little given, too much taken, or one pod gone wrong. */
import type { Pod } from '../../facts/kubernetes-types.ts'
import { all, find } from '../../facts/lookup.ts'
import { newestDiff, rolledOutAt } from '../changes.ts'
import { type Claim, eventEvidence, type Family, podCount, podEffect, refuted, seen, short, supported } from '../claim.ts'
import { logEvidence, matching, patterns } from '../logs.ts'
import { bytes, cores, quantity } from '../quantity.ts'
import { type Failing, failing, lastedSeconds } from '../start-failure.ts'
import { percent } from '../symptoms.ts'
import { changeText, material, type TemplateChange } from '../template-diff.ts'
import { earliest, span } from '../time.ts'
import { traffic } from '../traffic.ts'
import { containerLimit, cpuShare, memoryPoints, memoryShare, throttling, trend, usage } from '../usage.ts'
import type { Evidence } from '../verdict.ts'
import { instant, logsOf, podIsReady, type View } from '../view.ts'

export const resourcesFamily: Family = (view) => [...memory(view), ...heap(view), ...leak(view), ...cpu(view), ...disks(view)]

const revisionEvidence = (view: View, changed: readonly TemplateChange[]): Evidence[] =>
  changed
    .slice(0, 3)
    .map((c) =>
      seen(
        view.service.kind,
        view.workload!,
        `revision ${view.revisions[0]?.number}${c.container ? ` container ${c.container}` : ''}`,
        short(changeText(c)),
        undefined,
        rolledOutAt(view),
      ),
    )

function ofNewest(view: View, group: readonly Failing[]): TemplateChange[] {
  return group.some((f) => view.newPods.includes(f.pod)) ? material(newestDiff(view) ?? []) : []
}

/** A container that is killed sooner than this never got to work: its limit is too low to start with. Seconds. */
const bootSeconds = 5

function memory(view: View): Claim[] {
  const killed = failing(view.pods).filter((f) => f.kind === 'oom')
  return [...new Set(killed.map((f) => f.container))].flatMap((name): Claim[] => {
    const group = killed.filter((f) => f.container === name)
    const first = group[0]!
    const pods = [...new Set(group.map((f) => f.pod))]
    const limit = containerLimit(first.spec, 'memory')
    const changed = ofNewest(view, group)
    const lowered = changed.find(
      (c) =>
        c.field === 'resources' &&
        c.name === 'limits.memory' &&
        c.container === name &&
        (c.from === undefined || (quantity(c.to) ?? 0) < (quantity(c.from) ?? 0)),
    )
    const lived = lastedSeconds(first.ended)
    const evidence: Evidence[] = [
      seen(
        'Pod',
        first.pod,
        `status.containerStatuses[${name}].lastState.terminated`,
        `OOMKilled, exit ${first.ended?.exitCode ?? 137}${lived === undefined ? '' : ` after ${span(lived * 1000)}`}, ${first.status?.restartCount ?? 0} restarts`,
        'running',
        first.ended?.finishedAt,
      ),
      seen('Pod', first.pod, `spec.containers[${name}].resources.limits.memory`, limit === undefined ? 'none' : bytes(limit)),
    ]
    const base = {
      subject: view.subject,
      since: earliest(...group.map((f) => f.ended?.startedAt ?? f.pod.metadata.creationTimestamp)),
      effects: podEffect(pods, 'OOMKilled'),
      evidence,
    }
    const side = view.main && name !== view.main.name && !first.init
    if (side)
      return [
        supported({
          ...base,
          code: 'sidecar_oom',
          subject: { ...view.subject, container: name },
          confidence: 0.95,
          introducedByRevision: lowered !== undefined,
          summary: `sidecar ${name} is OOMKilled at its own limit of ${limit === undefined ? '?' : bytes(limit)}; ${view.main!.name} is not`,
          evidence: [...evidence, ...revisionEvidence(view, lowered ? [lowered] : [])],
        }),
        refuted('memory_leak', view.subject, `the container that ends is ${name}, not ${view.main!.name}`),
      ]
    const count = podCount(pods, view.pods.length)
    if (lowered || (lived !== undefined && lived < bootSeconds) || lived === undefined) {
      return [
        supported({
          ...base,
          code: 'memory_limit_low',
          confidence: lowered ? 0.97 : 0.85,
          introducedByRevision: lowered !== undefined,
          summary: `${count} OOMKilled at the limit of ${limit === undefined ? '?' : bytes(limit)}${lowered ? `, which revision ${view.revisions[0]?.number} ${lowered.from === undefined ? 'set' : `lowered from ${lowered.from}`}` : ' while starting'}`,
          evidence: [...evidence, ...revisionEvidence(view, lowered ? [lowered] : [])],
        }),
        refuted(
          'memory_leak',
          view.subject,
          lowered ? 'the limit was lowered; what the program needs did not grow' : 'the container was killed before it could leak',
        ),
      ]
    }
    const line = pods.map((p) => trend(memoryPoints(view, p))).find((t) => t !== undefined)
    return [
      supported({
        ...base,
        code: 'memory_leak',
        confidence: changed.length ? 0.9 : 0.8,
        introducedByRevision: changed.length > 0,
        summary: `${count} OOMKilled after ${span(lived * 1000)}: memory grows until the limit of ${limit === undefined ? '?' : bytes(limit)}${changed.length ? `, since revision ${view.revisions[0]?.number}` : ''}`,
        evidence: [...evidence, ...(line && line.perSecond > 0 ? [slope(line)] : []), ...revisionEvidence(view, changed)],
      }),
      refuted('memory_limit_low', view.subject, 'the limit was not lowered, and the program ran before it was killed'),
    ]
  })
}

const slope = (t: { perSecond: number; fit: number; seconds: number }): Evidence => ({
  source: 'prometheus',
  asked: `container_memory_working_set_bytes over ${span(t.seconds * 1000)}`,
  observed: `grows ${bytes(t.perSecond * 60)} a minute (fit ${t.fit.toFixed(2)})`,
  expected: 'level',
})

/** Programs that end themselves because their own heap limit is reached: exit 134, not OOMKilled. */
function heap(view: View): Claim[] {
  const ended = failing(view.pods).filter(
    (f) =>
      f.kind === 'crash' &&
      (f.ended?.exitCode === 134 || matching(logsOf(view, f.pod.metadata.name, f.container), patterns.heap).length > 0),
  )
  const first = ended[0]
  if (!first) return []
  const lines = matching(logsOf(view, first.pod.metadata.name, first.container), patterns.heap)
  const changed = ofNewest(view, ended)
  const flag = changed.find((c) => /max[-_]old[-_]space|heap|NODE_OPTIONS|-Xmx|JAVA_/i.test(`${c.name} ${c.from} ${c.to}`))
  const pods = [...new Set(ended.map((f) => f.pod))]
  return [
    supported({
      code: 'v8_heap_limit',
      subject: view.subject,
      since: earliest(...ended.map((f) => f.ended?.startedAt)),
      confidence: flag || lines.length ? 0.95 : 0.8,
      introducedByRevision: flag !== undefined,
      summary: `${podCount(pods, view.pods.length)} end themselves at their own heap limit (exit ${first.ended?.exitCode}), not at the container's`,
      evidence: [
        seen(
          'Pod',
          first.pod,
          `status.containerStatuses[${first.container}]`,
          `exit ${first.ended?.exitCode} ${first.ended?.reason}`,
          'running',
          first.ended?.finishedAt,
        ),
        ...(lines.length ? [logEvidence(lines)] : []),
        ...revisionEvidence(view, flag ? [flag] : []),
      ],
      effects: podEffect(pods, 'heap limit reached'),
    }),
    refuted('memory_limit_low', view.subject, `exit ${first.ended?.exitCode}, not OOMKilled: the container limit was not reached`),
  ]
}

const mostSecondsToLimit = 1800

/** Memory that climbs towards the limit and has not reached it yet. */
function leak(view: View): Claim[] {
  if (failing(view.pods).some((f) => f.kind === 'oom')) return []
  const shares = memoryShare(view)
  const climbing = view.pods.flatMap((pod) => {
    const share = shares.get(pod.metadata.name)
    const line = trend(memoryPoints(view, pod).slice(-30))
    if (!share || !line || line.perSecond <= 0 || line.fit < 0.85 || line.seconds < 60) return []
    const left = (share.limit - share.used) / line.perSecond
    const grown = line.perSecond * line.seconds
    return left < mostSecondsToLimit && share.share > 0.5 && grown > 0.1 * share.limit ? [{ pod, share, line, left }] : []
  })
  const first = climbing.sort((a, b) => a.left - b.left)[0]
  if (!first) return []
  const changed = climbing.some((c) => view.newPods.includes(c.pod)) ? material(newestDiff(view) ?? []) : []
  return [
    supported({
      code: 'memory_leak',
      subject: view.subject,
      since: rolledOutAt(view),
      confidence: 0.85,
      introducedByRevision: changed.length > 0,
      summary: `memory grows steadily: ${first.pod.metadata.name} is at ${percent(first.share.share)} of its limit and reaches it in ${span(first.left * 1000)}`,
      evidence: [
        slope(first.line),
        {
          source: 'prometheus',
          asked: `working set of ${first.pod.metadata.name} against its limit`,
          observed: `${bytes(first.share.used)} of ${bytes(first.share.limit)}`,
        },
        ...revisionEvidence(view, changed),
      ],
    }),
  ]
}

/** A container that started this long ago is past its boot. */
const steadySeconds = 25

/** When the youngest container of a pod started, in milliseconds. */
const runsSince = (pod: Pod): number =>
  Math.max(
    0,
    ...(pod.status?.containerStatuses ?? []).map((s) => Date.parse(s.state?.running?.startedAt ?? '') || Number.POSITIVE_INFINITY),
  )

/** Share of a node's processors in use, 0..1; 0 where it was not seen. */
function nodeShare(view: View, name: string | undefined): number {
  const used = instant(view, 'node_cpu')
    ?.find((s) => s.labels.node === name)
    ?.points.at(-1)?.[1]
  const capacity = quantity(find(view.snapshot, 'nodes', name)?.status?.capacity?.cpu)
  return used !== undefined && capacity ? used / capacity : 0
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
const throttledMuch = 0.25

function cpu(view: View): Claim[] {
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
  const busy = top > 0.1 && ((shares.get(loud)?.share ?? 0) > 0.6 || (throttled.get(loud) ?? 0) > throttledMuch || top > 0.85 || onFullNode)
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
          summary: `pod ${loud} alone uses ${cores(top)} of CPU; its peers use ${cores(median(others))} under the same load`,
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
  if (hot.length < Math.max(1, running.length / 2))
    return neighbour(
      view,
      running.map((p) => p.metadata.name),
    )
  const changed = hot.some((p) => view.newPods.includes(p)) ? material(newestDiff(view) ?? []) : []
  const limit = changed.find(
    (c) => c.field === 'resources' && c.name === 'limits.cpu' && (c.from === undefined || (quantity(c.to) ?? 0) < (quantity(c.from) ?? 0)),
  )
  const name = hot[0]!.metadata.name
  const release = changed.filter((c) => ['image', 'env', 'command', 'volumes', 'containers'].includes(c.field))
  const lag = instant(view, 'loop_lag')
    ?.find((s) => s.labels.pod === name)
    ?.points.at(-1)?.[1]
  if (!limit && (release.length > 0 || (lag ?? 0) > 0.2) && hot.every((p) => view.newPods.includes(p)) && view.revisions.length > 1) {
    return [
      supported({
        code: 'event_loop_block',
        subject: view.subject,
        since: rolledOutAt(view),
        confidence: 0.85,
        introducedByRevision: true,
        summary: `the new revision keeps its own thread busy: ${podCount(hot, running.length)} at ${percent(shares.get(name)?.share ?? top)} of CPU under unchanged load`,
        evidence: [
          ...proof(name),
          ...(lag
            ? [
                {
                  source: 'prometheus' as const,
                  asked: `event loop lag of ${name}`,
                  observed: `${lag.toFixed(2)} s`,
                  expected: 'below 0.05 s',
                },
              ]
            : []),
          ...revisionEvidence(view, release),
        ],
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

/** A node that is full although the service itself asks for little. */
function neighbour(view: View, pods: readonly string[]): Claim[] {
  const nodeUse = instant(view, 'node_cpu') ?? []
  for (const s of nodeUse) {
    const node = find(view.snapshot, 'nodes', s.labels.node)
    const capacity = quantity(node?.status?.capacity?.cpu)
    const value = s.points.at(-1)?.[1]
    const mine = view.pods.filter((p) => p.spec.nodeName === s.labels.node && pods.includes(p.metadata.name))
    const own = mine.reduce((sum, p) => sum + (usage(view, 'cpu').get(p.metadata.name) ?? 0), 0)
    const slow = instant(view, 'p95')?.[0]?.points.at(-1)?.[1]
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

function disks(view: View): Claim[] {
  const recent = view.now - 300_000
  const claims: Claim[] = []
  const full = matching(logsOf(view), patterns.diskFull, recent)
  const said = view.snapshot.probes.find(
    (p) => p.result.state === 'ok' && p.result.value.status >= 500 && patterns.diskFull.test(p.result.value.body),
  )
  if (full.length || said) {
    const claim = view.template?.spec.volumes?.flatMap((v) => v.persistentVolumeClaim?.claimName ?? [])[0]
    const evidence = [
      ...(said?.result.state === 'ok'
        ? [
            {
              source: 'probe' as const,
              asked: `GET ${said.path} of ${said.hop}/${said.name}`,
              observed: short(`${said.result.value.status} ${said.result.value.body}`),
              expected: '200',
            },
          ]
        : []),
      ...(full.length ? [logEvidence(full)] : []),
    ]
    claims.push(
      supported({
        code: 'disk_full',
        subject: claim ? { kind: 'PersistentVolumeClaim', namespace: view.service.namespace, name: claim } : view.subject,
        since: full[0]?.time,
        confidence: 0.92,
        summary: `the store of ${view.service.workload} is full: writes fail`,
        evidence,
      }),
    )
  }
  const files = matching(logsOf(view), patterns.descriptors, recent)
  const worst = instant(view, 'descriptors')?.filter((s) => (s.points.at(-1)?.[1] ?? 0) > 0.9)[0]
  if (files.length || worst)
    claims.push(
      supported({
        code: 'fd_exhaustion',
        subject: view.subject,
        since: files[0]?.time,
        confidence: files.length ? 0.9 : 0.8,
        summary: 'the process has no file descriptors left',
        evidence: [
          ...(files.length ? [logEvidence(files)] : []),
          ...(worst
            ? [
                {
                  source: 'prometheus' as const,
                  asked: `process_open_fds / process_max_fds of ${worst.labels.pod}`,
                  observed: percent(worst.points.at(-1)?.[1]),
                  expected: 'below 90%',
                },
              ]
            : []),
        ],
      }),
    )
  const evicted = all(view.snapshot, 'events').filter(
    (e) => e.reason === 'Evicted' && /ephemeral/i.test(e.message ?? '') && e.involvedObject.name?.startsWith(`${view.service.workload}-`),
  )
  if (evicted.length && claims.length && view.pods.every((p) => podIsReady(p))) claims[0]!.evidence.push(eventEvidence(evicted[0]!))
  return claims
}
