/** Memory: too little given, or too much taken. */

import { span } from '../../duration.ts'
import type { LimitRange } from '../../facts/kubernetes-types.ts'
import { all, find } from '../../facts/lookup.ts'
import { editedAt, keysOf, newestDiff, rolledOutAt } from '../changes.ts'
import { type Claim, type Family, podCount, podEffect, refuted, seen, supported } from '../claim.ts'
import { logEvidence, matching, patterns } from '../logs.ts'
import { bytes, quantity } from '../quantity.ts'
import { revisionEvidence } from '../revision.ts'
import { type Failing, failing, lastedSeconds } from '../start-failure.ts'
import { percent } from '../symptoms.ts'
import { material, type TemplateChange } from '../template-diff.ts'
import { earliest, millis } from '../time.ts'
import { containerLimit, memoryPoints, memoryShare, trend } from '../usage.ts'
import type { Evidence } from '../verdict.ts'
import { logsOf, type View } from '../view.ts'

export const memory: Family = (view) => [...killed(view), ...heap(view), ...leak(view)]

function ofNewest(view: View, group: readonly Failing[]): TemplateChange[] {
  return group.some((f) => view.newPods.includes(f.pod)) ? material(newestDiff(view) ?? []) : []
}

/** A container that is killed sooner than this never got to work: its limit is too low to start with. Seconds. */
const bootSeconds = 5

function killed(view: View): Claim[] {
  const ended = failing(view.pods).filter((f) => f.kind === 'oom')
  return [...new Set(ended.map((f) => f.container))].flatMap((name): Claim[] => {
    const group = ended.filter((f) => f.container === name)
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
        `OOMKilled, exit ${first.ended?.exitCode ?? 137}${lived === undefined ? '' : ` after ${span(lived)}`}, ${first.status?.restartCount ?? 0} restarts`,
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
    const range = limitedBy(view, name, limit, lived)
    if (range) {
      return [
        supported({
          ...base,
          code: 'memory_limit_low',
          subject: { kind: 'LimitRange', namespace: view.service.namespace, name: range.metadata.name },
          since: base.since,
          confidence: 0.93,
          summary: `${count} OOMKilled at the limit of ${bytes(limit!)}, which LimitRange ${range.metadata.name} gives to containers that state none`,
          evidence: [
            ...evidence,
            seen(
              'LimitRange',
              range,
              'spec.limits[].default.memory',
              bytes(limit!),
              `no limit in the template of ${name}`,
              editedAt(range),
            ),
          ],
        }),
        refuted('memory_leak', view.subject, 'the template states no limit; the one that was reached was given from outside'),
      ]
    }
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
        summary: `${count} OOMKilled after ${span(lived)}: memory grows until the limit of ${limit === undefined ? '?' : bytes(limit)}${changed.length ? `, since revision ${view.revisions[0]?.number}` : ''}`,
        evidence: [...evidence, ...(line && line.perSecond > 0 ? [slope(line)] : []), ...revisionEvidence(view, changed)],
      }),
      refuted('memory_limit_low', view.subject, 'the limit was not lowered, and the program ran before it was killed'),
    ]
  })
}

/** The LimitRange that gave a container a limit too low to live under: it is younger than the template, or the program never got to work. Undefined where the template states a limit itself. */
function limitedBy(view: View, container: string, limit: number | undefined, lived: number | undefined): LimitRange | undefined {
  const own = [...(view.template?.spec.initContainers ?? []), ...(view.template?.spec.containers ?? [])].find((c) => c.name === container)
  if (!own || limit === undefined || own.resources?.limits?.memory !== undefined) return undefined
  const atOnce = lived === undefined || lived < bootSeconds
  return all(view.snapshot, 'limitranges').find(
    (r) =>
      (atOnce || (millis(editedAt(r)) ?? 0) > (millis(rolledOutAt(view)) ?? 0)) &&
      r.spec?.limits?.some((l) => l.type === 'Container' && quantity(l.default?.memory) === limit),
  )
}

const slope = (t: { perSecond: number; fit: number; seconds: number }): Evidence => ({
  source: 'prometheus',
  asked: `container_memory_working_set_bytes over ${span(t.seconds)}`,
  observed: `grows ${bytes(t.perSecond * 60)} a minute (fit ${t.fit.toFixed(2)})`,
  expected: 'level',
})

/** Flags by which a program is told how large its heap may be. */
const heapFlag = /max[-_]old[-_]space|max[-_]heap|heap[-_]size|-Xmx|MaxRAMPercentage|GOMEMLIMIT/i

