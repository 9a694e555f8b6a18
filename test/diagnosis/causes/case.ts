/** One case of one cause: what makes it, what it is then called and about whom, and the fact without which it is no longer that. */

import type { CauseCode } from '../../../src/diagnosis/codes.ts'
import { judge } from '../../../src/diagnosis/judge.ts'
import type { ActionName, Cause, Verdict } from '../../../src/diagnosis/verdict.ts'
import type { Snapshot } from '../../../src/facts/snapshot.ts'
import { type Change, healthy } from '../../support/snapshot.ts'

export interface Case {
  code: CauseCode
  what: string
  /** `Kind/name`, or `Kind/name/container`. A pod of the workload is `Pod/kestrel-*`. */
  subject: string
  /** The first remedy. */
  remedy: ActionName
  fault: readonly Change[]
  /** Changes that take the deciding fact away again. */
  without: readonly Change[]
  /** What is then named first, where something is; `none` where nothing is. */
  instead?: CauseCode | 'none'
  runbook?: string
}

export const verdictOf = (snapshot: Snapshot, runbook = 'service-downtime'): Verdict => judge(snapshot, runbook).verdict
export const diagnose = (...changes: readonly Change[]): Verdict => verdictOf(healthy(...changes))

export const subjectText = ({ subject }: Cause): string =>
  [subject.kind, subject.name.replace(/^kestrel-[0-9a-f]{10}-.*/, 'kestrel-*'), subject.container].filter(Boolean).join('/')

export const codesOf = (verdict: Verdict): CauseCode[] => verdict.causes.map((c) => c.code)
