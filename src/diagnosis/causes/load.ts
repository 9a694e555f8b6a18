/** More asked than can be answered: traffic, streams, attacks. Judged from the service's own counters. */
import { type Claim, type Family, refuted, supported } from '../claim.ts'
import { percent } from '../symptoms.ts'
import { traffic } from '../traffic.ts'
import { cpuShare } from '../usage.ts'
import type { Evidence } from '../verdict.ts'
import { instant, range, type View } from '../view.ts'

export const load: Family = (view) => [...surge(view), ...streams(view), ...attacks(view)]

const last = (view: View, name: string): number | undefined => {
  const series = instant(view, name)
  return series?.length ? series.reduce((sum, s) => sum + (s.points.at(-1)?.[1] ?? 0), 0) : undefined
}

/** Offered load this many times the usual counts as a surge where the pods are at their limit too. */
const surgeFactor = 3

function surge(view: View): Claim[] {
  const series = range(view, 'request_rate') ?? []
  const totals = new Map<number, number>()
  for (const s of series) for (const [t, v] of s.points) if (Number.isFinite(v)) totals.set(t, (totals.get(t) ?? 0) + v)
  const rates = [...totals].sort((a, b) => a[0] - b[0]).map(([, v]) => v)
  if (rates.length < 20) return []
  const now = rates.at(-1)!
  const usual = [...rates.slice(0, -5)].sort((a, b) => a - b)[Math.floor((rates.length - 5) / 2)]!
  const hot = [...cpuShare(view).values()].filter((s) => s.share > view.thresholds.cpuRatio).length
  const shed = traffic(view)?.byStatus
  const refusals = (shed?.get('429') ?? 0) + (shed?.get('503') ?? 0)
  if (!(usual > 0.5 && now > surgeFactor * usual) || (hot < view.pods.length && refusals === 0)) return []
  const evidence: Evidence[] = [
    {
      source: 'prometheus',
      asked: 'requests per second, now and usually',
      observed: `${now.toFixed(1)} against ${usual.toFixed(1)}`,
      expected: `below ${surgeFactor} times the usual`,
    },
  ]
  return [
    supported({
      code: 'traffic_surge',
      subject: view.subject,
      confidence: 0.85,
      summary: `${(now / usual).toFixed(1)} times the usual requests arrive and the pods are at their limit`,
      evidence,
    }),
  ]
}

function streams(view: View): Claim[] {
  const active = instant(view, 'streams') ?? []
  const limits = instant(view, 'streams_limit') ?? []
  const full = active.flatMap((s) => {
    const limit = limits.find((l) => l.labels.pod === s.labels.pod)?.points.at(-1)?.[1]
    const value = s.points.at(-1)?.[1] ?? 0
    return limit && limit > 0 && value / limit > 0.9 ? [{ pod: s.labels.pod, value, limit }] : []
  })
  const rejected = last(view, 'streams_rejected') ?? 0
  const first = full[0]
  if (!first) return []
  const closed = last(view, 'streams_closed') ?? 0
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
  ]
  const never = closed === 0
  return [
    supported({
      code: never && rejected > 0 ? 'stream_leak' : 'stream_limit',
      subject: view.subject,
      confidence: 0.8,
      summary:
        never && rejected > 0
          ? `streams are opened and never closed until the limit of ${first.limit} is reached`
          : `${full.length} pods are at their limit of ${first.limit} streams${rejected > 0 ? `; ${Math.round(rejected)} were turned away` : ''}`,
      evidence,
    }),
  ]
}

/** Failures a minute below which a wrong password is just a wrong password. */
const fewestFailures = 20

function attacks(view: View): Claim[] {
  const attempts = last(view, 'auth_attempts')
  const failures = last(view, 'auth_failures')
  if (
    attempts === undefined ||
    failures === undefined ||
    failures < fewestFailures * 2 ||
    failures / attempts < view.thresholds.authFailureRatio
  )
    return []
  const limited = instant(view, 'rate_limited') ?? []
  const abuse = limited.filter((s) => s.labels.reason === 'abuse').reduce((sum, s) => sum + (s.points.at(-1)?.[1] ?? 0), 0)
  const evidence: Evidence[] = [
    {
      source: 'prometheus',
      asked: 'auth_failures_total against auth_attempts_total, 2 min',
      observed: `${Math.round(failures)} of ${Math.round(attempts)} (${percent(failures / attempts)})`,
      expected: `below ${percent(view.thresholds.authFailureRatio)}`,
    },
    { source: 'prometheus', asked: 'rate_limit_hits_total{reason="abuse"}, 2 min', observed: String(Math.round(abuse)) },
  ]
  const everyone = failures / attempts > 0.9
  return everyone
    ? [
        supported({
          code: 'auth_config',
          subject: view.subject,
          confidence: 0.6,
          summary: `nearly every login fails (${percent(failures / attempts)}): clients that used to succeed fail too`,
          evidence,
        }),
        refuted('brute_force', view.subject, 'the failures are not of one source beside logins that succeed'),
      ]
    : [
        supported({
          code: 'brute_force',
          subject: view.subject,
          confidence: 0.7,
          summary: `${Math.round(failures)} logins failed in two minutes beside ${Math.round(attempts - failures)} that succeeded`,
          evidence,
        }),
      ]
}
