/** Checks of what the service needs: its database and the services it calls. */

import { replicasOf } from '../../facts/lookup.ts'
import { isDown } from '../causes/dependencies.ts'
import { short } from '../claim.ts'
import type { Dependency } from '../dependencies.ts'
import { answerWords } from '../from-inside.ts'
import { matching, patterns } from '../logs.ts'
import { logsOf, podIsReady, probesOf, type View } from '../view.ts'
import {
  asked,
  type CheckResult,
  found,
  isResult,
  latestOf,
  many,
  measured,
  notApplicable,
  ok,
  percent,
  ranked,
  seconds,
  some,
  unknown,
  windowOf,
} from './result.ts'

/** What is wrong with a dependency by its objects; undefined where nothing is, or where it is outside. */
function broken(view: View, d: Dependency): string | undefined {
  if (!isDown(view, d)) return undefined
  if (d.serviceName && !d.service) return `Service ${d.serviceName} does not exist in ${d.namespace}`
  if (!d.workload) return `Service ${d.serviceName} has no ready endpoint`
  const name = `${d.workloadKind} ${d.workload.metadata.name}`
  const wanted = replicasOf(d.workload)
  return wanted === 0
    ? `${name} is scaled to 0`
    : `${d.pods.filter(podIsReady).length} of ${many(wanted, 'pod')} of ${name} ready, and no ready endpoint`
}

export function dependencies(view: View): CheckResult {
  const objects = view.dependencies.flatMap((d) => {
    const why = broken(view, d)
    return why ? [`${d.name}: ${why}`] : []
  })
  const health = measured(view, 'health')
    .filter((s) => latestOf(s) === 0 && !/^(live|ready)$/.test(s.labels.check ?? ''))
    .map((s) => `the service's own check "${s.labels.check}" fails`)
  const inside = view.snapshot.inside?.state === 'ok' ? view.snapshot.inside.value : undefined
  const unheard = (inside?.answers ?? []).filter((a) => a.said !== 'ok').map((a) => `from inside ${inside?.pod}: ${answerWords(a)}`)
  const problems = [...objects, ...outcomes(view), ...health, ...unheard]
  if (problems.length) return found(some(problems))
  if (view.dependencies.length === 0)
    return view.template
      ? notApplicable('no dependency is declared in the settings or named in the pod template')
      : unknown('the pod template, which names the dependencies, was not seen')
  const outside = view.dependencies.filter((d) => d.external)
  const known = view.dependencies.length - outside.length
  const words = outside.length ? `; ${outside.map((d) => d.name).join(', ')} outside the cluster, judged only by calls to it` : ''
  const heard = inside ? `; from inside ${inside.pod} all ${inside.answers.length} names and ports answer` : ''
  return ok(`${many(known, 'dependency').replace('dependencys', 'dependencies')} in the cluster ready${words}${heard}`)
}

/** Dependencies whose calls fail more often than the threshold, and open breakers. */
function outcomes(view: View): string[] {
  const counts = new Map<string, { failed: number; all: number }>()
  for (const s of measured(view, 'dependency_outcomes')) {
    const sums = counts.get(s.labels.dependency ?? '?') ?? { failed: 0, all: 0 }
    const n = latestOf(s) ?? 0
    counts.set(s.labels.dependency ?? '?', { failed: sums.failed + (s.labels.outcome === 'success' ? 0 : n), all: sums.all + n })
  }
  const failing = [...counts]
    .filter(([, c]) => c.all >= 1 && c.failed / c.all > view.thresholds.errorRatio)
    .map(([name, c]) => `${percent(c.failed / c.all)} of calls to ${name} fail`)
  const breakers = ranked(measured(view, 'breaker'))
    .filter((b) => b.value > 0)
    .map((b) => `the breaker to ${b.labels.dependency} is ${b.value >= 2 ? 'open' : 'half open'}`)
  return [...failing, ...breakers]
}

export function databasePool(view: View): CheckResult {
  const series = asked(view, 'pool', 'database connections')
  if (isResult(series)) return poolLog(view) ?? series
  const by = (state: string, pod?: string): number =>
    series.filter((s) => s.labels.state === state && (!pod || s.labels.pod === pod)).reduce((sum, s) => sum + (latestOf(s) ?? 0), 0)
  const text = `${by('in_use')} of ${by('max')} connections in use, ${by('waiting')} waiting`
  const full = [...new Set(series.map((s) => s.labels.pod ?? ''))].filter(
    (pod) => by('max', pod) > 0 && by('in_use', pod) >= by('max', pod) && by('waiting', pod) > 0,
  )
  return full.length ? found(`${text}; no connection is free in ${some(full)}`) : ok(text)
}