/** A name under which flags are given to a runtime; its value may not have been kept. */
const flagsName = /^(NODE_OPTIONS|JAVA_TOOL_OPTIONS|_?JAVA_OPT(ION)?S|GOMEMLIMIT)$/
/** What V8 says of its last collections: the heap after each, in MB. */
const collected = /(?:Mark-Compact|Mark-sweep|Scavenge)[^>]*-> (\d+(?:\.\d+)?) \(\d+(?:\.\d+)?\) MB/
/** V8 gives a heap half of the memory that its container may use; one that is full below this share of the limit was told to stay small. */
const smallHeap = 0.25

/** Whether a container is told how large its heap may be: by how large it was when it was full, else by flags, else by flags whose value is not seen. */
function heapIsSet(view: View, { pod, container, spec }: Failing): boolean {
  const sizes = matching(logsOf(view, pod.metadata.name, container), collected).map(({ text }) => Number(collected.exec(text)?.[1]) * 1e6)
  const limit = containerLimit(spec, 'memory')
  if (sizes.length > 0 && limit !== undefined) return Math.max(...sizes) < smallHeap * limit
  const said = [...(spec?.command ?? []), ...(spec?.args ?? []), ...(spec?.env ?? []).flatMap((e) => [e.name, e.value ?? ''])]
  const read = (spec?.envFrom ?? []).flatMap((e) => find(view.snapshot, 'configmaps', e.configMapRef?.name, view.service.namespace) ?? [])
  const names = [...read.flatMap((object) => [...(keysOf(object) ?? [])]), ...(spec?.env ?? []).map((e) => e.name)]
  return said.some((text) => heapFlag.test(text)) || names.some((name) => flagsName.test(name))
}

const isHeapFlag = (c: TemplateChange): boolean => heapFlag.test(`${c.name} ${c.from} ${c.to}`) || flagsName.test(c.name ?? '')

/** Programs that end themselves because their own heap limit is reached: exit 134, not OOMKilled. The first process of a container cannot abort itself and ends by a fault, 139. */
function heap(view: View): Claim[] {
  const crashed = failing(view.pods, view.now).filter((f) => f.kind === 'crash')
  const told = (f: Failing): boolean => ofNewest(view, [f]).some(isHeapFlag)
  const ended = crashed.filter(
    (f) =>
      f.ended?.exitCode === 134 ||
      (f.ended?.exitCode === 139 && told(f)) ||
      matching(logsOf(view, f.pod.metadata.name, f.container), patterns.heap).length > 0,
  )
  const first = ended[0]
  if (!first) return []
  const lines = matching(logsOf(view, first.pod.metadata.name, first.container), patterns.heap)
  const changed = ofNewest(view, ended)
  const flag = changed.find(isHeapFlag)
  const pods = [...new Set(ended.map((f) => f.pod))]
  const lived = lastedSeconds(first.ended)
  const base = {
    subject: view.subject,
    since: earliest(...ended.map((f) => f.ended?.startedAt)),
    evidence: [
      seen(
        'Pod',
        first.pod,
        `status.containerStatuses[${first.container}]`,
        `exit ${first.ended?.exitCode} ${first.ended?.reason}${lived === undefined ? '' : ` after ${span(lived)}`}`,
        'running',
        first.ended?.finishedAt,
      ),
      ...(lines.length ? [logEvidence(lines)] : []),
      ...revisionEvidence(view, flag ? [flag] : changed),
    ],
    effects: podEffect(pods, 'heap limit reached'),
  }
  const count = podCount(pods, view.pods.length)
  const notTheContainer = refuted(
    'memory_limit_low',
    view.subject,
    `exit ${first.ended?.exitCode}, not OOMKilled: the container limit was not reached`,
  )
  // A heap that nobody limited, filled by a program that served for a while first: what grows is what it keeps.
  if (lines.length > 0 && changed.some((c) => c.field !== 'resources') && !heapIsSet(view, first) && (lived ?? 0) > bootSeconds)
    return [
      supported({
        ...base,
        code: 'memory_leak',
        confidence: 0.88,
        introducedByRevision: true,
        summary: `${count} fill their heap within ${span(lived!)} and end, since revision ${view.revisions[0]?.number}; nothing limits the heap but the size of the container`,
      }),
      notTheContainer,
      refuted('v8_heap_limit', view.subject, 'no flag sets the size of the heap'),
    ]
  return [
    supported({
      ...base,
      code: 'v8_heap_limit',
      confidence: flag || lines.length ? 0.95 : 0.8,
      introducedByRevision: flag !== undefined,
      summary: `${count} end themselves at their own heap limit (exit ${first.ended?.exitCode}), not at the container's`,
    }),
    notTheContainer,
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
      summary: `memory grows steadily: ${first.pod.metadata.name} is at ${percent(first.share.share)} of its limit and reaches it in ${span(first.left)}`,
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
