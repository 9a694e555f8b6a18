/** What was changed before logins began to be refused: a release, or a key that the pods read. */
import { recentDiff, rolledOutAt } from '../changes.ts'
import type { Claim } from '../claim.ts'
import { editEvidence, touched } from '../edits.ts'
import { percent } from '../quantity.ts'
import { changesEvidence } from '../revision.ts'
import { material } from '../template-diff.ts'
import { millis } from '../time.ts'
import { type Traffic, trafficBefore, trafficSince } from '../traffic.ts'
import type { Evidence } from '../verdict.ts'
import type { View } from '../view.ts'
import type { Logins } from './login-figures.ts'

/** Share of requests before a rollout that were refused all along, and requests on either side of it that make a share worth something. */
const fewRefused = 0.05
const enough = 20
/** Times the requests of before, from which more are tried. */
const moreTried = 1.3

/** What shows that the newest revision refuses those whom the one before it served; undefined where nothing does. */
export function refusingRelease(view: View): Evidence[] | undefined {
  const changed = material(recentDiff(view) ?? [])
  const at = millis(rolledOutAt(view))
  const [before, since] = [trafficBefore(view, at), trafficSince(view, at)]
  if (changed.length === 0 || !before || !since || before.total < enough || since.total < enough) return undefined
  const share = (t: Traffic): number => ((t.byStatus.get('401') ?? 0) + (t.byStatus.get('403') ?? 0)) / t.total
  if (share(before) > fewRefused || share(since) < view.thresholds.authFailureRatio || since.rate > moreTried * before.rate)
    return undefined
  const told = (t: Traffic): string => `${percent(share(t))} of ${t.rate.toFixed(1)} a second`
  return [
    changesEvidence(view, changed),
    {
      source: since.source,
      asked: 'requests refused with 401 or 403, before the rollout and since',
      observed: `${told(before)}, then ${told(since)}`,
      at: rolledOutAt(view),
    },
  ]
}

/** A Secret or ConfigMap that the pods read and that was edited shortly before logins began to fail. */
export function keyChange(view: View, seen: Logins): { subject: Claim['subject']; evidence: Evidence } | undefined {
  const edit = touched(view).find((t) => seen.onset === undefined || (t.at < (seen.onset + 60) * 1000 && t.at > (seen.onset - 1800) * 1000))
  return (
    edit && {
      subject: { kind: edit.kind, namespace: view.service.namespace, name: edit.object.metadata.name },
      evidence: editEvidence(edit),
    }
  )
}
