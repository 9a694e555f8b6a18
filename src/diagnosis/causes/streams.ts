/** Long answers: too many of them, ones that never end, ones that something on the way ends, readers that are too slow. */
import { parseDuration } from '../../duration.ts'
import type { KubeObject } from '../../facts/kubernetes-types.ts'
import { all } from '../../facts/lookup.ts'
import { editedAt } from '../changes.ts'
import { type Claim, type Family, refuted, seen, supported } from '../claim.ts'
import { bytes } from '../quantity.ts'
import { cameAtOnce, stays, streamAges, streamRise, tooMuchWaits } from '../stream-ages.ts'
import { percent } from '../symptoms.ts'
import { memoryShare } from '../usage.ts'
import type { Evidence, Subject } from '../verdict.ts'
import { instant, type View } from '../view.ts'
import { edgeWorkload, proxyBefore } from './proxies.ts'

export const streams: Family = (view) => [...places(view), ...cut(view), ...slowReaders(view)]

const latest = (view: View, name: string): number | undefined => {
  const series = instant(view, name)
  return series?.length ? series.reduce((sum, s) => sum + (s.points.at(-1)?.[1] || 0), 0) : undefined
}

/** Streams that ended in five minutes, by what ended them. */
function closings(view: View): { all: number; of: (reason: RegExp) => number } {
  const rows = (instant(view, 'streams_closed') ?? []).map((s) => ({ reason: s.labels.reason ?? '', n: s.points.at(-1)?.[1] || 0 }))
  const of = (reason: RegExp): number => rows.reduce((sum, r) => sum + (reason.test(r.reason) ? r.n : 0), 0)
  return { all: of(/^/), of }
}

/** Pods whose places for streams are taken. */
function places(view: View): Claim[] {
  const active = instant(view, 'streams') ?? []
  const limits = instant(view, 'streams_limit') ?? []
  const full = active.flatMap((s) => {
    const limit = limits.find((l) => l.labels.pod === s.labels.pod)?.points.at(-1)?.[1]
    const value = s.points.at(-1)?.[1] ?? 0
    return limit && limit > 0 && value / limit > 0.9 ? [{ pod: s.labels.pod, value, limit }] : []
  })
  const rejected = latest(view, 'streams_rejected') ?? 0
  const first = full[0]
  if (!first) return []
  const closed = latest(view, 'streams_closed') ?? 0
  const rise = streamRise(view)
  const evidence: Evidence[] = [
    {
      source: 'prometheus',
      asked: `streaming_active_connections of ${first.pod}`,
      observed: `${first.value} of ${first.limit}`,
      expected: 'below 90%',
    },
    {
      source: 'prometheus',
      asked: 'streams rejected in 2 min, closed in 5 min',
      observed: `${Math.round(rejected)}, ${Math.round(closed)}`,
    },
    ...(rise
      ? [
          {
            source: 'prometheus' as const,
            asked: 'open streams over time',
            observed: `from ${Math.round(rise.from)} to ${Math.round(rise.to)} in ${Math.round(rise.until - rise.since)} s${rise.even ? ', the same number more all the time' : ''}`,
          },
        ]
      : []),
  ]
  const grew = rise?.even === true && stays(view, rise) === true
  const never = rejected > 0 && (grew || (closed === 0 && !cameAtOnce(rise)))
  const room = [...memoryShare(view).values()]
  const principals = (instant(view, 'streams_rejected') ?? []).find((s) => s.labels.reason === 'principal_limit')?.points.at(-1)?.[1] ?? 0
  // Twice as many, where all that the pods hold now is less than half of what they may.
  const raise = !never && principals <= rejected / 2 && room.length > 0 && room.every((m) => m.share < 0.5)
  return [
    supported({
      code: never ? 'stream_leak' : 'stream_limit',
      subject: view.subject,
      confidence: 0.8,
      summary: never
        ? `streams are opened and ${closed > 0 ? 'most of them ' : ''}never closed until the limit of ${first.limit} is reached`
        : `${full.length} pods are at their limit of ${first.limit} streams${rejected > 0 ? `; ${Math.round(rejected)} were turned away` : ''}`,
      evidence,
      hints: raise ? { setting: 'max-streams', value: String(2 * first.limit) } : {},
    }),
    never
      ? refuted(
          'stream_limit',
          view.subject,
          grew ? 'the same number more stay open all the time, however many ask' : 'no stream was closed while others were turned away',
        )
      : refuted(
          'stream_leak',
          view.subject,
          closed > 0 ? `${Math.round(closed)} streams were closed in 5 min` : 'they were opened at once, not one after the other',
        ),
  ]
}

