/** Checks of streams, sessions and what they hold. */
import { bytes } from '../quantity.ts'
import { streamAges, tooMuchWaits } from '../stream-ages.ts'
import { usage } from '../usage.ts'
import type { View } from '../view.ts'
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
  windowOf,
} from './result.ts'

const byPod = (view: View, name: string): Map<string, number> =>
  new Map(ranked(measured(view, name)).map((s) => [s.labels.pod ?? '?', s.value]))

export function streamsAgainstLimit(view: View): CheckResult {
  const open = asked(view, 'streams', 'open streams')
  if (isResult(open)) return open
  const limits = byPod(view, 'streams_limit')
  const list = ranked(open).map((s) => ({
    pod: s.labels.pod ?? '?',
    open: s.value,
    share: limits.get(s.labels.pod ?? '?') ? s.value / limits.get(s.labels.pod ?? '?')! : undefined,
  }))
  const full = list.filter((p) => (p.share ?? 0) > 0.9)
  const say = (p: (typeof list)[number]): string =>
    `${p.pod} ${p.open}${p.share === undefined ? '' : ` (${percent(p.share)} of its limit)`}`
  if (full.length) return found(`${full.length} of ${many(list.length, 'pod')} at the limit: ${some(full.map(say))}`)
  return list[0] ? ok(`most open: ${say(list[0])}`) : unknown('no value for open streams')
}

const counted =
  (name: string, what: string, querySeconds: number, worth: (reason: string) => boolean) =>
  (view: View): CheckResult => {
    const series = asked(view, name, what)
    if (isResult(series)) return series
    const list = ranked(series).filter((s) => s.value >= 0.5)
    const reasons = some(
      list.map((s) => `${s.labels.reason ?? '?'} ${Math.round(s.value)}`),
      5,
    )
    const text = `${what} in ${windowOf(view, querySeconds).text}: ${reasons || 'none'}`
    return list.some((s) => worth(s.labels.reason ?? '')) ? found(text) : ok(text)
  }

export const streamRejections = counted('streams_rejected', 'streams refused', 120, (reason) => reason !== 'draining')
export const streamClosings = counted('streams_closed', 'streams ended', 300, (reason) => reason === 'error' || reason === 'backpressure')

export function streamDistribution(view: View): CheckResult {
  const open = asked(view, 'streams', 'open streams')
  if (isResult(open)) return open
  const list = ranked(open)
  const total = list.reduce((sum, s) => sum + s.value, 0)
  const top = list[0]
  const text = some(list.map((s) => `${s.labels.pod ?? '?'} ${s.value}`))
  const lopsided = top && list.length > 1 && total >= 10 && top.value > (2 * total) / list.length && top.value > 0.6 * total
  return lopsided ? found(`most streams are at one pod: ${text}`) : ok(text)
}

export function fileDescriptors(view: View): CheckResult {
  const series = asked(view, 'descriptors', 'file descriptors')
  if (isResult(series)) return series
  const top = ranked(series)[0]
  if (!top) return unknown('no value for file descriptors')
  const text = `most used: ${top.labels.pod ?? '?'} ${percent(top.value)}`
  return top.value > 0.9 ? found(text) : ok(text)
}

export function streamMemory(view: View): CheckResult {
  const open = asked(view, 'streams', 'open streams')
  if (isResult(open)) return open
  const memory = usage(view, 'memory')
  const each = ranked(open).flatMap((s) => {
    const used = memory.get(s.labels.pod ?? '')
    return used !== undefined && s.value >= 10 ? [{ pod: s.labels.pod ?? '?', bytes: used / s.value }] : []
  })
  if (each.length === 0) return ok('too few streams are open for a share of memory to mean anything')
  each.sort((a, b) => b.bytes - a.bytes)
  const text = `most for each stream: ${each[0]!.pod} ${bytes(each[0]!.bytes)}, everything else in the process counted in`
  return each[0]!.bytes > 20 * 2 ** 20 ? found(text) : ok(text)
}

export function memoryHolders(view: View): CheckResult {
  const sessions = asked(view, 'sessions', 'sessions')
  if (isResult(sessions)) return sessions
  const streams = byPod(view, 'streams')
  const list = ranked(sessions)
  const text = some(list.map((s) => `${s.labels.pod ?? '?'} ${s.value} sessions, ${streams.get(s.labels.pod ?? '?') ?? 0} streams`))
  const orphans = list.filter((s) => s.value > 1000 && s.value > 10 * Math.max(1, streams.get(s.labels.pod ?? '?') ?? 0))
  return orphans.length ? found(`sessions far outnumber open streams: ${text}`) : ok(text || 'no session is open')
}

export function streamFirstMessage(view: View): CheckResult {
  const series = asked(view, 'stream_first', 'the time to the first message of a stream')
  if (isResult(series)) return series
  const [first, plain] = [latestOf(series[0]), latestOf(measured(view, 'p95')[0])]
  if (first === undefined) return unknown('no stream sent a first message in the last 5 min')
  const text = `95% of streams have their first message within ${seconds(first)}${plain === undefined ? '' : `; plain requests are answered within ${seconds(plain)}`}`
  return first > view.thresholds.p99Seconds ? found(text) : ok(text)
}

/** Ended streams below this many have no usual age. */
const fewestEnded = 10

export function streamDuration(view: View): CheckResult {
  const series = asked(view, 'stream_age', 'the age of ended streams')
  if (isResult(series)) return series
  const groups = streamAges(view)
  const age = groups.mean
  const opened = measured(view, 'streams_opened').reduce((sum, s) => sum + (latestOf(s) ?? 0), 0)
  if (groups.ended < 1 || age === undefined)
    return opened >= 2 * fewestEnded
      ? found(`${Math.round(opened)} streams were opened in 15 min and none ended`)
      : ok('no stream ended in the last 15 min')
  const { most } = groups
  const text = `${Math.round(groups.ended)} streams ended in 15 min, at ${seconds(age)} on average; ${Math.round(opened)} were opened`
  return groups.ended >= fewestEnded && most && most.n / groups.ended >= 0.8 && most.from >= 5
    ? found(`${text}; ${percent(most.n / groups.ended)} of them between ${most.from} and ${most.to} s old`)
    : ok(text)
}

export function streamThroughput(view: View): CheckResult {
  const series = asked(view, 'stream_messages', 'messages of streams')
  if (isResult(series)) return series
  const open = [...byPod(view, 'streams').values()].reduce((sum, n) => sum + n, 0)
  const rate = ranked(series).reduce((sum, s) => sum + s.value, 0)
  if (open < 1) return ok('no stream is open')
  return ok(`${Number(rate.toFixed(1))} messages a second on ${many(open, 'stream')}: ${Number((rate / open).toPrecision(2))} for each`)
}

export function streamBuffers(view: View): CheckResult {
  const series = asked(view, 'stream_buffered', 'bytes that wait for readers')
  if (isResult(series)) return series
  const open = byPod(view, 'streams')
  const list = ranked(series)
  const slow = list.filter((s) => tooMuchWaits(s.value, open.get(s.labels.pod ?? '?')))
  const text = `bytes that wait: ${some(list.map((s) => `${s.labels.pod ?? '?'} ${bytes(s.value)}`))}`
  return slow.length ? found(`readers are too slow, ${text}`) : ok(text)
}
