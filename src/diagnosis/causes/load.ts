/** More asked than can be answered: more who ask, the same who ask again and again, or a limit that turns the usual away. */
import { changes, recentDiff, rolledOutAt } from '../changes.ts'
import { finite } from '../charts.ts'
import { type Claim, type Family, open, refuted, supported } from '../claim.ts'
import { editEvidence, readConfigMap, startedAt } from '../edits.ts'
import { type Answered, answeredAsUsual, heldSince, median, rateOf, shareOf } from '../history.ts'
import { quantile } from '../latency.ts'
import { percent } from '../quantity.ts'
import { changeEvidence } from '../revision.ts'
import type { TemplateChange } from '../template-diff.ts'
import { millis, rfc3339 } from '../time.ts'
import { traffic, trafficLately } from '../traffic.ts'
import { cpuShare, throttledMuch, throttling } from '../usage.ts'
import type { Evidence } from '../verdict.ts'
import { instant, range, type View } from '../view.ts'

export const load: Family = (view) => {
  const past = answeredAsUsual(view)
  const storm = retries(view, past)
  return [...storm, ...(storm.some((c) => c.status === 'supported') ? [] : surge(view, past)), ...limited(view, past)]
}

type Past = ReturnType<typeof answeredAsUsual>
const all = ({ rate }: Answered): number => rate

/** Offered load this many times the usual counts as a surge where the pods are at their limit too. */
const surgeFactor = 3

const compared = (now: number, before: number, factor: number): Evidence => ({
  source: 'prometheus',
  asked: 'requests per second, now and usually',
  observed: `${now.toFixed(1)} against ${before.toFixed(1)}`,
  expected: `below ${factor} times the usual`,
})

/** Requests per second, usually and now, where there are several times as many as usual. */
function more(view: View, { history, usual }: Past): { before: number; now: number } | undefined {
  const before = usual(all)
  const last = history.at(-1)?.rate
  if (before === undefined || last === undefined) return undefined
  const now = Math.max(last, trafficLately(view)?.rate ?? 0)
  return before > 0.5 && now > surgeFactor * before ? { before, now } : undefined
}

/** Whether answers were in time until several times as many asked. */
export function lateByMore(view: View): boolean {
  const past = answeredAsUsual(view)
  const asked = more(view, past)
  if (asked === undefined) return false
  const since = past.history.find(({ rate }) => rate > (surgeFactor / 2) * asked.before)?.at
  const usually = median(
    finite(range(view, 'p95')?.[0])
      .filter(([at]) => since === undefined || at < since)
      .map(([, value]) => value),
  )
  return usually !== undefined && usually < view.thresholds.p95Seconds
}

function surge(view: View, past: Past): Claim[] {
  const asked = more(view, past)
  if (asked === undefined) return []
  const { before, now } = asked
  const held = throttling(view)
  const hot = [...cpuShare(view)].filter(([pod, s]) => s.share > view.thresholds.cpuRatio || (held.get(pod) ?? 0) > throttledMuch).length
  const shed = traffic(view)?.byStatus
  const refusals = (shed?.get('429') ?? 0) + (shed?.get('503') ?? 0)
  const full = hot >= view.pods.length || refusals > 0
  // The CPU of a minute shows late what the answers show at once.
  const slow = (quantile(view, 'p95') ?? 0) > view.thresholds.p95Seconds
  if (!full && !slow) return []
  return [
    supported({
      code: 'traffic_surge',
      subject: view.subject,
      confidence: full ? 0.85 : 0.75,
      summary: `${(now / before).toFixed(1)} times the usual requests arrive, and ${full ? 'the pods are at their limit' : 'answers are late'}`,
      evidence: [compared(now, before, surgeFactor)],
    }),
    refuted('retry_storm', view.subject, 'more requests came before any failed'),
  ]
}

const stormFactor = 2
/** Share of requests that fail or are refused from which callers that ask again make up the load. */
const stormFailures = 0.3
/** Share of the further requests that is served at most, where what made them fail is over: what was begun is begun again. */
const servedOfMore = 0.2
const unsuccessful = /^(5..|429|499)$/

