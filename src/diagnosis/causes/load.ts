/** More asked than can be answered: more who ask, or the same who ask again and again. */
import { changes } from '../changes.ts'
import { finite } from '../charts.ts'
import { type Claim, type Family, refuted, supported } from '../claim.ts'
import { startedAt } from '../edits.ts'
import { type Answered, answeredAsUsual, heldSince, median, rateOf, shareOf } from '../history.ts'
import { quantile } from '../latency.ts'
import { percent } from '../quantity.ts'
import { millis, rfc3339 } from '../time.ts'
import { traffic, trafficLately } from '../traffic.ts'
import { cpuShare, throttledMuch, throttling } from '../usage.ts'
import type { Evidence } from '../verdict.ts'
import { range, type View } from '../view.ts'

export const load: Family = (view) => {
  const past = answeredAsUsual(view)
  const storm = retries(view, past)
  return [...storm, ...(storm.some((c) => c.status === 'supported') ? [] : surge(view, past))]
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
