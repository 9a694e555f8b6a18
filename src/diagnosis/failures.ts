/** Requests that fail now, and what else shows that the service itself is in trouble. Pure. */
import { wilson } from '../slo/confidence.ts'
import { short } from './claim.ts'
import { linesOf, logEvidence, matching, patterns } from './logs.ts'
import { percent } from './quantity.ts'
import { statusIn } from './sources.ts'
import { millis } from './time.ts'
import { ofPods, type Traffic, traffic, trafficLately } from './traffic.ts'
import type { Evidence } from './verdict.ts'
import { logsOf, podIsReady, probesOf, type View } from './view.ts'

/** Fewer errors than this prove nothing, whatever the ratio. */
const fewestErrors = 3

/** Errors that go on now, above the threshold; undefined where there are none or they cannot be seen. */
export function errorsNow(view: View): Traffic | undefined {
  const now = traffic(view)
  const lately = trafficLately(view)
  const high = now?.ratio !== undefined && now.ratio > view.thresholds.errorRatio && (now.bad >= fewestErrors || often(view, now))
  const goesOn = lately === undefined || lately.total === 0 || lately.bad > 0
  if (high) return goesOn ? now : undefined
  if (lately !== undefined && surelyHigh(view, lately)) return lately
  return now && sinceStarted(view, now)
}

/** Milliseconds in which what a log says is still going on. */
const stillSaid = 20_000

/** What pods counted since they began, where the moment between two scrapes saw no failure: as long as their logs tell of failures all the time. */
function sinceStarted(view: View, now: Traffic): Traffic | undefined {
  const all = ofPods(view.pods, now)
  if (now.source !== 'metrics' || !now.sinceStart || !(all.bad / all.total > view.thresholds.errorRatio)) return undefined
  const told = linesOf(logsOf(view)).filter(({ text, time }) => (millis(time) ?? 0) >= view.now - stillSaid && (statusIn(text) ?? 0) >= 500)
  return told.length >= fewestErrors ? { ...now, ...all, ratio: all.bad / all.total, byPod: now.sinceStart } : undefined
}

/** Whether so much fails in a few seconds that it is no chance: what has just begun drowns in the answers before it, most of all where callers now wait. */
const surelyHigh = (view: View, few: Traffic): boolean =>
  few.source === 'prometheus' && few.bad >= fewestErrors && (wilson(few)?.low ?? 0) > view.thresholds.errorRatio

/** Whether the few errors between two scrapes a moment apart are no stray ones: as large a share has failed since the pods began to count. */
function often(view: View, now: Traffic): boolean {
  if (now.source !== 'metrics' || now.bad < 1) return false
  const all = ofPods(view.pods, now)
  return all.total > 0 && all.bad / all.total > view.thresholds.errorRatio
}

/** One fact that shows that the service itself is in trouble; undefined where nothing does. */
export function suffering(view: View): Evidence | undefined {
  const probe = probesOf(view, 'pod').find((p) => p.result.state === 'ok' && p.result.value.status >= 500)
  if (probe?.result.state === 'ok')
    return {
      source: 'probe',
      asked: `GET ${probe.path} of pod/${probe.name}:${probe.port}`,
      observed: short(`${probe.result.value.status} ${probe.result.value.body}`),
      expected: '200',
    }
  const errors = errorsNow(view)
  if (errors) return errorEvidence(view, errors)
  const lines = matching(logsOf(view), patterns.dns, view.now - 120_000).concat(
    matching(logsOf(view), patterns.refused, view.now - 120_000),
    matching(logsOf(view), patterns.timeout, view.now - 120_000),
  )
  const unready = view.pods.some((p) => !podIsReady(p))
  if (lines.length >= 3 || (lines.length > 0 && unready)) return logEvidence(lines)
  return undefined
}

export function errorEvidence(view: View, t: Traffic): Evidence {
  const { requests } = view.service.metrics
  return {
    source: t.source,
    asked:
      t.source === 'prometheus'
        ? `increase(${requests}) by status over ${Math.round(t.seconds)} s`
        : `${requests} of the pods, scraped twice`,
    observed: `${Math.round(t.bad)} of ${Math.round(t.total)} requests answered 5xx (${percent(t.ratio)})`,
    expected: `at most ${percent(view.thresholds.errorRatio)}`,
  }
}
