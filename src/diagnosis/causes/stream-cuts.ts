/** Streams that something on the way ends: told by its log, by the age of all that end, and by the time-outs that objects state. */
import { parseDuration } from '../../duration.ts'
import type { KubeObject } from '../../facts/kubernetes/object.ts'
import { all } from '../../facts/lookup.ts'
import { editedAt } from '../changes.ts'
import { type Claim, refuted, seen, supported } from '../claim.ts'
import { logEvidence, matching, patterns } from '../logs.ts'
import { percent } from '../quantity.ts'
import { closings, streamAges } from '../stream-ages.ts'
import type { Evidence, Subject } from '../verdict.ts'
import { instant, type View } from '../view.ts'
import { edgeWorkload, proxyBefore } from './proxies.ts'

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

/** Lines of a proxy about answers that it cut, from which it is no chance, and how far back they count, in milliseconds. */
const fewestCut = 5
const cutLately = 900_000

/** What stands before the service says that it ends answers on which nothing came. */
export function toldByEdge(view: View): Claim[] {
  const { edgeLogs } = view.snapshot
  const lines = edgeLogs?.state === 'ok' ? matching(edgeLogs.value, patterns.cutByProxy, view.now - cutLately) : []
  const subject = edgeWorkload(view)
  if (lines.length < fewestCut || subject === undefined) return []
  const { ended, mean } = streamAges(view, /^(client|error)?$/)
  return [
    supported({
      code: 'idle_timeout',
      subject,
      since: lines[0]!.time,
      confidence: 0.92,
      summary: `${subject.kind} ${subject.name} cuts answers on which nothing came for a while: ${lines.length} in the lines that were read`,
      evidence: [
        logEvidence(lines, 'streams that end because one side wants it'),
        ...(ended >= fewestEnded && mean !== undefined
          ? [
              {
                source: 'prometheus' as const,
                asked: 'streams that the other side ended in 15 min, and their mean age',
                observed: `${Math.round(ended)}, ${mean.toFixed(1)} s`,
              },
            ]
          : []),
      ],
    }),
    refuted('stream_leak', view.subject, 'streams do end'),
  ]
}

/** Streams that end all at one age although neither side meant to end them: something on the way has a clock of its own. */
export function cut(view: View): Claim[] {
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