/** Callers that ask again because they were not answered: the load came with the failures and not before, and hardly anybody is served more for it. */
function retries(view: View, { history, usual }: Past): Claim[] {
  const now = history.at(-1)
  const before = usual(all)
  const served = usual((h) => h.rate - rateOf(h, unsuccessful))
  if (!now || before === undefined || served === undefined || before < 0.5) return []
  if (now.rate < stormFactor * before || shareOf(now, unsuccessful) < stormFailures) return []
  const onset = heldSince(history, (h) => shareOf(h, unsuccessful) > view.thresholds.errorRatio)
  if (onset === undefined || onset === history[0]!.at) return []
  const servedNow = now.rate - rateOf(now, unsuccessful)
  const earlier = median(
    history
      .filter((h) => h.at < onset)
      .slice(-3)
      .map(all),
  )!
  if (earlier > 1.3 * before) return []
  const over = failedThen(view, history, onset)
  if (servedNow > 1.2 * served && (over === undefined || servedNow - served > servedOfMore * (now.rate - before))) return []
  const atOnset = history.find((h) => h.at === onset)!
  const trigger = triggerAt(view, onset) ?? over
  if (atOnset.rate > 1.5 * before && trigger === undefined) return []
  return [
    supported({
      code: 'retry_storm',
      subject: view.subject,
      since: rfc3339(onset * 1000),
      confidence: trigger ? 0.85 : 0.75,
      summary: `callers ask again and again: ${(now.rate / before).toFixed(1)} times the usual requests since the first ones failed, and hardly any more is served for it`,
      evidence: [
        compared(now.rate, before, stormFactor),
        {
          source: 'prometheus',
          asked: 'requests per second that failed or were refused, and those that were served',
          observed: `${rateOf(now, unsuccessful).toFixed(1)}, ${servedNow.toFixed(1)}`,
          expected: `none, ${served.toFixed(1)}`,
        },
        ...(trigger ? [trigger] : []),
      ],
    }),
    refuted('traffic_surge', view.subject, 'requests failed before more of them came, and hardly more than before are served'),
  ]
}

/** What happened about when requests began to fail: pods that started, something that was edited. */
function triggerAt(view: View, onset: number): Evidence | undefined {
  const near = (ms: number | undefined): boolean => ms !== undefined && ms > (onset - 180) * 1000 && ms < (onset + 60) * 1000
  const started = [...view.pods, ...view.dependencies.flatMap((d) => d.pods)].find((p) => near(startedAt(p)))
  if (started)
    return {
      source: 'kubernetes',
      asked: `pod/${started.metadata.name} start of its containers`,
      observed: rfc3339(startedAt(started)),
      at: rfc3339(startedAt(started)),
    }
  const change = changes(view).find((c) => near(millis(c.at)))
  return change && { source: 'kubernetes', asked: `${change.kind.toLowerCase()}/${change.name}`, observed: change.what, at: change.at }
}

/** Requests that failed when it began and do not fail that way any more: what made callers ask again is over, and they go on. */
function failedThen(view: View, history: readonly Answered[], onset: number): Evidence | undefined {
  const most = view.thresholds.errorRatio
  const now = trafficLately(view)?.ratio
  const then = history.filter(({ at }) => at >= onset).slice(0, 3)
  const worst = then.map((h) => ({ at: h.at, share: shareOf(h, /^5/) })).sort((a, b) => b.share - a.share)[0]
  if (worst === undefined || now === undefined || worst.share < 2 * most || now > most / 2) return undefined
  return {
    source: 'prometheus',
    asked: 'share of requests that the service failed to answer (5xx), when it began and now',
    observed: `${percent(worst.share)}, ${percent(now)}`,
    at: rfc3339(worst.at * 1000),
  }
}

const limitName = /limit|rate|quota|throttl|burst|concurren|in_?flight|max/i
const fewestRefusals = 10
const muchRefused = 0.05

/** Requests turned away with 429 although no more arrive than usual, since a limit was changed. */
function limited(view: View, { history, usual }: Past): Claim[] {
  const now = history.at(-1)
  const before = usual(all)
  const refusals = traffic(view)?.byStatus.get('429') ?? 0
  if (!now || refusals < fewestRefusals || shareOf(now, /^429$/) < muchRefused) return []
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
