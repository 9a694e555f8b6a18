/** Whether a cause is gone after its remedy, and what was behind it. */
import type { Context } from '../context.ts'
import type { Cause, Verdict } from '../diagnosis/verdict.ts'
import { type ExitCode, exit } from '../errors.ts'
import type { Settings } from '../settings.ts'
import { diagnosisNow } from './diagnosis-now.ts'

/** How long the cause may linger after the remedy was verified, and how often to look, in milliseconds. */
const patience = 60_000
const interval = 5000

/** Another cause counts only when it is still there after so many milliseconds: counters and conditions of the old trouble fade first. */
const settling = 20_000

/** What was seen afterwards; `code` is what it means for a command that wanted the cause gone. */
export interface After {
  verdict: Verdict
  code: ExitCode
  said: string
}

/** Diagnose until the cause is gone, for a while. */
export async function lookAgain(context: Context, settings: Settings, runbook: string, cause: Cause): Promise<After> {
  const started = context.clock.now()
  for (;;) {
    const verdict = await diagnosisNow(context, settings, runbook)
    const waited = context.clock.now() - started
    const left = verdict.causes.find((one) => one.code === cause.code && one.subject.kind === cause.subject.kind)
    const next = verdict.causes[0]
    if (next === undefined) {
      return {
        verdict,
        code: exit.ok,
        said: verdict.verdict === 'healthy' ? verdict.headline : `${cause.code} is gone; ${verdict.headline}`,
      }
    }
    if (left !== undefined && waited >= patience) {
      return { verdict, code: exit.unverified, said: `the change came true, but ${cause.code} is still there: ${left.summary}` }
    }
    if (left === undefined && waited >= settling) {
      return {
        verdict,
        code: exit.findings,
        said: `${cause.code} is gone; behind it there is ${next.code}: ${next.summary}\n  task-mcp fix ${runbook}`,
      }
    }
    await context.clock.sleep(interval, context.signal)
  }
}
