import { type Claim, type Family, refuted, supported } from '../claim.ts'
import { bytes } from '../quantity.ts'
import { cameAtOnce, closings, stays, streamRise, tooMuchWaits } from '../stream-ages.ts'
import { memoryShare } from '../usage.ts'
import type { Evidence } from '../verdict.ts'
import { instant, type View } from '../view.ts'
import { cut, toldByEdge } from './stream-cuts.ts'

export const streams: Family = (view) => {
  const told = toldByEdge(view)
  return [...places(view), ...(told.length > 0 ? told : cut(view)), ...slowReaders(view)]
}

const latest = (view: View, name: string): number | undefined => {
  const series = instant(view, name)
  return series?.length ? series.reduce((sum, s) => sum + (s.points.at(-1)?.[1] || 0), 0) : undefined
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
