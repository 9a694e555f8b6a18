/** The report of an incident as one self-contained page: no script, no network, dark and light, readable on a phone. */
import type { Story, StoryCause } from '../incident/story.ts'
import { clockTime, dayOf, stamp } from './incident-time.ts'
import { actionText, causeTitle, impactLines, momentRows } from './incident-words.ts'
import { escapeXml } from './junit.ts'
import { style as pageStyle } from './page-style.ts'
import { type Chart, lineChart, type Mark, measure, topOf } from './svg.ts'
import { clean } from './text.ts'

const text = (raw: string): string => escapeXml(clean(raw))

const style = `${pageStyle}
.line-of-time{list-style:none;padding:0;border-left:2px solid var(--edge)}.line-of-time li{padding:.15rem 0 .15rem .8rem}
.line-of-time li.good{border-left:3px solid var(--green);margin-left:-2px}.line-of-time li.bad{border-left:3px solid var(--red);margin-left:-2px}
.line-of-time .day{font-weight:600;padding-top:.6rem}.line-of-time time{display:inline-block;min-width:8.5rem;font-variant-numeric:tabular-nums}
.result{display:block;color:var(--soft);font-size:.9rem;margin-left:1rem}
.helped{color:var(--green);font-weight:600}.vain{color:var(--red);font-weight:600}.key.end{background:var(--green);margin-left:1rem}svg .end{stroke:var(--green)}`

/** A whole HTML document; every text in it is escaped. */
export function reportHtml(story: Story, timeZone: string): string {
  const { service } = story
  return [
    '<!doctype html>',
    '<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">',
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">`,
    `<title>${text(story.title)}</title><style>${style}</style></head><body>`,
    `<header class="${story.status === 'resolved' ? 'healthy' : 'faulty'}"><p class="word">${story.severity.toUpperCase()} ${story.status.toUpperCase()}</p><h1>${text(story.title)}</h1><p>${text(`${service.kind} ${service.namespace}/${service.workload}`)}${service.context ? ` on ${text(service.context)}` : ''}; ${text(story.id)}</p></header>`,
    `<section><h2>In short</h2><p>${text(story.summary)}</p>${timesTable(story, timeZone)}</section>`,
    impactHtml(story),
    chartsHtml(story, timeZone),
    ...story.causes.slice(0, 5).map((cause) => causeHtml(cause, timeZone)),
    story.causes.length === 0 ? '<section><h2>Cause</h2><p>No diagnosis named a cause.</p></section>' : '',
    actionsHtml(story, timeZone),
    timelineHtml(story, timeZone),
    `<footer>Times are in ${text(timeZone)}.${story.damage > 0 ? ` ${story.damage} of the record could not be read.` : ''}</footer>`,
    '</body></html>',
    '',
  ]
    .filter((part, index, all) => part !== '' || index === all.length - 1)
    .join('\n')
}

function timesTable(story: Story, timeZone: string): string {
  const rows = momentRows(story).map(
    ({ name, at, after, how }) =>
      `<tr><td><b>${name}</b></td><td>${at === undefined ? '' : stamp(at, timeZone)}</td><td>${after === '' ? '' : `after ${after}`}</td><td>${text(how)}</td></tr>`,
  )
  return `<div class="wide"><table><tbody>${rows.join('')}</tbody></table></div>`
}

function impactHtml({ impact }: Story): string {
  const lines = [
    ...impactLines(impact).map((line) => `<li>${text(line)}</li>`),
    ...impact.notSeen.map((line) => `<li><i>Not seen:</i> ${text(line)}</li>`),
  ]
  return `<section><h2>Impact</h2><ul>${lines.join('') || '<li>Nothing was measured.</li>'}</ul></section>`
}

