/** Memory that a lowered limit holds down while nothing is killed yet: the kernel takes back what it can first. */
import { rolledOutAt } from '../changes.ts'
import { type Claim, podCount, podEffect, refuted, supported } from '../claim.ts'
import { bytes, percent, quantity } from '../quantity.ts'
import { revisionEvidence } from '../revision.ts'
import { failing } from '../start-failure.ts'
import { memoryShare } from '../usage.ts'
import type { View } from '../view.ts'
import { newLowerLimit } from './failing-group.ts'
import { leak } from './leak.ts'

/** Pods of the newest revision that are near a limit which it set or lowered, and would not be near the one before. */
export function atLimit(view: View): Claim[] {
  const lowered = newLowerLimit(view, view.main?.name)
  if (!lowered || failing(view.pods).some((f) => f.kind === 'oom') || leak(view).length > 0) return []
  const given = lowered.from === undefined
  const taken = (quantity(lowered.from) ?? 0) - (quantity(lowered.to) ?? 0)
  const { memoryRatio } = view.thresholds
  const shares = memoryShare(view)
  const held = view.newPods.flatMap((pod) => {
    const share = shares.get(pod.metadata.name)
    if (!share || share.share <= memoryRatio) return []
    return given || share.used / (share.limit + taken) <= memoryRatio ? [{ pod, share }] : []
  })
  const first = held.sort((a, b) => b.share.share - a.share.share)[0]
  if (!first) return []
  const { used, limit, share } = first.share
  const pods = held.map((h) => h.pod)
  return [
    supported({
      code: 'memory_limit_low',
      subject: view.subject,
      since: rolledOutAt(view),
      confidence: 0.85,
      introducedByRevision: true,
      summary: `${podCount(pods, view.pods.length)} held at a memory limit that revision ${view.revisions[0]?.number} ${given ? 'set' : 'lowered'}: ${first.pod.metadata.name} uses ${bytes(used)} of ${bytes(limit)} (${percent(share)}); nothing is killed yet`,
      evidence: [
        {
          source: 'prometheus',
          asked: `working set of ${first.pod.metadata.name} against its limit`,
          observed: `${bytes(used)} of ${bytes(limit)}`,
          expected: `${percent(memoryRatio)} at most`,
        },
        ...revisionEvidence(view, [lowered]),
      ],
      effects: podEffect(pods, 'near the limit'),
    }),
    refuted('memory_leak', view.subject, 'the limit was lowered; what the program needs does not grow'),
  ]
}