/** Fewer ended streams than this say nothing of an age. */
const fewestEnded = 10
const together = 0.8
/** No time-out of a proxy is shorter than this; seconds. */
const shortest = 5

/** A group of ages whose upper bound is less than so many times its lower one tells the age by itself: a few longer ones only shift the mean. */
const narrowest = 1.6
/** By how much of the age those few may shift it; more, and the ages are spread over the group. */
const shifted = 0.12
/** How near below the bound of a group a clock strikes whose streams are found on both sides of it. */
const atBound = 0.95
/** Seconds that people set time-outs to. */
const roundAges = [10, 15, 20, 30, 45, 50, 55, 60, 75, 90, 100, 120, 180, 240, 300, 350, 600, 900, 3600]

/** Streams that end all at one age although neither side meant to end them: something on the way has a clock of its own. */
function cut(view: View): Claim[] {
  // What the service ended itself says nothing of the way; where it tells no reasons, all count.
  const { ended, most, mean: age } = streamAges(view, /^(client|error)?$/)
  if (!most || ended < fewestEnded || age === undefined || !(age > shortest)) return []
  // Streams of all ages end by themselves; those of one length, and no other, were cut. The mean tells the age where the bucket is wide.
  // Where a clock strikes just below the bound of a group, those that are noticed late are in the next.
  const split = most.n / ended < together
  const cutThen = most.n + (split && most.next <= most.n ? most.next : 0)
  if (cutThen / ended < together || most.from < shortest || !Number.isFinite(most.to)) return []
  const narrow = most.to < narrowest * most.from
  if (!narrow && (age < most.from || age > most.to)) return []
  const by = closings(view)
  const told = (instant(view, 'stream_ages') ?? []).some((s) => s.labels.reason)
  if (!told && by.all > 0 && by.of(/lifetime|shutdown|drain|replaced|completed|ended|backpressure/) > 0.2 * by.all)
    return [refuted('idle_timeout', view.subject, 'the service itself ended them')]
  const fits = (seconds: number): boolean => !split || seconds > atBound * most.to
  const rule = timeouts(view).find(
    (t) =>
      fits(t.seconds) &&
      t.seconds > most.from * 0.95 &&
      t.seconds < most.to &&
      Math.abs(t.seconds - age) < (narrow ? 0.5 : 0.25) * t.seconds,
  )
  const round = roundAges
    .filter(fits)
    .find((seconds) =>
      narrow
        ? seconds > most.from && seconds <= most.to && Math.abs(seconds - age) < shifted * seconds
        : Math.abs(seconds - age) < Math.max(1, 0.03 * seconds),
    )
  if (!rule && round === undefined) return []
  const seconds = rule?.seconds ?? round!
  return [
    supported({
      code: 'idle_timeout',
      subject: rule?.subject ?? edgeWorkload(view) ?? proxyBefore(view) ?? view.subject,
      since: rule?.at,
      confidence: rule ? 0.93 : 0.8,
      summary: `${percent(cutThen / ended)} of streams end at the age of ${seconds} s: ${rule ? rule.what : 'something between the callers and the service'} cuts them`,
      evidence: [
        {
          source: 'prometheus',
          asked: 'streams ended in 15 min, by age',
          observed: `${Math.round(most.n)} of ${Math.round(ended)} between ${most.from} and ${most.to} s${split ? ` and ${Math.round(most.next)} just above` : ''}, ${age.toFixed(1)} s on average`,
          expected: 'all ages',
        },
        ...(by.all > 0
          ? [
              {
                source: 'prometheus' as const,
                asked: 'streams ended in 5 min, by what ended them',
                observed: `${Math.round(by.of(/client|error/))} of ${Math.round(by.all)} by the other side`,
              },
            ]
          : []),
        ...(rule ? [rule.evidence] : []),
      ],
    }),
    refuted('stream_leak', view.subject, 'streams do end'),
  ]
}