function chartsHtml({ impact, moments, actions }: Story, timeZone: string): string {
  const drawn = impact.charts.filter((chart) => chart.points.length > 1)
  if (drawn.length === 0) return ''
  const times = drawn.flatMap((chart) => chart.points.map(([at]) => at))
  const whole = { start: Math.min(...times), end: Math.max(...times) }
  const seconds = (at: string) => Date.parse(at) / 1000
  const end = moments.recovered ?? moments.resolved
  const marks: Mark[] = [
    { at: seconds(moments.onset.at), kind: 'onset' },
    ...actions.map(({ at }) => ({ at: seconds(at), kind: 'change' as const })),
    ...(end === undefined ? [] : [{ at: seconds(end.at), kind: 'end' as const }]),
  ]
  const figures = drawn.map(({ title, unit, points, threshold }) => {
    const chart: Chart = { title, unit, points, threshold }
    const caption = `${text(title)}, top of the chart ${measure(topOf(chart), unit)}${threshold === undefined ? '' : `, dashed at ${measure(threshold, unit)}`}`
    const iso = (at: number) => new Date(at * 1000).toISOString()
    return `<figure><figcaption>${caption}</figcaption>${lineChart(chart, whole, marks, text(title))}<div class="axis"><span>${clockTime(iso(whole.start), timeZone)}</span><span>${clockTime(iso(whole.end), timeZone)}</span></div></figure>`
  })
  return `<section><h2>Over time</h2>${figures.join('')}<p><small><span class="key onset"></span> it begins <span class="key"></span> something is changed <span class="key end"></span> it is over</small></p></section>`
}

function causeHtml(cause: StoryCause, timeZone: string): string {
  const begun = cause.since === undefined ? '' : `Since ${stamp(cause.since, timeZone)}. `
  const proof = cause.evidence.map(
    (one) =>
      `<tr><td>${text(one.asked)}<br><small>${text(one.source)}</small></td><td>${text(one.observed)}</td>${one.expected === undefined ? '<td></td>' : `<td data-label="expected: ">${text(one.expected)}</td>`}</tr>`,
  )
  return [
    `<section class="cause"><h2>Cause: ${text(causeTitle(cause))}</h2><p>${text(cause.summary)}</p>`,
    `<p><small>${begun}Named by ${cause.times} ${cause.times === 1 ? 'diagnosis' : 'diagnoses'}; confidence ${Math.round(cause.confidence * 100)}%.${cause.owner === undefined ? '' : ` Owner: ${text(cause.owner)}.`}</small></p>`,
    proof.length === 0
      ? ''
      : `<div class="wide"><table><thead><tr><th>Asked</th><th>Observed</th><th>Expected</th></tr></thead><tbody>${proof.join('')}</tbody></table></div>`,
    '</section>',
  ].join('')
}

function actionsHtml(story: Story, timeZone: string): string {
  const done = story.actions.map(
    (action) =>
      `<li><time>${clockTime(action.at, timeZone)}</time> ${text(action.by)}: <span class="${action.help === 'helped' ? 'helped' : action.help === 'not known' ? '' : 'vain'}">${action.help}</span>. ${text(actionText(action))}<br><code>${text(action.line)}</code></li>`,
  )
  const vain = story.triedInVain.map(
    ({ at, by, text: said }) =>
      `<li><time>${clockTime(at, timeZone)}</time> ${text(by)}: <span class="vain">did not help</span>. ${text(said)}</li>`,
  )
  const called = story.calls.map(
    ({ at, level, contact, answeredAfterSeconds }) =>
      `<li><time>${clockTime(at, timeZone)}</time> level ${level} called, ${text(contact)}: ${answeredAfterSeconds === null ? 'no answer' : `answered after ${answeredAfterSeconds} s`}</li>`,
  )
  const all = [...done, ...vain, ...called]
  return `<section><h2>What was done</h2>${all.length === 0 ? '<p>Nothing was changed from here, and nobody was called.</p>' : `<ul>${all.join('')}</ul>`}</section>`
}

function timelineHtml({ timeline }: Story, timeZone: string): string {
  let day = ''
  const rows = timeline.map((row) => {
    const heading = dayOf(row.at, timeZone)
    const head = heading === day ? '' : `<li class="day">${heading}</li>`
    day = heading
    const said = row.what === 'command' || row.what === 'change' ? `<code>${text(row.text)}</code>` : text(row.text)
    const result = row.result === undefined ? '' : `<span class="result">${text(row.result)}</span>`
    return `${head}<li${row.good === undefined ? '' : ` class="${row.good ? 'good' : 'bad'}"`}><time>${clockTime(row.at, timeZone)}</time> ${row.by === '' ? '' : `${text(row.by)}: `}${said}${result}</li>`
  })
  return `<section><h2>Time line</h2><ul class="line-of-time">${rows.join('')}</ul></section>`
}
