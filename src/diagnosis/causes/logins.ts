/** Logins that fail in numbers: one who guesses, many who try, or a key that was changed. */
import { span } from '../../duration.ts'
import { rolledOutAt } from '../changes.ts'
import { type Claim, open, refuted, supported } from '../claim.ts'
import { percent } from '../quantity.ts'
import { type Source, sourcesOf, turnedAway } from '../sources.ts'
import { rfc3339 } from '../time.ts'
import type { Evidence } from '../verdict.ts'
import { instant, type View } from '../view.ts'
import { keyChange, refusingRelease } from './login-changes.ts'
import { type Logins, loginsOf, refusedInPlace } from './login-figures.ts'

/** Failures in two minutes below which a wrong password is just a wrong password. */
const fewestFailures = 40

/** Refusals with an address in the logs that were read, below which addresses prove nothing. */
const fewestSeen = 20

/** Share of refusals that went to those who were served before, from which they are the usual clients. */
const mostTurned = 0.8

/** Addresses from which a guess is no longer one guesser's. */
const manySources = 20

/** As many failures as two minutes have at this rate. */
const inTwoMinutes = ({ failures, seconds }: Logins): number => (failures * 120) / seconds

export function logins(view: View): Claim[] {
  const seen = loginsOf(view).find(
    (one) => inTwoMinutes(one) >= fewestFailures && one.failures / one.attempts >= view.thresholds.authFailureRatio,
  )
  if (!seen) return []
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
    seen.before !== undefined && seen.now !== undefined && seen.before.successes > 0.01 ? refusedInPlace(seen.before, seen.now) : undefined
  const sources = sourcesOf(view)
  const turned = sources.filter((s) => s.refused > 0 && s.served > 0).length
  // Those who are refused were served before: no guesser, whatever the counters say of so short a time.
  const turnedShare = turnedAway(view, fewestSeen)
  const same = turnedShare !== undefined && turnedShare > mostTurned
  const proof = whence(view, seen, sources)
  const unnamed = proof?.evidence[0]?.source !== 'logs'
  const young = collapsed === undefined && keys && (seen.failures / seen.attempts > 0.9 || (seen.calm === true && unnamed))
  const release = keys === undefined ? refusingRelease(view) : undefined
  const after = keys
    ? ` since ${keys.subject.kind} ${keys.subject.name} was changed`
    : release
      ? ` since revision ${view.revisions[0]?.number}`
      : ''
  if (collapsed === true || same || young || release)
    return [
      supported({
        ...base,
        code: 'auth_config',
        subject: keys?.subject ?? view.subject,
        since: base.since ?? (release && rolledOutAt(view)),
        confidence: keys ? 0.93 : release ? 0.9 : 0.8,
        introducedByRevision: release !== undefined,
        summary: `clients that used to succeed are refused (${percent(seen.failures / seen.attempts)} of logins)${after}; no more logins are tried than before`,
        evidence: [
          ...(keys ? [keys.evidence] : []),
          ...(release ?? []),
          ...evidence,
          ...(turnedShare === undefined
            ? []
            : [
                {
                  source: 'logs' as const,
                  asked: 'refusals of addresses that the same pod served before, and no more since',
                  observed: percent(turnedShare),
                },
              ]),
        ],
      }),
      refuted('brute_force', view.subject, 'no more logins are tried than before; those that used to succeed fail'),
    ]
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
        summary: `${Math.round(seen.failures)} logins failed in ${span(seen.seconds)}, ${proof.what}`,
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
      summary: `${Math.round(seen.failures)} logins failed in ${span(seen.seconds)} beside ${Math.round(seen.attempts - seen.failures)} that succeeded${proof ? `, ${proof.what}` : ''}`,
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
  if (hits > 0.3 * inTwoMinutes(seen))
    return { spread: false, what: 'most above what one address may try', count: 1, confidence: 0.85, evidence }
  return hits < 0.02 * inTwoMinutes(seen) && inTwoMinutes(seen) > 4 * fewestFailures
    ? {
        spread: true,
        what: 'none of them above what one address may try: they come from many',
        count: manySources,
        confidence: 0.8,
        evidence,
      }
    : undefined
}
