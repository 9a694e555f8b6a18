/** The verdict as one self-contained page: no script, no network, dark and light, readable on a phone. */
import type { Cause, Verdict } from '../diagnosis/verdict.ts'
import { subjectText } from './cause.ts'
import { escapeXml } from './junit.ts'
import { style } from './page-style.ts'
import { type Chart, lineChart, type Mark, markStrip, measure, topOf } from './svg.ts'
import { clean, says } from './text.ts'
import { moment, since } from './time.ts'

/** Something that changed, as it stands on the time line. */
export interface PageChange {
  /** RFC 3339. */
  at: string
  text: string
  /** A container that ended and was started again, rather than an edit. */
  restart?: true
}

export interface Page {
  verdict: Verdict
  charts: readonly Chart[]
  changes: readonly PageChange[]
}

/**
 * A whole HTML document. Every text of the verdict is escaped. `others` are verdicts of the same look by other runbooks: their steps,
 * and the causes that the first has not.
 */
export function verdictHtml(page: Page, others: readonly Verdict[] = []): string {
  const { verdict } = page
  const now = verdict.window.end
  const [first, ...further] = verdict.causes
  const title = `${verdict.verdict}: ${verdict.target.namespace}/${verdict.target.workload}`
  const known = new Set(verdict.causes.map(causeKey))
  const body = [
    `<header class="${verdict.verdict}"><p class="word">${verdict.verdict.toUpperCase()}</p><h1>${text(verdict.headline)}</h1>${where(verdict)}</header>`,
    first ? causeHtml(first, now, verdict.causes.length > 1 ? `Cause 1 of ${verdict.causes.length}` : 'Cause') : '',
    list('What would decide', verdict.wouldDecide.map(text)),
    chartsHtml(page),
    ...further.map((cause, index) => causeHtml(cause, now, `Cause ${index + 2} of ${verdict.causes.length}`)),
    list(
      'Symptoms',
      verdict.symptoms.map(
        (one) =>
          `<b>${text(one.summary)}</b>${says(one.summary, one.observed) ? '' : ` ${text(one.observed)}`}${one.threshold === undefined ? '' : `, threshold ${text(one.threshold)}`} <i>${one.severity}</i>`,
      ),
    ),
    stepsHtml(verdict),
    ...others.flatMap((other) => [
      ...other.causes
        .filter((cause) => !known.has(causeKey(cause)))
        .map((cause) => causeHtml(cause, now, `Found by ${text(other.runbook)}`)),
      stepsHtml(other),
    ]),
    list(
      'Not seen',
      verdict.notSeen.map(
        (one) =>
          `<b>${text(one.what)}</b> ${text(one.reason)}. It could change ${text(one.couldChange)}.${one.next === undefined ? '' : pre(one.next)}`,
      ),
    ),
  ]
  const asked = others.length === 0 ? verdict.runbook : '--all'
  return [
    '<!doctype html>',
    `<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">`,
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">`,
    `<title>${text(title)}</title><style>${style}</style></head><body>`,
    ...body.filter((part) => part !== ''),
    `<footer>task-mcp diagnose ${text(asked)}, ${moment(verdict.startedAt, '')}; took ${verdict.took.toFixed(2)} s and ${verdict.requests} requests.</footer>`,
    '</body></html>',
    '',
  ].join('\n')
}

const causeKey = (cause: Cause): string => `${cause.code} ${subjectText(cause.subject)}`

const text = (raw: string): string => escapeXml(clean(raw))
const pre = (command: string): string => `<pre>${command.split('\n').map(text).join('\n')}</pre>`
const list = (heading: string, items: readonly string[]): string =>
  items.length === 0 ? '' : `<section><h2>${heading}</h2><ul>${items.map((item) => `<li>${item}</li>`).join('')}</ul></section>`

function where({ target, window }: Verdict): string {
  return `<p>${text(target.kind)} <b>${text(target.namespace)}/${text(target.workload)}</b> on ${text(target.context)}, ${moment(window.start, '')} to ${moment(window.end, window.start)}</p>`
}

