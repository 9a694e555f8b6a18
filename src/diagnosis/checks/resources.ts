/** Checks of CPU, memory, the event loop and time: how much of what there is. */

import { span } from '../../duration.ts'
import { all } from '../../facts/lookup.ts'
import { newestDiff } from '../changes.ts'
import { linesOf } from '../logs.ts'
import { bytes, cores, quantity } from '../quantity.ts'
import { changeText, material } from '../template-diff.ts'
import { millis } from '../time.ts'
import { traffic } from '../traffic.ts'
import { cpuShare, memoryPoints, memoryShare, throttling, trend, usage } from '../usage.ts'
import { instant, range, type View } from '../view.ts'
import { oomKills } from './pods.ts'
import {
  asked,
  type CheckResult,
  found,
  isResult,
  latestOf,
  many,
  measured,
  ok,
  percent,
  ranked,
  seconds,
  some,
  unknown,
} from './result.ts'

const amount = (what: 'cpu' | 'memory', n: number): string => (what === 'cpu' ? cores(n) : bytes(n))
const notMeasured = (what: 'cpu' | 'memory'): CheckResult =>
  unknown(`cannot see ${what} use: neither Prometheus nor the metrics API has these pods`)

function against(view: View, what: 'cpu' | 'memory'): CheckResult {
  const used = [...usage(view, what)].sort((a, b) => b[1] - a[1])
  const [first] = used
  if (!first) return notMeasured(what)
  const limit = what === 'cpu' ? view.thresholds.cpuRatio : view.thresholds.memoryRatio
  const shares = [...(what === 'cpu' ? cpuShare(view) : memoryShare(view))].sort((a, b) => b[1].share - a[1].share)
  const say = ([pod, s]: (typeof shares)[number]): string =>
    `${pod} ${amount(what, s.used)} of ${amount(what, s.limit)} (${percent(s.share)})`
  const high = shares.filter(([, s]) => s.share > limit)
  if (high.length) return found(`above ${percent(limit)}: ${some(high.map(say))}`)
  return ok(shares[0] ? `highest ${say(shares[0])}` : `highest ${first[0]} ${amount(what, first[1])}, without a limit`)
}

export const memoryUse = (view: View): CheckResult => against(view, 'memory')
export const cpuUse = (view: View): CheckResult => against(view, 'cpu')

export function resourceUse(view: View): CheckResult {
  const [cpu, memory, kills] = [cpuUse(view), memoryUse(view), oomKills(view)]
  const text = `CPU ${cpu.found}; memory ${memory.found}${kills.status === 'found' ? `; ${kills.found}` : ''}`
  const results = [cpu, memory, kills]
  if (results.some((r) => r.status === 'found')) return found(text)
  return cpu.status === 'unknown' && memory.status === 'unknown' ? unknown(cpu.found) : ok(text)
}

export function resourceLimits(view: View): CheckResult {
  const kills = oomKills(view)
  const changed = material(newestDiff(view) ?? []).filter((c) => c.field === 'resources')
  if (kills.status !== 'ok')
    return changed.length && kills.status === 'found'
      ? found(`${kills.found}; the newest revision changed ${some(changed.map(changeText))}`)
      : kills
  if (!view.template) return unknown('the pod template was not seen')
  const limits = view.template.spec.containers.map(
    (c) => `${c.name} cpu ${c.resources?.limits?.cpu ?? 'unlimited'}, memory ${c.resources?.limits?.memory ?? 'unlimited'}`,
  )
  return ok(`limits: ${some(limits)}; none is what stops a container`)
}

/** Cores used by containers of one name, over all pods. */
function coresByContainer(view: View): Map<string, number> {
  const pods = new Set(view.pods.map((p) => p.metadata.name))
  const measured = (instant(view, 'cpu') ?? []).flatMap((s) => {
    const used = latestOf(s)
    return s.labels.container && pods.has(s.labels.pod ?? '') && used !== undefined ? [{ name: s.labels.container, used }] : []
  })
  const served = all(view.snapshot, 'podmetrics')
    .filter((m) => pods.has(m.metadata.name))
    .flatMap((m) => m.containers.map((c) => ({ name: c.name, used: quantity(c.usage.cpu) ?? 0 })))
  const sums = new Map<string, number>()
  for (const { name, used } of measured.length ? measured : served) sums.set(name, (sums.get(name) ?? 0) + used)
  return sums
}

export function cpuByContainer(view: View): CheckResult {
  const ordered = [...coresByContainer(view)].sort((a, b) => b[1] - a[1])
  const [top] = ordered
  if (!top) return notMeasured('cpu')
  const text = some(ordered.map(([name, n]) => `${name} ${cores(n)}`))
  return view.main && top[0] !== view.main.name && top[1] > 0.1 ? found(`not the service but ${top[0]} uses most: ${text}`) : ok(text)
}

export function cpuByPod(view: View): CheckResult {
  const pods = [...usage(view, 'cpu')].sort((a, b) => b[1] - a[1])
  const [first, ...rest] = pods
  if (!first) return notMeasured('cpu')
  const mean = rest.reduce((sum, [, used]) => sum + used, 0) / Math.max(1, rest.length)
  const text = some(pods.map(([name, used]) => `${name} ${cores(used)}`))
  return rest.length && first[1] > 0.2 && first[1] > 4 * mean ? found(`one pod stands out: ${text}`) : ok(text)
}

