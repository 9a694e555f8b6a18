/** The verdict for people: the first lines say what to do, the rest why that is right and what was not seen. */
import type { NotSeen, Symptom, Verdict } from '../diagnosis/verdict.ts'
import { subjectText, whatToDo, why } from './cause.ts'
import { columnsOf, counted, type Look, labelled, listed, phrase } from './page.ts'
import { brailleLine, onSteps, sparkline } from './spark.ts'
import { stepsText } from './steps.ts'
import { type Chart, measure } from './svg.ts'
import { clean, says, wrap } from './text.ts'
import { moment, since, span } from './time.ts'

/** Text of at most `columns` wide, commands and single long words aside; ends with a newline. Of `charts`, those over their threshold are drawn. */
export function renderVerdict(verdict: Verdict, look: Look, charts: readonly Chart[] = []): string {
  const now = verdict.window.end
  const blocks = [top(verdict, look, now)]
  const [first, ...others] = verdict.causes
  if (first) blocks.push(why(first, look, now))
  for (const [index, cause] of others.entries()) {
    blocks.push([
      ...wrap(`Cause ${index + 2} of ${verdict.causes.length}: ${cause.code}, ${subjectText(cause.subject)}`, columnsOf(look)).map(
        look.style.bold,
      ),
      ...wrap(cause.summary, columnsOf(look)),
      ...whatToDo(cause, look, now),
      ...why(cause, look, now),
    ])
  }
  const blind = verdict.verdict === 'inconclusive'
  if (blind) blocks.push(unseenText(verdict.notSeen, look))
  blocks.push(
    [...symptomsText(verdict.symptoms, look, now), ...chartsText(charts, verdict.window, look)],
    stepsText(verdict.runbook, verdict.steps, look),
  )
  if (!blind) blocks.push(listed(look, 'Decides', verdict.wouldDecide), unseenText(verdict.notSeen, look))
  blocks.push(footer(verdict, look))
  return `${blocks
    .filter((block) => block.length > 0)
    .map((block) => block.join('\n'))
    .join('\n\n')}\n`
}

const paints = { healthy: 'green', degraded: 'yellow', faulty: 'red', inconclusive: 'yellow' } as const

function top(verdict: Verdict, look: Look, now: string): string[] {
  const word = verdict.verdict.toUpperCase()
  const [start = '', ...rest] = wrap(`${word}: ${verdict.headline}`, columnsOf(look))
  const paint = look.style[paints[verdict.verdict]]
  const lines = [look.style.bold(paint(word)) + look.style.bold(start.slice(word.length)), ...rest.map(look.style.bold)]
  const [cause, ...others] = verdict.causes
  if (cause) {
    lines.push(...labelled(look, 'Cause', `${cause.code}, ${subjectText(cause.subject)}`))
    if (!says(verdict.headline, cause.summary)) lines.push(...labelled(look, '', cause.summary))
    lines.push(...whatToDo(cause, look, now))
    lines.push(
      ...listed(
        look,
        'Also',
        others.map((other) => `${other.code}, ${subjectText(other.subject)}: see below`),
      ),
    )
  }
  if (verdict.verdict === 'inconclusive') lines.push(...listed(look, 'Decides', verdict.wouldDecide))
  return lines
}

function symptomsText(symptoms: readonly Symptom[], look: Look, now: string): string[] {
  return listed(
    look,
    'Symptom',
    symptoms.map((symptom) => {
      const observed = says(symptom.summary, symptom.observed) ? '' : `: ${symptom.observed}`
      const threshold = symptom.threshold === undefined ? '' : `, threshold ${symptom.threshold}`
      const begun = symptom.since === undefined ? '' : `, since ${since(symptom.since, now)}`
      return `${symptom.summary}${observed}${threshold}${begun} (${symptom.severity})`
    }),
  )
}

/** A line for each measurement that is over its threshold somewhere in the window, four rows high when verbose; a gap is a time without figures. */
function chartsText(charts: readonly Chart[], window: Verdict['window'], look: Look): string[] {
  const [start, end] = [Date.parse(window.start) / 1000, Date.parse(window.end) / 1000]
  const columns = Math.min(60, columnsOf(look) - 10)
  return charts.flatMap(({ title, unit, points, threshold }) => {
    const values = onSteps(points, start, end, look.verbose ? columns * 2 : columns)
    const top = Math.max(...values.filter(Number.isFinite))
    if (threshold === undefined || !(top > threshold)) return []
    const from = `${moment(window.start, window.end)} to ${moment(window.end, window.end)}, at most ${measure(top, unit)}`
    const rows = look.verbose ? brailleLine(values, columns, 4, { min: 0, max: top }) : [sparkline(values, { min: 0, max: top })]
    return [...labelled(look, 'Chart', `${title}, ${from}`), ...rows.map((row) => `        |${look.style.cyan(row)}|`)]
  })
}

/** What could not be looked at, what that may hide, and the rule or flag that changes it, as it must be pasted. */
function unseenText(notSeen: readonly NotSeen[], look: Look): string[] {
  const alike = new Map<string, NotSeen[]>()
  for (const unseen of notSeen) {
    const why = `${unseen.reason}\n${unseen.next ?? ''}`
    alike.set(why, [...(alike.get(why) ?? []), unseen])
  }
  return [...alike.values()].flatMap((group, index) => {
    const { reason, next } = group[0]!
    const changes = phrase(group.map((unseen) => unseen.couldChange))
    return [
      ...labelled(
        look,
        index === 0 ? 'Unseen' : '',
        `${phrase(group.map((unseen) => unseen.what))}: ${reason}. It could change ${changes}.`,
        look.style.yellow,
      ),
      ...(next === undefined ? [] : next.split('\n').map((line) => `          ${clean(line)}`)),
    ]
  })
}

function footer(verdict: Verdict, look: Look): string[] {
  const { target, window } = verdict
  // A service that was given by its address is in no cluster; its cause names the address.
  const place = target.context === 'none' ? target.workload : `${target.kind} ${target.namespace}/${target.workload} on ${target.context}`
  const looked = `${span((Date.parse(window.end) - Date.parse(window.start)) / 1000)} before ${moment(window.end, '')}`
  return wrap(
    `${place}; looked at the ${looked}; took ${verdict.took.toFixed(2)} s, ${counted(verdict.requests, 'request')}.`,
    columnsOf(look),
  ).map(look.style.dim)
}