function causeHtml(cause: Cause, now: string, heading: string): string {
  const begun = cause.since === undefined ? 'Nothing dates its beginning' : `Since ${since(cause.since, now)}`
  const remedies = cause.remedies.map((one, index) => `<h3>${index === 0 ? 'Next' : 'Or'}</h3><p>${text(one.why)}</p>${pre(one.command)}`)
  const never = cause.never.map((one) => `<li><b>${one.action}</b> ${text(one.why)}</li>`)
  const proof = cause.evidence.map(
    (one) =>
      `<tr><td>${text(one.asked)}<br><small>${one.source}${one.at === undefined ? '' : ` ${moment(one.at, now)}`}</small></td><td>${text(one.observed)}</td>${one.expected === undefined ? '<td></td>' : `<td data-label="expected: ">${text(one.expected)}</td>`}</tr>`,
  )
  const chain = [...new Set(cause.effects.map((one) => one.what))].map((what) => {
    const subjects = cause.effects.flatMap((one) => (one.what === what && one.subject ? [subjectText(one.subject)] : []))
    const more = subjects.length > 3 ? ` and ${subjects.length - 3} more` : ''
    return `<li>${text(what)}${subjects.length === 0 ? '' : `<br><small>${text(subjects.slice(0, 3).join(', '))}${more}</small>`}</li>`
  })
  const rivals = cause.rivals.map(
    (one) => `<li><b class="${one.status}">${one.status === 'refuted' ? 'not' : 'perhaps'} ${one.code}</b> ${text(one.fact)}</li>`,
  )
  return [
    `<section class="cause"><h2>${heading}: <code>${cause.code}</code></h2><p class="subject">${text(subjectText(cause.subject))}</p><p>${text(cause.summary)}</p>`,
    `<p><small>${begun}. Confidence ${Math.round(cause.confidence * 100)}%.${cause.owner === '' ? '' : ` Owner: ${text(cause.owner)}.`}</small></p>`,
    ...remedies,
    never.length === 0 ? '' : `<h3>Do not</h3><ul class="never">${never.join('')}</ul>`,
    `<h3>Proof</h3><div class="wide"><table><thead><tr><th>Asked</th><th>Observed</th><th>Expected</th></tr></thead><tbody>${proof.join('')}</tbody></table></div>`,
    chain.length === 0
      ? ''
      : `<h3>What it explains</h3><div class="chain"><p><code>${cause.code}</code><br><small>${text(subjectText(cause.subject))}</small></p><ul>${chain.join('')}</ul></div>`,
    rivals.length === 0 ? '' : `<h3>Considered</h3><ul>${rivals.join('')}</ul>`,
    '</section>',
  ].join('\n')
}

function chartsHtml({ verdict, charts, changes }: Page): string {
  const span = { start: Date.parse(verdict.window.start) / 1000, end: Date.parse(verdict.window.end) / 1000 }
  const within = changes
    .map((change) => ({ ...change, seconds: Date.parse(change.at) / 1000 }))
    .filter(({ seconds }) => seconds >= span.start && seconds <= span.end)
  const onsets = verdict.causes.flatMap((cause) =>
    cause.since === undefined ? [] : [{ at: Date.parse(cause.since) / 1000, kind: 'onset' as const }],
  )
  const marks: Mark[] = [
    ...within.map(({ seconds, restart }) => ({ at: seconds, kind: restart ? ('restart' as const) : ('change' as const) })),
    ...onsets,
  ]
  const drawn = charts.filter((chart) => chart.points.length > 1)
  if (drawn.length === 0 && within.length === 0) return ''
  const ends = `<div class="axis"><span>${moment(verdict.window.start, verdict.window.end)}</span><span>${moment(verdict.window.end, verdict.window.end)}</span></div>`
  const figures = drawn.map((chart) => {
    const caption = `${text(chart.title)}, top of the chart ${measure(topOf(chart), chart.unit)}${chart.threshold === undefined ? '' : `, dashed at ${measure(chart.threshold, chart.unit)}`}`
    return `<figure><figcaption>${caption}</figcaption>${lineChart(chart, span, marks, text(chart.title))}${ends}</figure>`
  })
  const strip =
    drawn.length > 0
      ? ''
      : `<figure><figcaption>What happened when</figcaption>${markStrip(span, marks, 'changes over time')}${ends}</figure>`
  const line = within.map(
    (change) =>
      `<li><time>${moment(change.at, verdict.window.end)}</time> ${change.restart ? '<b class="open">restart</b> ' : ''}${text(change.text)}</li>`,
  )
  const keys = [
    ['change', 'a change'],
    ['restart', 'a container was started again'],
    ['onset', 'when the cause began'],
  ].filter(([kind]) => marks.some((mark) => mark.kind === kind))
  const legend =
    keys.length === 0 ? '' : `<p><small>${keys.map(([kind, said]) => `<span class="key ${kind}"></span> ${said}`).join(' ')}</small></p>`
  return `<section><h2>Over time</h2>${figures.join('')}${strip}${legend}${line.length === 0 ? '' : `<ul class="times">${line.join('')}</ul>`}</section>`
}

function stepsHtml(verdict: Verdict): string {
  const rows = verdict.steps
    .filter((step) => step.status !== 'not-applicable')
    .map(
      (step) =>
        `<tr class="${step.status}"><td>${step.status === 'todo' ? 'to do' : step.status}</td><td>${text(step.title)}</td><td>${text(step.found)}</td></tr>`,
    )
  return rows.length === 0
    ? ''
    : `<section><h2>Runbook ${text(verdict.runbook)}</h2><div class="wide"><table class="steps"><tbody>${rows.join('')}</tbody></table></div></section>`
}
