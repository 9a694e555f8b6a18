/** A limit that turns the usual requests away: with 429, since it was changed. */
import { wilson } from '../../slo/confidence.ts'
import { recentDiff, rolledOutAt } from '../changes.ts'
import { type Claim, type Family, open, refuted, supported } from '../claim.ts'
import { editEvidence, readConfigMap } from '../edits.ts'
import { answeredAsUsual, heldSince, shareOf } from '../history.ts'
import { percent } from '../quantity.ts'
import { changeEvidence } from '../revision.ts'
import type { TemplateChange } from '../template-diff.ts'
import { millis, rfc3339 } from '../time.ts'
import { traffic } from '../traffic.ts'
import type { Evidence } from '../verdict.ts'
import { instant, type View } from '../view.ts'

const limitName = /limit|rate|quota|throttl|burst|concurren|in_?flight|max/i
const fewestRefusals = 10
const muchRefused = 0.05

/** Requests turned away with 429 although no more arrive than usual, since a limit was changed. */
export const rateLimit: Family = (view) => {
  const refusals = traffic(view)?.byStatus.get('429') ?? 0
  if (refusals === 0) return []
  const { history, usual } = answeredAsUsual(view)
  const now = history.at(-1)
  const before = usual(({ rate }) => rate)
  if (!now) return loweredLimit(view)
  if (refusals < fewestRefusals || shareOf(now, /^429$/) < muchRefused) return []
  if (before !== undefined && now.rate > 1.5 * before)
    return [refuted('rate_limit_misconfig', view.subject, `${(now.rate / before).toFixed(1)} times the usual requests arrive`)]
  const since = heldSince(history, (h) => shareOf(h, /^429$/) > muchRefused / 5)
  const change = limitChange(view)
  const changedAt = change && millis(change.at)
  if (!change || changedAt === undefined || since === undefined || since === history[0]!.at || since * 1000 < changedAt - 90_000)
    return [open('rate_limit_misconfig', view.subject, 'requests are refused with 429; no change of a limit was seen before it began')]
  const limiters = (instant(view, 'rate_limited') ?? [])
    .map((s) => ({ name: s.labels.limiter ?? '?', n: s.points.at(-1)?.[1] ?? 0 }))
    .filter((l) => l.n >= 1)
  return [
    supported({
      code: 'rate_limit_misconfig',
      subject: change.subject,
      since: change.at,
      confidence: 0.87,
      introducedByRevision: change.byRevision,
      summary: `${percent(shareOf(now, /^429$/))} of requests are turned away (429) since ${change.what}; no more arrive than before`,
      evidence: [
        change.evidence,
        {
          source: 'prometheus',
          asked: 'requests per second, and the share answered 429',
          observed: `${now.rate.toFixed(1)}, ${percent(shareOf(now, /^429$/))}`,
          expected: before === undefined ? 'few refused' : `${before.toFixed(1)}, few refused`,
        },
        ...(limiters.length
          ? [
              {
                source: 'prometheus' as const,
                asked: 'rate_limit_hits_total by limiter, 2 min',
                observed: limiters.map((l) => `${l.name} ${Math.round(l.n)}`).join(', '),
              },
            ]
          : []),
      ],
    }),
    refuted('traffic_surge', view.subject, 'no more requests arrive than usual'),
    refuted('brute_force', view.subject, 'the load did not grow; what was served before is turned away now'),
  ]
}

/** Share of requests turned away from which they are many by any count of them. */
const mostlyRefused = 0.2

/** The same without a history of requests: the newest revision lowered a number whose name speaks of a limit, and many are turned away. */
function loweredLimit(view: View): Claim[] {
  const seen = traffic(view)
  const refusals = { bad: seen?.byStatus.get('429') ?? 0, total: seen?.total ?? 0 }
  const lowered = recentDiff(view)?.find(
    (c) => c.field === 'env' && limitName.test(c.name ?? '') && Number.isFinite(Number(c.from)) && Number(c.to) < Number(c.from),
  )
  if (!seen || !lowered || (wilson(refusals)?.low ?? 0) < mostlyRefused) return []
  return [
    supported({
      code: 'rate_limit_misconfig',
      subject: view.subject,
      since: rolledOutAt(view),
      confidence: 0.8,
      introducedByRevision: true,
      summary: `${refusals.bad} of ${refusals.total} requests are turned away (429), and revision ${view.revisions[0]?.number} lowered ${lowered.name} from ${lowered.from} to ${lowered.to}`,
      evidence: [
        changeEvidence(view, lowered),
        { source: seen.source, asked: 'requests answered 429', observed: `${refusals.bad} of ${refusals.total}`, expected: 'few' },
      ],
    }),
  ]
}

interface LimitChange {
  subject: Claim['subject']
  at: string | undefined
  what: string
  evidence: Evidence
  byRevision: boolean
}

/** The newest change that may have set a limit: a variable or argument of the template by its name, else an edited ConfigMap that the pods read. */
function limitChange(view: View): LimitChange | undefined {
  const speaks = (c: TemplateChange): boolean =>
    (c.field === 'env' && limitName.test(c.name ?? '')) || (c.field === 'command' && limitName.test(`${c.from} ${c.to}`))
  const own = recentDiff(view)?.find(speaks)
  if (own)
    return {
      subject: view.subject,
      at: rolledOutAt(view),
      what: `revision ${view.revisions[0]?.number} changed ${own.name ?? 'the command'}`,
      evidence: changeEvidence(view, own),
      byRevision: true,
    }
  const edit = readConfigMap(view, true)
  return (
    edit && {
      subject: { kind: edit.kind, namespace: view.service.namespace, name: edit.object.metadata.name },
      at: rfc3339(edit.at),
      what: `ConfigMap ${edit.object.metadata.name} was edited`,
      evidence: editEvidence(edit),
      byRevision: false,
    }
  )
}
