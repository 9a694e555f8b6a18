/** An error budget as one self-contained page: no script, no font, no request to anywhere. */

import type { BudgetReport, ObjectiveReport } from '../slo/report.ts'
import { ahead, budgetLine, left as leftOver, sure } from './slo-budget.ts'
import { amount, percent, rate, roughPercent } from './slo-number.ts'
import { moment } from './time.ts'

/** The page for a report. */
export function budgetPage(report: BudgetReport): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Error budgets of ${escaped(report.service)}</title>
<style>
:root { color-scheme: light dark; --line: light-dark(#2563eb, #7cb0ff); --bad: light-dark(#c81e1e, #ff8b82); --deploy: light-dark(#8a5a00, #e3b341); --grid: #8886; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.4rem } h2 { font-size: 1.1rem; margin-top: 2.5rem }
table { border-collapse: collapse } td, th { text-align: right; padding: .2rem .8rem .2rem 0 } td:first-child, th:first-child { text-align: left }
.wide { overflow-x: auto } svg { width: 100%; max-width: 40rem; height: auto } a { color: var(--line) } text { fill: currentColor; font-size: 12px } h3 { font-size: 1rem; margin-bottom: .3rem } dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1rem } dt { font-weight: 600 } dd { margin: 0 } figcaption { font-size: .85rem; opacity: .8 } figure { margin: 1rem 0 }
@media (max-width: 34rem) { body { font-size: 15px; margin: 1rem auto } td, th { font-size: .8rem; padding-right: .45rem } h2 { margin-top: 2rem } ul { padding-left: 1.2rem } }
.policy { font-weight: 700; text-transform: uppercase }
</style>
</head>
<body>
<h1><span class="policy">${report.policy.replace('-', ' ')}</span> ${escaped(budgetLine(report).replace(/^[a-z-]+: /, ''))}</h1>
<p>${report.window.kind === 'rolling' ? 'The last' : `The ${report.window.kind} of`} ${amount(report.window.seconds / 86_400)} days, from ${moment(report.window.start, '')} to ${moment(report.window.end, '')}. Looked at ${moment(report.at, '')}, from ${escaped(report.source.where)}.</p>
${report.warnings.map((warning) => `<p>${escaped(warning)}</p>`).join('\n')}
<div class="wide"><table>
<tr><th>SLO</th><th>target</th><th>so far</th><th>left</th><th>burn 1h</th><th>policy</th></tr>
${report.objectives.map(row).join('\n')}
</table></div>
${report.objectives.map((one) => section(one, report.window.seconds)).join('\n')}
</body>
</html>
`
}

function row(one: ObjectiveReport): string {
  const hour = one.burn.find(({ window }) => window === '1h')?.rate ?? null
  return `<tr><td><a href="#${anchor(one)}">${escaped(named(one))}</a></td><td>${percent(one.target)}</td><td>${percent(one.indicator)}</td><td>${roughPercent(one.remaining.fraction)}</td><td>${rate(hour)}</td><td>${one.policy.replace('-', ' ')}</td></tr>`
}

function section(one: ObjectiveReport, whole: number): string {
  return `<h2 id="${anchor(one)}">${escaped(named(one))}</h2>
<p>${escaped(one.method)}</p>
<dl><dt>Left</dt><dd>${escaped(leftOver(one))}</dd>${one.remaining.fraction === null ? '' : `<dt>Sure</dt><dd>${escaped(sure(one))}</dd><dt>Ahead</dt><dd>${escaped(ahead(one, whole))}</dd>`}</dl>
${one.course.length < 2 ? '' : `<figure><div class="wide">${courseChart(one)}</div><figcaption>Budget left, hour by hour. A gap was not counted; upright lines are deploys.</figcaption></figure>`}
<figure><div class="wide">${burnChart(one)}</div><figcaption>Burn rate by window. 1 spends exactly the budget; the line marks it.</figcaption></figure>
${spentList(one)}`
}

const anchor = ({ id }: ObjectiveReport): string => id.replace('/', '-')
const named = ({ id, name, title }: ObjectiveReport): string => (id === name ? title : `${title} (${id})`)

/** Incidents, dear hours, deploys that cost something, and where the bad events were. */
function spentList({ spent, unit }: ObjectiveReport): string {
  const items = [
    ...spent.incidents.map(({ name, start, share }) => `${name} from ${moment(start, '')}: ${roughPercent(share)} of the budget`),
    ...spent.spells.map(
      ({ start, hours, share, peak }) =>
        `${moment(start, '')}, ${hours} h: ${roughPercent(share)} of the budget, up to ${rate(peak)} times the sustainable rate`,
    ),
    ...spent.deploys.map(
      ({ at, name, before, after, share, judgement }) =>
        `deploy of ${name} at ${moment(at, '')}: ${percent(before)} bad before, ${percent(after)} after${judgement === 'worse' ? `; it cost ${roughPercent(share)} of the budget` : ''}`,
    ),
    ...spent.by.map(({ word, what, bad, share }) => `${word} ${what}: ${amount(bad)} bad ${unit}, ${roughPercent(share)} of the budget`),
  ]
  return items.length === 0 ? '' : `<h3>What spent it</h3><ul>${items.map((item) => `<li>${escaped(item)}</li>`).join('')}</ul>`
}

const width = 480
const height = 150
const left = 46

/** A line with gaps where nothing was counted, and a line at zero. */
function courseChart({ course, spent }: ObjectiveReport): string {
  const known = course.flatMap(({ remaining }) => (remaining === null ? [] : [remaining]))
  const low = Math.min(0, ...known)
  const x = (index: number) => left + (index / (course.length - 1)) * (width - left - 8)
  const y = (value: number) => 10 + ((1 - value) / (1 - low)) * (height - 34)
  let path = ''
  let drawing = false
  for (const [index, { remaining }] of course.entries()) {
    if (remaining === null) drawing = false
    else {
      path += `${drawing ? 'L' : 'M'}${x(index).toFixed(1)} ${y(remaining).toFixed(1)}`
      drawing = true
    }
  }
  const mark = (value: number) =>
    `<line x1="${left}" x2="${width - 8}" y1="${y(value).toFixed(1)}" y2="${y(value).toFixed(1)}" stroke="var(--grid)"/><text x="${left - 6}" y="${(y(value) + 4).toFixed(1)}" text-anchor="end">${roughPercent(value)}</text>`
  const [first, last] = [Date.parse(course[0]!.at), Date.parse(course.at(-1)!.at)]
  const deploys = spent.deploys.map(({ at }) => {
    const across = (left + ((Date.parse(at) - first) / (last - first || 1)) * (width - left - 8)).toFixed(1)
    return `<line x1="${across}" x2="${across}" y1="10" y2="${height - 24}" stroke="var(--deploy)" stroke-dasharray="4 3"/>`
  })
  const day = (at: string) => at.slice(0, 10)
  return `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="budget left over time">${[1, 0.5, 0, ...(low < 0 ? [low] : [])].map(mark).join('')}${deploys.join('')}<path d="${path}" fill="none" stroke="var(--line)" stroke-width="2"/><text x="${left}" y="${height - 6}">${day(course[0]!.at)}</text><text x="${width - 8}" y="${height - 6}" text-anchor="end">${day(course.at(-1)!.at)}</text></svg>`
}

/** Bars on a scale that shows 0.1 and 1000 alike. */
function burnChart({ burn }: ObjectiveReport): string {
  const scale = (value: number) => Math.log10(1 + value * 9)
  const top = Math.max(1.3, ...burn.map(({ rate: value }) => scale(value ?? 0)))
  const step = (width - left) / burn.length
  const y = (value: number) => height - 24 - (scale(value) / top) * (height - 48)
  const bars = burn.map(({ window, rate: value }, index) => {
    const x = left + index * step
    const name = `<text x="${(x + step / 2).toFixed(1)}" y="${height - 8}" text-anchor="middle">${window}</text>`
    if (value === null) return `${name}<text x="${(x + step / 2).toFixed(1)}" y="${height - 30}" text-anchor="middle">no traffic</text>`
    return `${name}<rect x="${(x + step * 0.2).toFixed(1)}" width="${(step * 0.6).toFixed(1)}" y="${y(value).toFixed(1)}" height="${(height - 24 - y(value)).toFixed(1)}" fill="${value > 1 ? 'var(--bad)' : 'var(--line)'}"/><text x="${(x + step / 2).toFixed(1)}" y="${(y(value) - 5).toFixed(1)}" text-anchor="middle">${rate(value)}</text>`
  })
  return `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="burn rate by window"><line x1="${left}" x2="${width}" y1="${y(1).toFixed(1)}" y2="${y(1).toFixed(1)}" stroke="var(--grid)"/><text x="${left - 6}" y="${(y(1) + 4).toFixed(1)}" text-anchor="end">1</text>${bars.join('')}</svg>`
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (character) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[character]!)
}