export interface Timeout {
  subject: Subject
  seconds: number
  what: string
  at: string | undefined
  evidence: Evidence
}

const timeoutName = /(?:proxy-(?:read|send)-timeout|timeout-(?:server|client|tunnel)|idle[-_]?timeout|response-timeout|request-timeout)/i

/** Time-outs that an Ingress or a Service of the service states for what stands before it, in annotations of whatever controller. */
export function timeouts(view: View): Timeout[] {
  const mine = all(view.snapshot, 'ingresses').filter((i) =>
    (i.spec?.rules ?? []).some((r) => r.http?.paths?.some((p) => p.backend.service?.name === view.service.service)),
  )
  const objects: [string, KubeObject][] = [...mine.map((i): [string, KubeObject] => ['Ingress', i])]
  if (view.front) objects.push(['Service', view.front])
  return objects.flatMap(([kind, object]) =>
    Object.entries(object.metadata.annotations ?? {}).flatMap(([key, value]) => {
      const stated = timeoutName.test(key) ? value : /idle_timeout\.timeout_seconds=(\d+)/.exec(value)?.[1]
      const seconds = stated === undefined ? undefined : parseDuration(stated)
      if (!seconds) return []
      const at = editedAt(object)
      return [
        {
          subject: { kind, namespace: object.metadata.namespace, name: object.metadata.name },
          seconds,
          what: `${kind} ${object.metadata.name} (${key.replace(/^.*\//, '')}: ${value})`,
          at,
          evidence: seen(kind, object, `metadata.annotations[${key}]`, value, undefined, at),
        },
      ]
    }),
  )
}

const fewestSlow = 5

/** Clients that read more slowly than is written to them. */
function slowReaders(view: View): Claim[] {
  const open = new Map((instant(view, 'streams') ?? []).map((s) => [s.labels.pod, s.points.at(-1)?.[1] ?? 0]))
  const waiting = (instant(view, 'stream_buffered') ?? [])
    .map((s) => ({
      pod: s.labels.pod ?? '?',
      bytes: s.points.at(-1)?.[1] || 0,
      each: (s.points.at(-1)?.[1] || 0) / (open.get(s.labels.pod) || 1),
    }))
    .filter((w) => tooMuchWaits(w.bytes, open.get(w.pod)))
    .sort((a, b) => b.bytes - a.bytes)
  const by = closings(view)
  const ended = by.of(/backpressure|slow/)
  // Streams that were ended in order say nothing of those that were not.
  const many = ended >= fewestSlow && ended > 0.2 * (by.all - by.of(/session_ended|completed|replaced/))
  if (waiting.length === 0 && !many) return []
  return [
    supported({
      code: 'slow_consumers',
      subject: view.subject,
      confidence: waiting.length && many ? 0.93 : 0.85,
      summary: waiting[0]
        ? `clients read too slowly: ${bytes(waiting[0].bytes)} wait for them in ${waiting[0].pod}`
        : `clients read too slowly: ${Math.round(ended)} streams were closed for it in 5 min`,
      evidence: [
        ...waiting.slice(0, 3).map(
          (w): Evidence => ({
            source: 'prometheus',
            asked: `bytes waiting in streams of ${w.pod}`,
            observed: `${bytes(w.bytes)}, ${bytes(w.each)} for each stream`,
            expected: 'next to none',
          }),
        ),
        ...(by.all > 0
          ? [
              {
                source: 'prometheus' as const,
                asked: 'streams ended in 5 min for want of a reader',
                observed: `${Math.round(ended)} of ${Math.round(by.all)}`,
                expected: 'few',
              },
            ]
          : []),
      ],
    }),
    refuted('stream_leak', view.subject, 'what waits is data that was not read, not streams that nobody closed'),
  ]
}
