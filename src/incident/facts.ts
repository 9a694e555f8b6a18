/** The facts of the escalation clock that the tool can see for itself, from what it diagnosed and when. Pure. */
import type { CauseCode } from '../diagnosis/codes.ts'
import type { Verdict } from '../diagnosis/verdict.ts'
import type { Fact } from './escalation.ts'

/** What one diagnosis says about the clock. */
export interface Observation {
  /** Epoch milliseconds. */
  at: number
  /** Nobody gets an answer. */
  down: boolean
  /** A cause is named. */
  caused: boolean
  /** A budget burns at its fastest rate. */
  burning: boolean
  security: boolean
}

const security = new Set<CauseCode>(['brute_force', 'credential_stuffing', 'recon_scan', 'secret_in_logs'])
const downSymptoms = new Set(['down', 'no_replicas', 'no_endpoints'])

/** Takes a verdict; an inconclusive one names no cause. */
export function observe(verdict: Pick<Verdict, 'startedAt' | 'verdict' | 'causes' | 'symptoms'>): Observation {
  return {
    at: Date.parse(verdict.startedAt),
    down: verdict.symptoms.some((symptom) => downSymptoms.has(symptom.code)),
    caused: verdict.verdict !== 'inconclusive' && verdict.causes.length > 0,
    burning:
      verdict.causes.some((cause) => cause.code === 'slo_fast_burn') ||
      verdict.symptoms.some((symptom) => symptom.code === 'alert' && /FastBurn|MediumBurn/.test(symptom.summary)),
    security: verdict.causes.some((cause) => security.has(cause.code)),
  }
}

/**
 * Takes what was observed, in any order, and the onset; gives the facts that follow. A state that the first look found has been so
 * since the onset. Without any look only the unknown cause is known. `false` of a security incident is not claimed: no cause found is no proof.
 */
export function factsFrom(observations: readonly Observation[], onset: number): Fact[] {
  const looks = [...observations].sort((a, b) => a.at - b.at)
  if (looks.length === 0) return [{ fact: 'cause_unknown', holds: true, since: onset }]
  const facts = [
    state('service_down', looks, onset, (look) => look.down),
    state('cause_unknown', looks, onset, (look) => !look.caused),
    state('critical_slo_violation', looks, onset, (look) => look.burning),
  ]
  const attacked = looks.find((look) => look.security)
  return attacked ? [...facts, { fact: 'security_incident', holds: true, since: attacked.at }] : facts
}

/** The present state of something, since the first of the unbroken row of looks that found it so. */
function state(fact: string, looks: readonly Observation[], onset: number, is: (look: Observation) => boolean): Fact {
  const holds = is(looks.at(-1)!)
  const lastOther = looks.findLastIndex((look) => is(look) !== holds)
  return { fact, holds, since: lastOther < 0 ? onset : looks[lastOther + 1]!.at }
}