export function cpuThrottling(view: View): CheckResult {
  const series = asked(view, 'throttled', 'throttling')
  if (isResult(series)) return series
  const list = view.pods
    .map((p) => ({ pod: p.metadata.name, share: throttling(view).get(p.metadata.name) ?? 0 }))
    .sort((a, b) => b.share - a.share)
  const high = list.filter((s) => s.share > 0.25)
  const say = (s: (typeof list)[number]): string => `${s.pod} in ${percent(s.share)} of periods`
  if (high.length) return found(`held back by the CPU limit: ${some(high.map(say))}`)
  return ok(list[0] ? `most held back: ${say(list[0])}` : 'no pod is there to be held back')
}

export function eventLoop(view: View): CheckResult {
  const busy = asked(view, 'loop_utilization', 'the event loop')
  if (isResult(busy)) return busy
  const top = ranked(busy)[0]
  const lag = ranked(measured(view, 'loop_lag'))[0]
  const text = `${top ? `busiest ${top.labels.pod ?? ''} ${percent(top.value)}` : 'no value'}${lag ? `, longest lag (p99) ${seconds(lag.value)}` : ''}`
  return (top?.value ?? 0) > 0.9 || (lag?.value ?? 0) > view.thresholds.p95Seconds ? found(text) : ok(text)
}

export function memoryTrend(view: View): CheckResult {
  if (!range(view, 'memory')?.length) return unknown('no memory over time was seen')
  const trends = view.pods.flatMap((pod) => {
    const line = trend(memoryPoints(view, pod))
    return line && line.seconds >= 300 ? [{ pod: pod.metadata.name, ...line }] : []
  })
  trends.sort((a, b) => b.perSecond - a.perSecond)
  const [top] = trends
  if (!top) return unknown('less than five minutes of memory since the last start were seen, too little for a trend')
  const say = (t: (typeof trends)[number]): string =>
    `${t.pod} ${t.perSecond < 0 ? '-' : '+'}${bytes(Math.abs(t.perSecond * 3600))} an hour`
  const climbing = trends.filter((t) => t.fit > 0.8 && t.perSecond * t.seconds > 0.1 * t.last)
  return climbing.length ? found(`climbing steadily: ${some(climbing.map(say))}`) : ok(`no steady climb; ${say(top)}`)
}

export function latency(view: View): CheckResult {
  const p95 = asked(view, 'p95', 'latency')
  if (isResult(p95)) return p95
  const { p95Seconds, p99Seconds } = view.thresholds
  const [a, b] = [latestOf(p95[0]), latestOf((instant(view, 'p99') ?? [])[0])]
  if (a === undefined) return unknown('no request was timed in the last 2 min')
  const text = `p95 ${seconds(a)} (at most ${seconds(p95Seconds)})${b === undefined ? '' : `, p99 ${seconds(b)} (at most ${seconds(p99Seconds)})`}`
  return a > p95Seconds || (b ?? 0) > p99Seconds ? found(text) : ok(text)
}

export function latencyPattern(view: View): CheckResult {
  const routes = asked(view, 'p95_by_route', 'latency by route')
  if (isResult(routes)) return routes
  const list = ranked(routes)
  const slow = list.filter((r) => r.value > view.thresholds.p95Seconds)
  const say = (r: (typeof list)[number]): string => `${r.labels[view.service.metrics.routeLabel] ?? '?'} p95 ${seconds(r.value)}`
  if (list.length === 0) return unknown('no request was timed in the last 2 min')
  return slow.length
    ? found(`${slow.length} of ${many(list.length, 'route')} slow: ${some(slow.map(say))}`)
    : ok(`slowest ${say(list[0]!)}`)
}

export function trafficNow(view: View): CheckResult {
  const now = traffic(view)?.rate
  const history = range(view, 'request_rate') ?? []
  const times = new Map<number, number>()
  for (const s of history) for (const [at, v] of s.points) if (Number.isFinite(v)) times.set(at, (times.get(at) ?? 0) + v)
  const rates = [...times].sort((a, b) => a[0] - b[0]).map(([, v]) => v)
  const middle = [...rates].sort((a, b) => a - b)[Math.floor(rates.length / 2)]
  if (now === undefined || middle === undefined) return unknown('traffic over time needs Prometheus')
  const text = `${Number(now.toFixed(1))} requests a second now, ${Number(middle.toFixed(1))} in the middle of the last ${span(view.snapshot.target.lookbackSeconds)}`
  return middle > 0.1 && now > 3 * middle ? found(text) : ok(text)
}

export function logVolume(view: View): CheckResult {
  const { logs } = view.snapshot
  if (logs.state !== 'ok') return unknown(`cannot see logs: ${logs.state}, ${logs.reason}`)
  const rates = logs.value
    .filter((l) => !l.previous)
    .flatMap((l) => {
      const [first, last] = [millis(l.lines[0]?.time), millis(l.lines.at(-1)?.time)]
      return first !== undefined && last !== undefined && last > first && linesOf([l]).length > 20
        ? [{ name: `${l.pod}/${l.container}`, perSecond: l.lines.length / ((last - first) / 1000) }]
        : []
    })
  rates.sort((a, b) => b.perSecond - a.perSecond)
  const top = rates[0]
  if (!top) return ok('too few lines were logged to matter')
  const text = `most lines: ${top.name} ${Number(top.perSecond.toFixed(1))} a second`
  return top.perSecond > 100 ? found(text) : ok(text)
}
