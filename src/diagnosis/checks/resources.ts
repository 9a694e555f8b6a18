/** Checks of CPU, memory, the event loop and time: how much of what there is. */

import { all } from '../../facts/lookup.ts'
import { newestDiff } from '../changes.ts'
import { linesOf } from '../logs.ts'
import { bytes, cores, quantity } from '../quantity.ts'
import { changeText, material } from '../template-diff.ts'
import { millis, span } from '../time.ts'
import { traffic } from '../traffic.ts'
import { instant, range, type View } from '../view.ts'
import { oomKills } from './pods.ts'
import { asked, type CheckResult, found, isResult, latestOf, many, ok, percent, ranked, seconds, some, unknown } from './result.ts'

interface Use {
  pod: string
  container: string
  used: number
  limit: number | undefined
}

/** Use by container from Prometheus, else from the metrics API. */
function uses(view: View, what: 'cpu' | 'memory'): Use[] | CheckResult {
  const pods = new Map(view.pods.map((p) => [p.metadata.name, p]))
  const limitOf = (pod: string, container: string): number | undefined => {
    const limit = pods.get(pod)?.spec.containers.find((c) => c.name === container)?.resources?.limits?.[what]
    return quantity(limit)
  }
  const measured = (instant(view, what) ?? []).flatMap((s) => {
    const { pod = '', container = '' } = s.labels
    const used = latestOf(s)
    return used !== undefined && pods.has(pod) ? [{ pod, container, used, limit: limitOf(pod, container) }] : []
  })
  if (measured.length) return measured
  const metrics = all(view.snapshot, 'podmetrics').filter((m) => pods.has(m.metadata.name))
  const listed = metrics.flatMap((m) =>
    m.containers.flatMap((c) => {
      const used = quantity(c.usage[what])
      return used === undefined ? [] : [{ pod: m.metadata.name, container: c.name, used, limit: limitOf(m.metadata.name, c.name) }]
    }),
  )
  return listed.length ? listed : unknown(`cannot see ${what} use: neither Prometheus nor the metrics API has these pods`)
}

const amount = (what: 'cpu' | 'memory', n: number): string => (what === 'cpu' ? cores(n) : bytes(n))

function against(view: View, what: 'cpu' | 'memory'): CheckResult {
  const list = uses(view, what)
  if (!Array.isArray(list)) return list
  const limit = what === 'cpu' ? view.thresholds.cpuRatio : view.thresholds.memoryRatio
  const shares = list.map((u) => ({ ...u, share: u.limit ? u.used / u.limit : 0 })).sort((a, b) => b.share - a.share || b.used - a.used)
  const say = (u: Use): string =>
    `${u.pod}/${u.container} ${amount(what, u.used)}${u.limit ? ` of ${amount(what, u.limit)} (${percent(u.used / u.limit)})` : ' without a limit'}`
  const high = shares.filter((u) => u.share > limit)
  return high.length ? found(`above ${percent(limit)}: ${some(high.map(say))}`) : ok(`highest ${say(shares[0]!)}`)
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

export function cpuByContainer(view: View): CheckResult {
  const list = uses(view, 'cpu')
  if (!Array.isArray(list)) return list
  const own = view.main?.name
  const sums = new Map<string, number>()
  for (const u of list) sums.set(u.container, (sums.get(u.container) ?? 0) + u.used)
  const ordered = [...sums].sort((a, b) => b[1] - a[1])
  const text = some(ordered.map(([name, n]) => `${name} ${cores(n)}`))
  return own && ordered[0] && ordered[0][0] !== own && ordered[0][1] > 0.1
    ? found(`not the service but ${ordered[0][0]} uses most: ${text}`)
    : ok(text)
}

export function cpuByPod(view: View): CheckResult {
  const list = uses(view, 'cpu')
  if (!Array.isArray(list)) return list
  const pods = view.pods
    .map((p) => ({ name: p.metadata.name, used: list.filter((u) => u.pod === p.metadata.name).reduce((s, u) => s + u.used, 0) }))
    .sort((a, b) => b.used - a.used)
  const rest = pods.slice(1)
  const mean = rest.reduce((s, p) => s + p.used, 0) / Math.max(1, rest.length)
  const text = some(pods.map((p) => `${p.name} ${cores(p.used)}`))
  const first = pods[0]
  return first && rest.length && first.used > 0.2 && first.used > 4 * mean ? found(`one pod stands out: ${text}`) : ok(text)
}

export function cpuThrottling(view: View): CheckResult {
  const series = asked(view, 'throttled', 'throttling')
  if (isResult(series)) return series
  const pods = new Set(view.pods.map((p) => p.metadata.name))
  const list = ranked(series).filter((s) => pods.has(s.labels.pod ?? ''))
  const high = list.filter((s) => s.value > 0.25)
  const say = (s: (typeof list)[number]): string => `${s.labels.pod}/${s.labels.container} in ${percent(s.value)} of periods`
  return high.length
    ? found(`held back by the CPU limit: ${some(high.map(say))}`)
    : ok(list[0] ? `most held back: ${say(list[0])}` : 'no container has a CPU limit that could hold it back')
}

export function eventLoop(view: View): CheckResult {
  const busy = asked(view, 'loop_utilization', 'the event loop')
  if (isResult(busy)) return busy
  const top = ranked(busy)[0]
  const lag = ranked(instant(view, 'loop_lag') ?? [])[0]
  const text = `${top ? `busiest ${top.labels.pod ?? ''} ${percent(top.value)}` : 'no value'}${lag ? `, longest lag (p99) ${seconds(lag.value)}` : ''}`
  return (top?.value ?? 0) > 0.9 || (lag?.value ?? 0) > view.thresholds.p95Seconds ? found(text) : ok(text)
}

export function memoryTrend(view: View): CheckResult {
  const series = range(view, 'memory')
  if (!series?.length) return unknown('no memory over time was seen')
  const grown = series.flatMap((s) => {
    const points = s.points.filter(([, v]) => Number.isFinite(v))
    const [first, last] = [points[0], points.at(-1)]
    if (!first || !last || last[0] - first[0] < 300) return []
    const rising = points.filter(([, v], i) => i > 0 && v >= (points[i - 1]?.[1] ?? v)).length / Math.max(1, points.length - 1)
    return [
      {
        pod: s.labels.pod ?? '?',
        container: s.labels.container ?? '?',
        perHour: ((last[1] - first[1]) / (last[0] - first[0])) * 3600,
        share: (last[1] - first[1]) / Math.max(1, first[1]),
        rising,
      },
    ]
  })
  if (grown.length === 0) return unknown('less than five minutes of memory were seen, too little for a trend')
  const climbing = grown.filter((g) => g.share > 0.2 && g.rising > 0.7).sort((a, b) => b.perHour - a.perHour)
  const say = (g: (typeof grown)[number]): string =>
    `${g.pod}/${g.container} ${g.perHour < 0 ? '-' : '+'}${bytes(Math.abs(g.perHour))} an hour`
  return climbing.length
    ? found(`climbing steadily: ${some(climbing.map(say))}`)
    : ok(`no steady climb; ${say([...grown].sort((a, b) => b.perHour - a.perHour)[0]!)}`)
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
  const text = `${Number(now.toFixed(1))} requests a second now, ${Number(middle.toFixed(1))} in the middle of the last ${span(view.snapshot.target.lookbackSeconds * 1000)}`
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
