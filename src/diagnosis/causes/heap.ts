/** Programs that end because the heap they were allowed is full. */
import { span } from '../../duration.ts'
import { find } from '../../facts/lookup.ts'
import { keysOf } from '../changes.ts'
import { type Claim, podCount, podEffect, refuted, seen, supported } from '../claim.ts'
import { logEvidence, matching, patterns } from '../logs.ts'
import { revisionEvidence } from '../revision.ts'
import { type Failing, failing, lastedSeconds } from '../start-failure.ts'
import type { TemplateChange } from '../template-diff.ts'
import { earliest } from '../time.ts'
import { containerLimit } from '../usage.ts'
import { logsOf, type View } from '../view.ts'
import { bootSeconds, ofNewest } from './memory.ts'

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
export function heap(view: View): Claim[] {
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
