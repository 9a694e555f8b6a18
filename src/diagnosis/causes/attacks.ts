/** Logins that fail in numbers, paths that nobody serves, secrets that a log gives away. */
import { type Claim, type Family, open, refuted, short, supported } from '../claim.ts'
import { editEvidence, touched } from '../edits.ts'
import { answeredOver, heldSince, rateOf, summed, usual } from '../history.ts'
import { type LogLine, logEvidence } from '../logs.ts'
import { missedPaths, type Source, sourcesOf } from '../sources.ts'
import { percent } from '../symptoms.ts'
import { rfc3339 } from '../time.ts'
import { traffic } from '../traffic.ts'
import type { Evidence } from '../verdict.ts'
import { instant, logsOf, range, type View } from '../view.ts'

export const attacks: Family = (view) => [...logins(view), ...scans(view), ...toldSecrets(view)]

interface Logins {
  /** In two minutes. */
  attempts: number
  failures: number
  asked: string
  source: Evidence['source']
  /** Successes and attempts a second, before it began and now; undefined where no history was seen. */
  before: { attempts: number; successes: number } | undefined
  now: { attempts: number; successes: number } | undefined
  onset: number | undefined
}

interface Point {
  at: number
  attempts: number
  successes: number
}

/** Attempts to log in, from their own counters where the service has them, else requests answered 401 or 403 among all. */
function loginsOf(view: View): Logins | undefined {
  const sum = (name: string): number | undefined =>
    instant(view, name)?.length ? instant(view, name)!.reduce((total, s) => total + (s.points.at(-1)?.[1] || 0), 0) : undefined
  const [attempts, failures] = [sum('auth_attempts'), sum('auth_failures')]
  if (attempts !== undefined && failures !== undefined) {
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
      asked: 'auth_failures_total against auth_attempts_total, 2 min',
      source: 'prometheus',
      ...over(view, points),
    }
  }
  const seen = traffic(view)
  if (!seen || !(seen.seconds > 0)) return undefined
  const refused = (seen.byStatus.get('401') ?? 0) + (seen.byStatus.get('403') ?? 0)
  const points = answeredOver(view).map((h) => ({ at: h.at, attempts: h.rate, successes: rateOf(h, /^[23]/) }))
  const twoMinutes = 120 / seen.seconds
  return {
    attempts: seen.total * twoMinutes,
    failures: refused * twoMinutes,
    asked: 'requests answered 401 or 403 against all, in 2 min',
    source: seen.source,
    ...over(view, points),
  }
}

function over(view: View, points: readonly Point[]): Pick<Logins, 'before' | 'now' | 'onset'> {
  const attempts = usual(points.map((p) => p.attempts))
  const successes = usual(points.map((p) => p.successes))
  const last = points.at(-1)
  const limit = view.thresholds.authFailureRatio
  const onset = heldSince(points, (p) => p.attempts > 0 && (p.attempts - p.successes) / p.attempts > limit)
  return {
    before: attempts === undefined || successes === undefined || onset === points[0]?.at ? undefined : { attempts, successes },
    now: last && { attempts: last.attempts, successes: last.successes },
    onset,
  }
}

/** Failures in two minutes below which a wrong password is just a wrong password. */
const fewestFailures = 40
/** Refusals with an address in the logs that were read, below which addresses prove nothing. */
const fewestSeen = 20
/** Addresses from which a guess is no longer one guesser's. */
const manySources = 20

