/** Checks of failing requests: how many, which, where, and what the logs say. */

import { span } from '../../duration.ts'
import { short } from '../claim.ts'
import { errorsNow } from '../failures.ts'
import { errorTemplates, matching, patterns } from '../logs.ts'
import { isServerError, traffic } from '../traffic.ts'
import type { View } from '../view.ts'
import { type Count, isFailure, requestsByPod, requestsByRoute, sumBy, tally } from './requests.ts'
import { asked, type CheckResult, found, isResult, latestOf, many, ok, percent, some, troubled, unknown, windowOf } from './result.ts'

const noRequests = unknown('requests were not counted: neither Prometheus nor the metrics of the pods were seen')
/** Fewer failures of one pod than this may be chance. */
const fewest = 3

function share(counts: readonly Count[]): { failed: number; all: number; ratio: number } {
  const { failed, all } = tally(counts)
  return { failed, all, ratio: all > 0 ? failed / all : 0 }
}

const of = (s: { failed: number; all: number; ratio: number }): string =>
  `${percent(s.ratio)} (${Math.round(s.failed)} of ${Math.round(s.all)})`

export function errorRatioCheck(view: View): CheckResult {
  const requests = requestsByPod(view)
  if (!requests) return noRequests
  const s = share(requests.counts)
  if (Math.round(s.all) === 0) return unknown(`no traffic was counted (${requests.from}), so there is no error rate`)
  const text = `${of(s)} of requests fail, at most ${percent(view.thresholds.errorRatio)} wanted (${requests.from})`
  if (s.ratio <= view.thresholds.errorRatio) return ok(text)
  return errorsNow(view) ? found(text) : ok(`${text}; too few to count, or over already`)
}

export function errorPattern(view: View): CheckResult {
  const requests = requestsByRoute(view)
  if (!requests) return noRequests
  const failing = requests.counts.filter((c) => isFailure(c) && c.count >= 0.5)
  if (failing.length === 0) return ok(`no route answers 5xx (${requests.from})`)
  const routes = sumBy(requests.counts, (c) => c.route).map(([route]) => ({
    route,
    ...share(requests.counts.filter((c) => c.route === route)),
  }))
  const bad = routes.filter((r) => r.failed >= 0.5).sort((a, b) => b.failed - a.failed)
  const codes = sumBy(failing, (c) => c.status).map(([code]) => code)
  const spread = bad.length === routes.length && routes.length > 1 ? 'every route' : `${bad.length} of ${many(routes.length, 'route')}`
  const text = `${spread} with ${codes.join(', ')}: ${some(bad.map((r) => `${r.route} ${of(r)}`))}`
  return errorsNow(view) ? found(text) : ok(`${text}; below the threshold as a whole`)
}

export function errorCodes(view: View): CheckResult {
  const seen = traffic(view)
  if (!seen) return noRequests
  const codes = [...seen.byStatus].filter(([code, n]) => isServerError(code) && n >= 0.5).sort((a, b) => b[1] - a[1])
  if (codes.length === 0) return ok('no 5xx was answered')
  const text = codes.map(([code, n]) => `${code} ${Math.round(n)} times`).join(', ')
  return errorsNow(view) ? found(text) : ok(`${text}; below the threshold`)
}

export function errorByPod(view: View): CheckResult {
  const requests = requestsByPod(view)
  if (!requests) return noRequests
  const bad = view.thresholds.errorRatio
  const pods = view.pods
    .map((p) => ({ name: p.metadata.name, ...share(requests.counts.filter((c) => c.pod === p.metadata.name)) }))
    .filter((p) => p.all >= 1)
  if (pods.length === 0) return unknown('no request was counted for a pod that runs now')
  const failing = pods.filter((p) => p.ratio > bad && p.failed >= fewest)
  const text = some(failing.map((p) => `${p.name} ${of(p)}`))
  if (failing.length === 0) return ok(`${many(pods.length, 'pod')}, none above ${percent(bad)}`)
  const fresh = new Set(view.newPods.map((p) => p.metadata.name))
  const onlyNew = view.oldPods.length > 0 && failing.every((p) => fresh.has(p.name)) && pods.some((p) => !fresh.has(p.name))
  if (onlyNew) return found(`only pods of the newest revision fail: ${text}`)
  if (failing.length === pods.length) return found(`all ${many(pods.length, 'pod')} fail: ${text}`)
  return found(`${failing.length} of ${many(pods.length, 'pod')} fail: ${text}`)
}

