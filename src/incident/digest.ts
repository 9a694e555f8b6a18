/** What of a verdict and of a change goes into the record: enough for the clock and the report, and no more. Pure. */

import type { Receipt } from '../actions/door.ts'
import type { Verdict } from '../diagnosis/verdict.ts'
import type { ChangeDigest, VerdictDigest } from './entry.ts'
import { observe } from './facts.ts'

const mostCauses = 3
const mostEvidence = 5

/** Takes a verdict. Causes and evidence beyond the first few are left out: the record of an hour must stay small. */
export function digestOf(verdict: Verdict): VerdictDigest {
  const { down, caused, burning, security } = observe(verdict)
  return {
    at: new Date(Date.parse(verdict.startedAt)).toISOString(),
    runbook: verdict.runbook,
    verdict: verdict.verdict,
    headline: verdict.headline,
    down,
    caused,
    burning,
    security,
    causes: verdict.causes.slice(0, mostCauses).map((cause) => ({
      code: cause.code,
      subject: cause.subject,
      ...(cause.since === undefined ? {} : { since: cause.since }),
      confidence: cause.confidence,
      summary: cause.summary,
      ...(cause.owner === '' ? {} : { owner: cause.owner }),
      evidence: cause.evidence.slice(0, mostEvidence).map(({ source, asked, observed, expected }) => ({
        source,
        asked,
        observed,
        ...(expected === undefined ? {} : { expected }),
      })),
    })),
  }
}

/** Takes what became of a plan. */
export function changeOf(receipt: Receipt): ChangeDigest {
  const { plan, outcome, said, verified, undo } = receipt
  return {
    id: plan.id,
    summary: plan.summary,
    outcome,
    said,
    ...(verified === undefined ? {} : { verified: verified.ok }),
    ...(undo === undefined ? {} : { undo }),
    ...(plan.undoes === undefined ? {} : { undoes: plan.undoes }),
  }
}
