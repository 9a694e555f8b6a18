/** Memory that climbs towards the limit. */
import { span } from '../../duration.ts'
import { newestDiff, rolledOutAt } from '../changes.ts'
import { type Claim, supported } from '../claim.ts'
import { bytes, percent } from '../quantity.ts'
import { revisionEvidence } from '../revision.ts'
import { failing } from '../start-failure.ts'
import { material } from '../template-diff.ts'
import { memoryPoints, memoryShare, trend } from '../usage.ts'
import type { View } from '../view.ts'
import { slope } from './memory.ts'

const mostSecondsToLimit = 1800

/** Memory that climbs towards the limit and has not reached it yet. */
export function leak(view: View): Claim[] {
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
