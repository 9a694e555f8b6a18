/** Results as JUnit XML, as CI systems read it. */
import type { Verdict } from '../diagnosis/verdict.ts'
import { subjectText } from './cause.ts'

export interface JunitCase {
  name: string
  /** Seconds, where it was measured. */
  seconds?: number | undefined
  /** Nothing for a case that passed. `error` means that the case could not be decided. */
  outcome?: { kind: 'failure' | 'error' | 'skipped'; message: string; detail?: string | undefined } | undefined
}

export interface JunitSuite {
  name: string
  /** RFC 3339. */
  at: string
  seconds: number
  cases: readonly JunitCase[]
}

/** Suites as a whole document, ending with a newline; it is called like the first. */
export function junitXml(...suites: readonly [JunitSuite, ...JunitSuite[]]): string {
  const all = { cases: suites.flatMap(({ cases }) => cases), seconds: Math.max(...suites.map(({ seconds }) => seconds)) }
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="${escapeXml(suites[0].name)}" ${totals(all)}>`,
    ...suites.flatMap((suite) => [
      `  <testsuite name="${escapeXml(suite.name)}" timestamp="${escapeXml(suite.at)}" ${totals(suite)}>`,
      ...suite.cases.map((one) => caseXml(suite.name, one)),
      '  </testsuite>',
    ]),
    '</testsuites>',
    '',
  ].join('\n')
}

function totals({ cases, seconds }: Pick<JunitSuite, 'cases' | 'seconds'>): string {
  const count = (kind: string) => cases.filter((one) => one.outcome?.kind === kind).length
  return `tests="${cases.length}" failures="${count('failure')}" errors="${count('error')}" skipped="${count('skipped')}" time="${seconds.toFixed(3)}"`
}

function caseXml(suite: string, one: JunitCase): string {
  const head = `    <testcase classname="${escapeXml(suite)}" name="${escapeXml(one.name)}" time="${(one.seconds ?? 0).toFixed(3)}"`
  if (one.outcome === undefined) return `${head}/>`
  const { kind, message, detail } = one.outcome
  return `${head}>\n      <${kind} message="${escapeXml(message)}">${escapeXml(detail ?? '')}</${kind}>\n    </testcase>`
}

/** Characters that XML 1.0 cannot hold, not even escaped: controls, half surrogate pairs, and the two that are no characters. */
const unprintable = /(?![\t\n\r])\p{Cc}|\p{Cs}|[\ufffe\uffff]/gu

/** Text for an attribute or an element, without what XML 1.0 does not allow. Newlines in attributes are kept as references. */
export function escapeXml(text: string): string {
  const escapes: Record<string, string> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&apos;',
    '\n': '&#10;',
    '\r': '&#13;',
    '\t': '&#9;',
  }
  return text.replace(unprintable, '').replace(/[&<>"'\n\r\t]/g, (character) => escapes[character]!)
}

/** Verdicts of one look, one suite for each. */
export function verdictJunit(first: Verdict, ...others: readonly Verdict[]): string {
  return junitXml(suiteOf(first), ...others.map(suiteOf))
}

/**
 * A verdict as one suite: a case for the verdict itself, and one for each step that was looked at by machine.
 * A step that found something fails, one that could not look is an error, one that is for a person is skipped.
 */
function suiteOf(verdict: Verdict): JunitSuite {
  const found = verdict.causes.map((cause) => `${cause.code} on ${subjectText(cause.subject)}: ${cause.summary}`)
  const next = verdict.causes.flatMap((cause) => cause.remedies.slice(0, 1).map((remedy) => `next: ${remedy.command}`))
  const unseen = verdict.notSeen.map((one) => `not seen: ${one.what}: ${one.reason}`)
  const outcome: JunitCase['outcome'] =
    verdict.verdict === 'healthy'
      ? undefined
      : {
          kind: verdict.verdict === 'inconclusive' ? 'error' : 'failure',
          message: verdict.headline,
          detail: [...found, ...next, ...verdict.wouldDecide, ...unseen].join('\n'),
        }
  const steps = verdict.steps.map((step): JunitCase => {
    const name = `${step.phase}: ${step.title}`
    if (step.status === 'ok') return { name }
    const kind = step.status === 'found' ? 'failure' : step.status === 'unknown' ? 'error' : 'skipped'
    return { name, outcome: { kind, message: step.found === '' ? step.title : step.found } }
  })
  return {
    name: `task-mcp diagnose ${verdict.runbook}`,
    at: verdict.startedAt,
    seconds: verdict.took,
    cases: [{ name: 'verdict', seconds: verdict.took, outcome }, ...steps],
  }
}
