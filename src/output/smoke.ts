/** What `task-mcp smoke` found: for people and for CI. */
import type { SmokeCheck, SmokeReport } from '../diagnosis/smoke.ts'
import { type JunitCase, junitXml } from './junit.ts'
import { columnsOf, type Look } from './page.ts'
import { pad, wrap } from './text.ts'

const words = { ok: 'ok', failed: 'FAILED', unknown: '?', skipped: 'skip' } as const
const wordWidth = 7

/** The one line of why first, then a line for each check; ends with a newline. */
export function renderSmoke(report: SmokeReport, look: Look): string {
  const { style } = look
  const word = report.verdict === 'unknown' ? 'CANNOT TELL' : report.verdict.toUpperCase()
  const paint = report.verdict === 'pass' ? style.green : report.verdict === 'fail' ? style.red : style.yellow
  const [first = '', ...rest] = wrap(`${word}: ${report.why}`, columnsOf(look))
  const lines = [
    paint(word) + style.bold(first.slice(word.length)),
    ...rest.map(style.bold),
    '',
    ...report.checks.flatMap((check) => checkLines(check, look)),
  ]
  return `${[...lines, '', ...wrap(`${targetText(report)}; took ${report.took.toFixed(1)} s.`, columnsOf(look)).map(style.dim)].join('\n')}\n`
}

/** The workload is only named where it was looked at. */
function targetText({ target, checks }: SmokeReport): string {
  const { kind, namespace, workload, endpoint } = target
  return checks[0]?.state === 'skipped' ? endpoint : `${kind} ${namespace}/${workload}, ${endpoint}`
}

function checkLines(check: SmokeCheck, look: Look): string[] {
  const { style } = look
  const paint =
    check.state === 'ok' ? style.green : check.state === 'failed' ? style.red : check.state === 'unknown' ? style.yellow : style.dim
  const word = words[check.state]
  const indent = ' '.repeat(wordWidth + 2)
  const took = check.seconds === undefined || check.state === 'skipped' ? '' : ` (${check.seconds.toFixed(2)} s)`
  const [first = '', ...rest] = wrap(`${check.name}: ${check.says}${took}`, columnsOf(look), `  ${pad(word, wordWidth)}`, indent)
  const next =
    check.next === undefined || check.state === 'ok' ? [] : check.next.split('\n').map((text) => `${indent}  ${style.cyan(text)}`)
  return [`  ${paint(word)}${first.slice(2 + word.length)}`, ...rest, ...next]
}

/** A case for each check. */
export function smokeJunit(report: SmokeReport): string {
  const kinds = { failed: 'failure', unknown: 'error', skipped: 'skipped' } as const
  const cases = report.checks.map(
    (check): JunitCase => ({
      name: check.name,
      seconds: check.seconds,
      outcome: check.state === 'ok' ? undefined : { kind: kinds[check.state], message: check.says, detail: check.next },
    }),
  )
  return junitXml({ name: 'task-mcp smoke', at: report.startedAt, seconds: report.took, cases })
}
