/** A cache that no longer answers what it used to answer. */
import { newestDiff, rolledOutAt } from '../changes.ts'
import { type Claim, open, refuted, supported } from '../claim.ts'
import { heldSince, summed, usual } from '../history.ts'
import { percent } from '../quantity.ts'
import { revisionEvidence } from '../revision.ts'
import { material } from '../template-diff.ts'
import { millis, rfc3339 } from '../time.ts'
import type { Evidence } from '../verdict.ts'
import { instant, range, type View } from '../view.ts'

/** Questions in five minutes below which a share of hits is chance. */
const fewestAsked = 50
/** Below this share of hits a cache does not help; it has to have been this much better before. */
const useless = 0.5
const lost = 0.3
/** A cache that is filled again after a start needs so long, in seconds. */
const warming = 120

export function cache(view: View): Claim[] {
  const value = (result: RegExp): number =>
    (instant(view, 'cache') ?? []).reduce((sum, s) => sum + (result.test(s.labels.result ?? '') ? s.points.at(-1)?.[1] || 0 : 0), 0)
  const [hits, misses] = [value(/^hit/i), value(/^miss/i)]
  const ratio = hits / (hits + misses)
  if (hits + misses < fewestAsked || ratio >= useless) return []
  const series = range(view, 'cache') ?? []
  const missed = new Map(summed(series, (l) => /^miss/i.test(l.result ?? '')).map((p) => [p.at, p.value]))
  const hit = new Map(summed(series, (l) => /^hit/i.test(l.result ?? '')).map((p) => [p.at, p.value]))
  const over = [...new Set([...missed.keys(), ...hit.keys()])]
    .sort((a, b) => a - b)
    .flatMap((at) => {
      const all = (hit.get(at) ?? 0) + (missed.get(at) ?? 0)
      return all > 0 ? [{ at, ratio: (hit.get(at) ?? 0) / all }] : []
    })
  const before = usual(over.map((p) => p.ratio))
  const onset = heldSince(over, (p) => p.ratio < useless)
  if (before === undefined || onset === undefined || onset === over[0]!.at)
    return [open('cache_ineffective', view.subject, `the cache answers ${percent(ratio)} of what it is asked; what is usual was not seen`)]
  if (before - ratio < lost)
    return [refuted('cache_ineffective', view.subject, `the cache answers ${percent(ratio)} of what it is asked, as it usually does`)]
  if (view.now / 1000 - onset < warming)
    return [open('cache_ineffective', view.subject, 'the cache may only be filling; ask again in two minutes')]
  const rolled = millis(rolledOutAt(view))
  const brought = rolled !== undefined && Math.abs(rolled - onset * 1000) < 300_000 ? material(newestDiff(view) ?? []) : []
  const evidence: Evidence[] = [
    {
      source: 'prometheus',
      asked: 'cache hits among all questions to it, 5 min',
      observed: `${percent(ratio)} of ${Math.round(hits + misses)}`,
      expected: `${percent(before)}, as usual`,
      at: rfc3339(onset * 1000),
    },
    ...revisionEvidence(view, brought),
  ]
  return [
    supported({
      code: 'cache_ineffective',
      subject: view.subject,
      since: rfc3339(onset * 1000),
      confidence: brought.length ? 0.9 : 0.82,
      introducedByRevision: brought.length > 0,
      summary: `the cache answers ${percent(ratio)} of what it is asked instead of ${percent(before)}: the rest goes to what stands behind it`,
      evidence,
    }),
    refuted('traffic_surge', view.subject, 'what is behind the cache is asked more because the cache answers less'),
  ]
}