function logins(view: View): Claim[] {
  const seen = loginsOf(view)
  if (!seen || seen.failures < fewestFailures || seen.failures / seen.attempts < view.thresholds.authFailureRatio) return []
  const evidence: Evidence[] = [
    {
      source: seen.source,
      asked: seen.asked,
      observed: `${Math.round(seen.failures)} of ${Math.round(seen.attempts)} (${percent(seen.failures / seen.attempts)})`,
      expected: `below ${percent(view.thresholds.authFailureRatio)}`,
    },
    ...(seen.before && seen.now
      ? [
          {
            source: 'prometheus' as const,
            asked: 'logins a second that succeeded, and all that were tried: usually, now',
            observed: `${seen.before.successes.toFixed(2)} of ${seen.before.attempts.toFixed(2)}, ${seen.now.successes.toFixed(2)} of ${seen.now.attempts.toFixed(2)}`,
          },
        ]
      : []),
  ]
  const base = { subject: view.subject, since: seen.onset === undefined ? undefined : rfc3339(seen.onset * 1000) }
  const keys = keyChange(view, seen)
  const collapsed =
    seen.before !== undefined && seen.now !== undefined && seen.before.successes > 0.01
      ? seen.now.successes < 0.3 * seen.before.successes && seen.now.attempts < 2 * seen.before.attempts + 0.5
      : undefined
  const sources = sourcesOf(view)
  const turned = sources.filter((s) => s.refused > 0 && s.served > 0).length
  if (collapsed === true || (collapsed === undefined && keys && seen.failures / seen.attempts > 0.9))
    return [
      supported({
        ...base,
        code: 'auth_config',
        subject: keys?.subject ?? view.subject,
        confidence: keys ? 0.93 : 0.8,
        summary: `clients that used to succeed are refused (${percent(seen.failures / seen.attempts)} of logins)${keys ? ` since ${keys.subject.kind} ${keys.subject.name} was changed` : ''}; no more logins are tried than before`,
        evidence: [...(keys ? [keys.evidence] : []), ...evidence],
      }),
      refuted('brute_force', view.subject, 'no more logins are tried than before; those that used to succeed fail'),
    ]
  const proof = whence(view, seen, sources)
  const some = turned > 0 && turned >= sources.filter((s) => s.refused > 0).length / 2
  const innocent = some
    ? open('auth_config', view.subject, `${turned} of the addresses that are refused were served too`)
    : refuted('auth_config', view.subject, 'logins that succeed go on; what is refused came on top')
  if (proof?.spread)
    return [
      supported({
        ...base,
        code: 'credential_stuffing',
        confidence: proof.confidence,
        summary: `${Math.round(seen.failures)} logins failed in two minutes, ${proof.what}`,
        evidence: [...evidence, ...proof.evidence],
        hints: { sources: String(proof.count) },
      }),
      refuted('brute_force', view.subject, proof.what),
      innocent,
    ]
  return [
    supported({
      ...base,
      code: 'brute_force',
      confidence: proof?.confidence ?? 0.7,
      summary: `${Math.round(seen.failures)} logins failed in two minutes beside ${Math.round(seen.attempts - seen.failures)} that succeeded${proof ? `, ${proof.what}` : ''}`,
      evidence: [...evidence, ...(proof?.evidence ?? [])],
      hints: proof?.address ? { source: proof.address } : {},
    }),
    proof
      ? refuted('credential_stuffing', view.subject, proof.what)
      : open('credential_stuffing', view.subject, 'where the attempts come from is neither in the metrics nor in the logs that were read'),
    innocent,
  ]
}

interface Whence {
  spread: boolean
  what: string
  count: number
  address?: string
  confidence: number
  evidence: Evidence[]
}

/** Whether one source is behind the failures or many, from addresses in the logs, else from a limit that each address has. */
function whence(view: View, seen: Logins, sources: readonly Source[]): Whence | undefined {
  const refused = sources.reduce((sum, s) => sum + s.refused, 0)
  const guilty = sources.filter((s) => s.refused > 0)
  const top = guilty[0]
  if (top && refused >= fewestSeen) {
    const evidence: Evidence[] = [
      {
        source: 'logs',
        asked: 'refused logins by address, in the lines that were read',
        observed: guilty
          .slice(0, 3)
          .map((s) => `${s.address} ${s.refused} refused, ${s.served} served`)
          .join('; ')
          .concat(guilty.length > 3 ? `; and ${guilty.length - 3} more` : ''),
      },
    ]
    if (top.refused >= 0.5 * refused && top.served === 0)
      return {
        spread: false,
        what: `most from ${top.address}, which never succeeded`,
        count: 1,
        address: top.address,
        confidence: 0.93,
        evidence,
      }
    if (guilty.length >= manySources && top.refused <= 0.2 * refused)
      return { spread: true, what: `from ${guilty.length} addresses with few each`, count: guilty.length, confidence: 0.92, evidence }
  }
  const held = (instant(view, 'rate_limited') ?? []).filter((s) => /auth|login/i.test(s.labels.limiter ?? ''))
  if (held.length === 0) return undefined
  const hits = held.reduce((sum, s) => sum + (s.points.at(-1)?.[1] || 0), 0)
  const evidence: Evidence[] = [
    {
      source: 'prometheus',
      asked: `rate_limit_hits_total of limiter ${held[0]!.labels.limiter}, 2 min`,
      observed: String(Math.round(hits)),
    },
  ]
  if (hits > 0.3 * seen.failures)
    return { spread: false, what: 'most above what one address may try', count: 1, confidence: 0.85, evidence }
  return hits < 0.02 * seen.failures && seen.failures > 4 * fewestFailures
    ? {
        spread: true,
        what: 'none of them above what one address may try: they come from many',
        count: manySources,
        confidence: 0.8,
        evidence,
      }
    : undefined
}