export function logErrors(view: View): CheckResult {
  const { logs, target } = view.snapshot
  if (logs.state !== 'ok') return unknown(`cannot see logs: ${logs.state}, ${logs.reason}`)
  if (logs.value.length === 0) return unknown('no log was there to read')
  const since = view.now - target.lookbackSeconds * 1000
  const kinds = errorTemplates(logs.value, since)
  const lines = kinds.reduce((sum, k) => sum + k.count, 0)
  if (lines === 0) return ok(`no error line in ${many(logs.value.length, 'log')} of the last ${span(target.lookbackSeconds)}`)
  const quoted = kinds.slice(0, 2).map((k) => `"${short(k.lines.at(-1)?.text ?? '', 140)}" (${k.count})`)
  const text = `${many(lines, 'error line')} of ${many(kinds.length, 'kind')}: ${quoted.join('; ')}`
  return troubled(view) ? found(text) : ok(`${text}; handled, as far as users can tell`)
}

export function authFailures(view: View): CheckResult {
  const series = asked(view, 'auth_failures', 'refused credentials')
  if (isResult(series)) return unauthorised(view) ?? series
  const attempts = asked(view, 'auth_attempts', 'attempts to authenticate')
  const failures = series.map((s) => ({ reason: s.labels.reason ?? '?', n: latestOf(s) ?? 0 })).filter((f) => f.n >= 1)
  failures.sort((a, b) => b.n - a.n)
  const failed = failures.reduce((sum, f) => sum + f.n, 0)
  const all = isResult(attempts) ? undefined : attempts.reduce((sum, s) => sum + (latestOf(s) ?? 0), 0)
  if (failed < 1) return ok(`no credentials were refused in ${windowOf(view).text}`)
  const reasons = some(failures.map((f) => `${f.reason} ${Math.round(f.n)}`))
  if (!all) return found(`${Math.round(failed)} refusals in ${windowOf(view).text}: ${reasons}`)
  const ratio = failed / all
  const text = `${percent(ratio)} of ${Math.round(all)} attempts refused in ${windowOf(view).text}: ${reasons}`
  return ratio > view.thresholds.authFailureRatio ? found(text) : ok(text)
}

/** A service without such metrics: 401 and 403 among its answers. */
function unauthorised(view: View): CheckResult | undefined {
  const seen = traffic(view)
  if (!seen || seen.total < 1) return undefined
  const refusals = (seen.byStatus.get('401') ?? 0) + (seen.byStatus.get('403') ?? 0)
  const text = `${percent(refusals / seen.total)} of requests are answered 401 or 403`
  return refusals / seen.total > view.thresholds.authFailureRatio ? found(text) : ok(text)
}

export function authRate(view: View): CheckResult {
  const series = asked(view, 'auth_failures', 'refused credentials')
  if (isResult(series)) return series
  const window = windowOf(view)
  const rate = series.reduce((sum, s) => sum + (latestOf(s) ?? 0), 0) / window.seconds
  const text = `${Number(rate.toFixed(2))} refusals a second over ${window.text}`
  return rate > 1 ? found(text) : ok(text)
}

export function authLog(view: View): CheckResult {
  const { logs } = view.snapshot
  if (logs.state !== 'ok') return unknown(`cannot see logs: ${logs.state}, ${logs.reason}`)
  const lines = matching(logs.value, patterns.credentials)
  const last = lines.at(-1)
  return last
    ? found(`${many(lines.length, 'line')} about refused credentials, the last in ${last.pod}: "${short(last.text, 140)}"`)
    : ok('no line about refused credentials in the logs that were read')
}

export function requestPattern(view: View): CheckResult {
  const requests = requestsByRoute(view)
  if (!requests) return noRequests
  const refused = requests.counts.filter((c) => /^4/.test(c.status) && c.count >= 0.5)
  const n = refused.reduce((sum, c) => sum + c.count, 0)
  const { all } = tally(requests.counts)
  if (all < 0.5) return unknown('no traffic was counted')
  const text = `${percent(n / all)} of requests are answered 4xx${refused.length ? `: ${some(sumBy(refused, (c) => `${c.route ?? '?'} ${c.status}`).map(([k, v]) => `${k} ${Math.round(v)} times`))}` : ''}`
  return n / all > view.thresholds.authFailureRatio ? found(text) : ok(text)
}