function poolLog(view: View): CheckResult | undefined {
  const { logs } = view.snapshot
  const lines = logs.state === 'ok' ? matching(logs.value, patterns.pool) : []
  const last = lines.at(-1)
  return last && found(`${many(lines.length, 'line')} about connections that cannot be had: "${short(last.text, 140)}"`)
}

export function databaseLatency(view: View): CheckResult {
  const series = asked(view, 'query_time', 'the time of queries')
  if (isResult(series)) return series
  const slowest = ranked(series)
  if (slowest.length === 0) return unknown('no query ran in the last 2 min')
  const text = `mean time in 2 min: ${some(slowest.map((s) => `${s.labels.operation ?? 'all'} ${seconds(s.value)}`))}`
  return (slowest[0]?.value ?? 0) > view.thresholds.p95Seconds ? found(text) : ok(text)
}

/** What databases and drivers call a statement that took too long. */
const slowLine = /slow[ _-]?(?:query|statement|sql|log)|duration: \d{3,}(?:\.\d+)? ms/i

export function slowQueries(view: View): CheckResult {
  const lines = matching(logsOf(view), slowLine)
  const last = lines.at(-1)
  const quoted = last ? `; ${many(lines.length, 'line')} about it, the last in ${last.pod}: "${short(last.text, 140)}"` : ''
  const series = asked(view, 'slow_queries', 'slow queries')
  if (isResult(series)) return last ? found(quoted.slice(2)) : series
  const count = series.reduce((sum, s) => sum + (latestOf(s) ?? 0), 0)
  const slowest = ranked(measured(view, 'query_time')).filter((s) => s.value > view.thresholds.p95Seconds)
  const which = slowest.length ? `; slow on average: ${some(slowest.map((s) => `${s.labels.operation ?? 'all'} ${seconds(s.value)}`))}` : ''
  return count >= 1 || slowest.length
    ? found(`${Math.round(count)} slow in ${windowOf(view).text}${which}${quoted}`)
    : ok(`no query was slow in ${windowOf(view).text}`)
}

export function dependencyLatency(view: View): CheckResult {
  const series = asked(view, 'dependency_p95', 'the time of calls to dependencies')
  if (isResult(series)) return series
  const list = ranked(series)
  if (list.length === 0) return unknown('no call to a dependency was timed in the last 2 min')
  const text = `95% of calls: ${some(list.map((s) => `${s.labels.dependency ?? '?'} within ${seconds(s.value)}`))}`
  return list[0]!.value > view.thresholds.p95Seconds ? found(text) : ok(text)
}

/** A question that costs the other side nothing takes this long on a good network at most, in seconds. */
const longWay = 0.1

/** What is asked for its own sake tells of the way: health checks of dependencies, and the same page through the Service and straight from the pods. */
export function networkLatency(view: View): CheckResult {
  const pings = ranked(measured(view, 'health_p95')).filter((s) => !/^(live|ready)$/.test(s.labels.check ?? ''))
  const time = (hop: 'pod' | 'service'): number | undefined => {
    const times = probesOf(view, hop).flatMap((p) => (p.result.state === 'ok' ? [p.result.value.seconds] : []))
    return times.length ? Math.min(...times) : undefined
  }
  const [straight, through] = [time('pod'), time('service')]
  const way =
    straight === undefined || through === undefined
      ? []
      : [
          `the same page takes ${seconds(through)} through the Service and ${seconds(straight)} from a pod, the way to the API server counted in`,
        ]
  const asks = pings.map((s) => `${s.labels.check}: a bare question takes ${seconds(s.value)} (p95)`)
  if (asks.length + way.length === 0) return unknown('nothing was timed that would tell of the way alone')
  const slow = (pings[0]?.value ?? 0) > longWay || (straight !== undefined && through !== undefined && through - straight > 5 * longWay)
  return slow ? found(some([...asks, ...way])) : ok(some([...asks, ...way]))
}