/** A Secret or ConfigMap that the pods read and that was edited shortly before logins began to fail. */
function keyChange(view: View, seen: Logins): { subject: Claim['subject']; evidence: Evidence } | undefined {
  const edit = touched(view).find((t) => seen.onset === undefined || (t.at < (seen.onset + 60) * 1000 && t.at > (seen.onset - 1800) * 1000))
  return (
    edit && {
      subject: { kind: edit.kind, namespace: view.service.namespace, name: edit.object.metadata.name },
      evidence: editEvidence(edit),
    }
  )
}

/** What a scanner asks of every server, whatever it serves. */
const wellKnown =
  /^\/(?:\.env|\.git|\.aws|\.ssh|\.svn|\.htaccess|\.DS_Store|wp-|wordpress|phpmyadmin|pma|phpinfo|xmlrpc\.php|cgi-bin|admin(?:$|\/|\.php)|manager\/html|actuator(?:$|\/)|solr|jenkins|server-status|config\.(?:php|json|ya?ml)|backup|shell|vendor\/phpunit|etc\/passwd|boaform|hudson|HNAP1|telescope|owa\/|ecp\/|autodiscover)|\.\.\/|%2e%2e/i
const fewestMisses = 40
const muchMissed = 0.2
const fewestPaths = 15

/** Requests for what is not there, of many kinds: somebody looks for a way in. */
function scans(view: View): Claim[] {
  const { routeLabel, statusLabel } = view.service.metrics
  const rows = (instant(view, 'errors_by_route') ?? []).map((s) => ({
    route: s.labels[routeLabel] ?? '',
    status: s.labels[statusLabel] ?? '',
    n: s.points.at(-1)?.[1] || 0,
  }))
  const all = rows.reduce((sum, r) => sum + r.n, 0)
  const missed = rows.filter((r) => /^40[045]$/.test(r.status))
  const misses = missed.reduce((sum, r) => sum + r.n, 0)
  const served = new Set(rows.filter((r) => /^2/.test(r.status) && r.n >= 1).map((r) => r.route))
  const nowhere = missed.filter((r) => !served.has(r.route)).reduce((sum, r) => sum + r.n, 0)
  const paths = missedPaths(view)
  const known = [...paths.keys()].filter((p) => wellKnown.test(p))
  const counted = misses >= fewestMisses && misses / all > muchMissed && nowhere > 0.8 * misses
  const named = known.length >= 3 && paths.size >= fewestPaths
  if (!named && !(counted && (known.length >= 1 || paths.size >= fewestPaths))) return []
  const top = sourcesTop(view)
  return [
    supported({
      code: 'recon_scan',
      subject: view.subject,
      confidence: named && counted ? 0.93 : named ? 0.88 : 0.75,
      summary: `somebody looks for what is not there: ${paths.size} paths that the service does not have${top ? `, most asked from ${top}` : ''}`,
      evidence: [
        {
          source: 'logs',
          asked: 'paths answered 400, 403, 404 or 405',
          observed: short([...known, ...[...paths.keys()].filter((p) => !known.includes(p))].slice(0, 5).join(', ')).concat(
            ` (${paths.size} different ones)`,
          ),
          expected: 'the same few',
        },
        ...(all > 0
          ? [
              {
                source: 'prometheus' as const,
                asked: 'answers 400, 404, 405 by route, 2 min',
                observed: `${Math.round(misses)} of ${Math.round(all)} requests, ${Math.round(nowhere)} of them on routes that answer nobody`,
              },
            ]
          : []),
      ],
      hints: top ? { source: top } : {},
    }),
    refuted('session_affinity', view.subject, 'what is not found are paths that the service does not have'),
  ]
}

/** The address behind most of what was not found, where the logs name one. */
function sourcesTop(view: View): string | undefined {
  const sources = sourcesOf(view).filter((s) => s.refused > 0)
  const all = sources.reduce((sum, s) => sum + s.refused, 0)
  return sources[0] && sources[0].refused > 0.6 * all ? sources[0].address : undefined
}

/** Lines that held a credential in full when they were read. */
function toldSecrets(view: View): Claim[] {
  const lines = logsOf(view).flatMap((log) =>
    log.lines.flatMap((line) =>
      line.secret
        ? [
            {
              kind: line.secret,
              line: { pod: log.pod, container: log.container, previous: log.previous, time: line.time, text: line.text } satisfies LogLine,
            },
          ]
        : [],
    ),
  )
  const first = lines[0]
  if (!first) return []
  const kinds = [...new Set(lines.map((l) => l.kind))]
  return [
    supported({
      code: 'secret_in_logs',
      subject: first.line.container === view.main?.name ? view.subject : { ...view.subject, container: first.line.container },
      since: first.line.time,
      confidence: 0.9,
      summary: `container ${first.line.container} writes secrets into its log (${kinds.join(', ')}): ${lines.length} of the lines that were read`,
      evidence: [
        logEvidence(
          lines.map((l) => l.line),
          'no credential',
        ),
      ],
    }),
  ]
}
