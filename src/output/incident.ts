/** Incidents for a person at a terminal: where one stands, all that are known of it, and the list of them. */
import { span } from '../duration.ts'
import type { Escalation } from '../incident/escalation.ts'
import { type MomentName, type Moments, momentNames, momentsOf } from '../incident/moments.ts'
import type { Incident } from '../incident/state.ts'
import { type Row, timeline } from '../incident/timeline.ts'
import { renderEscalation } from './escalation.ts'
import { clockTime, dayOf, stamp } from './incident-time.ts'
import { columnsOf, counted, type Look, labelled, listed } from './page.ts'
import { clean, cut, pad, wrap } from './text.ts'

/** `inc-...  sev2  open for 14 min` and its title, in two lines. `now` is epoch milliseconds. */
export function headLines(incident: Incident, now: number, look: Look): string[] {
  const { style } = look
  const { id, severity, status, title, service, onset, resolvedAt } = incident
  const age = Math.max(0, (resolvedAt === undefined ? now : Date.parse(resolvedAt)) - Date.parse(onset)) / 1000
  const word = status === 'open' ? style.red(`open for ${span(age)}`) : style.green(`resolved after ${span(age)}`)
  return [
    `${style.bold(id)}  ${severity}  ${word}`,
    ...wrap(title, columnsOf(look)).map(style.bold),
    ...wrap(`${service.kind} ${service.namespace}/${service.workload}${service.context ? ` on ${service.context}` : ''}`, columnsOf(look)),
  ]
}

/** Where an incident stands: who does what, the clock, the last that happened. */
export function renderIncidentStatus(incident: Incident, clock: Escalation, now: number, look: Look, timeZone: string): string {
  const rows = timeline(incident).slice(-5)
  const lines = [...headLines(incident, now, look), ...peopleLines(incident, look), '']
  if (incident.status === 'open') {
    const due = renderEscalation(clock, { ...look, columns: columnsOf(look) - 2 }, timeZone)
    lines.push(
      look.style.bold('Clock'),
      ...due
        .trimEnd()
        .split('\n')
        .map((line) => `  ${line}`),
      '',
    )
  }
  lines.push(look.style.bold('Latest'), ...rowLines(rows, look, timeZone))
  return `${lines.join('\n')}\n`
}

/** All that is known of an incident but its time line. */
export function renderIncident(incident: Incident, now: number, look: Look, timeZone: string): string {
  const { from, alert, said, calls, items, entries, verdicts } = incident
  const lines = [...headLines(incident, now, look), ...peopleLines(incident, look)]
  if (from !== 'hand') lines.push(...labelled(look, 'From', from === 'alert' ? `alert ${alert?.name ?? '?'}` : 'a diagnosis'))
  lines.push('', ...momentLines(momentsOf(incident), look, timeZone))
  lines.push(
    ...listed(
      look,
      'Said',
      said.map(({ fact, holds }) => `${holds ? '' : 'not '}${fact.replaceAll('_', ' ')}`),
    ),
  )
  lines.push(
    ...listed(
      look,
      'Called',
      calls.map(
        (call) =>
          `level ${call.level}: ${call.contact}, ${call.acknowledgedAt === undefined ? 'no answer' : `answered after ${span((call.acknowledgedAt - call.at) / 1000)}`}`,
      ),
    ),
  )
  lines.push(
    ...listed(
      look,
      'After',
      items.map((item) => `${item.text} (${item.owner}, by ${item.due}${item.task ? `, task ${item.task.id}` : ''})`),
    ),
  )
  lines.push(
    '',
    `${counted(entries.length, 'entry', 'entries')}, ${counted(verdicts.length, 'diagnosis', 'diagnoses')}`,
    `  task-mcp incident timeline ${incident.id}`,
  )
  return `${lines.join('\n')}\n`
}

