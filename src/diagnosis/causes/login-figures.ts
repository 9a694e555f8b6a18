/** Logins that were tried and refused, over time. */
import { span } from '../../duration.ts'
import { wilson } from '../../slo/confidence.ts'
import { answeredAsUsual, heldSince, rateOf, summed, usual } from '../history.ts'
import { type Traffic, traffic, trafficLately } from '../traffic.ts'
import type { Evidence } from '../verdict.ts'
import { instant, range, type View } from '../view.ts'

export interface Logins {
  attempts: number
  failures: number
  /** In so many seconds. */
  seconds: number
  asked: string
  source: Evidence['source']
  /** Successes and attempts a second, before it began and now; undefined where no history was seen. */
  before: { attempts: number; successes: number } | undefined
  now: { attempts: number; successes: number } | undefined
  onset: number | undefined
  /** No more are tried than before, as far as even a short history tells; undefined where there is hardly any. */
  calm: boolean | undefined
}

interface Point {
  at: number
  attempts: number
  successes: number
}

/** Seconds that tell of a trouble which has only just begun, and refusals below which they are too few to. */
const lately = 20
const fewestLately = 20

/** Attempts to log in: from their own counters where the service has them, and as requests answered 401 or 403 among all, which tells of less time. */
export function loginsOf(view: View): Logins[] {
  const counted = fromCounters(view)
  // Who counts logins knows those from others whom it refuses, such as a source that is blocked already.
  const statuses = counted === undefined ? ['401', '403'] : ['401']
  const last = fromAnswers(view, trafficLately(view, lately), statuses)
  const found = [counted, fromAnswers(view, traffic(view), statuses), last && surely(view, last) ? last : undefined]
  return found.filter((seen) => seen !== undefined)
}

/** Whether so many of a few are refused that it is no chance. */
const surely = (view: View, { failures, attempts }: Logins): boolean =>
  failures >= fewestLately && (wilson({ bad: failures, total: attempts })?.low ?? 0) > view.thresholds.authFailureRatio

function fromCounters(view: View): Logins | undefined {
  const sum = (name: string): number | undefined =>
    instant(view, name)?.length ? instant(view, name)!.reduce((total, s) => total + (s.points.at(-1)?.[1] || 0), 0) : undefined
  const [attempts, failures] = [sum('auth_attempts'), sum('auth_failures')]
  if (attempts === undefined || failures === undefined) return undefined
  const series = range(view, 'auth') ?? []
  const failed = new Map(summed(series, (l) => l.what === 'failures').map((p) => [p.at, p.value]))
  const points = summed(series, (l) => l.what === 'attempts').map(({ at, value }) => ({
    at,
    attempts: value,
    successes: Math.max(0, value - (failed.get(at) ?? 0)),
  }))
  return {
    attempts,
    failures,
    seconds: 120,
    asked: 'auth_failures_total against auth_attempts_total, 2 min',
    source: 'prometheus',
    ...over(view, points, { attempts: usual(points.map((p) => p.attempts)), successes: usual(points.map((p) => p.successes)) }),
  }
}

function fromAnswers(view: View, seen: Traffic | undefined, statuses: readonly string[]): Logins | undefined {
  if (!seen || !(seen.seconds > 0)) return undefined
  const refused = statuses.reduce((sum, status) => sum + (seen.byStatus.get(status) ?? 0), 0)
  const { history, usual: before } = answeredAsUsual(view)
  const points = history.map((h) => ({ at: h.at, attempts: h.rate, successes: rateOf(h, /^[23]/) }))
  const usually = { attempts: before((h) => h.rate), successes: before((h) => rateOf(h, /^[23]/)) }
  return {
    attempts: seen.total,
    failures: refused,
    seconds: seen.seconds,
    asked: `requests answered ${statuses.join(' or ')} against all, in ${span(seen.seconds)}`,
    source: seen.source,
    ...over(view, points, usually),
  }
}

interface Usually {
  attempts: number | undefined
  successes: number | undefined
}

/** Points of a history that is too short to say what is usual, and long enough to say that no more come now. */
const fewestEarlier = 4
const moreTried = 1.3

function over(view: View, points: readonly Point[], { attempts, successes }: Usually): Pick<Logins, 'before' | 'now' | 'onset' | 'calm'> {
  const last = points.at(-1)
  const limit = view.thresholds.authFailureRatio
  const onset = heldSince(points, (p) => p.attempts > 0 && (p.attempts - p.successes) / p.attempts > limit)
  const earlier = points.filter((p) => p.at < (onset ?? last?.at ?? 0)).map((p) => p.attempts)
  return {
    calm: last === undefined || earlier.length < fewestEarlier ? undefined : last.attempts <= moreTried * Math.max(...earlier),
    before: attempts === undefined || successes === undefined || onset === points[0]?.at ? undefined : { attempts, successes },
    now: last && { attempts: last.attempts, successes: last.successes },
    onset,
  }
}

/** Whether those who are refused now are those who were served before: hardly anybody succeeds any more, or fewer do and no more try. */
export const refusedInPlace = (before: Omit<Point, 'at'>, now: Omit<Point, 'at'>): boolean =>
  (now.successes < 0.3 * before.successes && now.attempts < 2 * before.attempts + 0.5) ||
  (now.successes < 0.7 * before.successes && now.attempts < 1.2 * before.attempts)