function peopleLines({ roles, people }: Incident, look: Look): string[] {
  const named = roles.map(({ role, who }) => `${who} (${role})`)
  const others = people.filter((name) => !roles.some(({ who }) => who === name))
  return labelled(look, 'People', [...named, ...others].join(', ') || 'nobody yet')
}

const momentWords: Readonly<Record<MomentName, string>> = {
  detected: 'detected',
  acknowledged: 'taken up',
  mitigated: 'mitigated',
  recovered: 'recovered',
  resolved: 'resolved',
}

/** `mitigated   03:20:00 UTC  after 12 min  said by ana`, a line each. */
export function momentLines(moments: Moments, look: Look, timeZone: string): string[] {
  const line = (word: string, at: string, after: string, how: string) =>
    wrap(
      `${pad(word, 10)}  ${clockTime(at, timeZone)}  ${pad(after, 12)}  ${how}`.replaceAll('  ', '\u00a0\u00a0'),
      columnsOf(look),
      '  ',
      '    ',
    ).map((one) => one.replaceAll('\u00a0', ' '))
  return [
    look.style.bold(`Times of ${stamp(moments.onset.at, timeZone).slice(0, 10)}`),
    ...line('began', moments.onset.at, '', moments.onset.how),
    ...momentNames.flatMap((name) => {
      const moment = moments[name]
      return moment
        ? line(momentWords[name], moment.at, `after ${span(moment.afterSeconds)}`, moment.how)
        : [look.style.dim(`  ${pad(momentWords[name], 10)}  not yet known`)]
    }),
  ]
}

/** The time line, a heading for each day. */
export function renderTimeline(incident: Incident, now: number, look: Look, timeZone: string): string {
  return `${[...headLines(incident, now, look), '', ...rowLines(timeline(incident), look, timeZone)].join('\n')}\n`
}

/** Rows with their time, who, and what came of them; several lines each where they are long, fewer unless verbose. */
function rowLines(rows: readonly Row[], look: Look, timeZone: string): string[] {
  const columns = columnsOf(look)
  let day = ''
  return rows.flatMap((row) => {
    const heading = dayOf(row.at, timeZone)
    const head = heading === day ? [] : [look.style.dim(`  ${heading}`)]
    day = heading
    const paint = row.good === undefined ? (text: string) => text : row.good ? look.style.green : look.style.red
    const text = wrap(`${row.by === '' ? '' : `${row.by}: `}${row.text}`, columns, `  ${clockTime(row.at, timeZone)}  `, ' '.repeat(6))
    const result = row.result === undefined ? [] : resultLines(row.result, look, columns)
    return [...head, ...text, ...result.map(paint)]
  })
}

function resultLines(result: string, look: Look, columns: number): string[] {
  const whole = wrap(result, columns, '      -> ', '         ')
  if (look.verbose || whole.length <= 2) return whole
  return [whole[0]!, `         ${cut(clean(whole.slice(1).join(' ').replace(/\s+/g, ' ').trim()), columns - 9)}`]
}

/** A line for each incident, the newest first. */
export function renderIncidents(incidents: readonly Incident[], here: string | undefined, now: number, look: Look): string {
  if (incidents.length === 0) return 'no incident is known here\n'
  const lines = [...incidents].reverse().flatMap((incident) => {
    const { id, severity, status, title, service, onset, resolvedAt } = incident
    const took = span(Math.max(0, (resolvedAt === undefined ? now : Date.parse(resolvedAt)) - Date.parse(onset)) / 1000)
    const state = status === 'open' ? look.style.red(`open ${took}`) : look.style.green(`resolved after ${took}`)
    return [
      `${id}${id === here ? '*' : ' '} ${severity} ${state}`,
      ...wrap(`${service.namespace}/${service.workload}: ${title}`, columnsOf(look), '  '),
    ]
  })
  if (here !== undefined) lines.push(look.style.dim('* commands of this machine join it'))
  return `${lines.join('\n')}\n`
}
