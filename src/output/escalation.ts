/** The escalation clock for a person: who is due when, and why. */
import type { Due, Escalation } from '../incident/escalation.ts'
import type { NextCall } from '../incident/escalation-next.ts'
import { columnsOf, type Look } from './page.ts'
import { clean, wrap } from './text.ts'
import { span } from './time.ts'

/** A line for each level that is due, one for each question; ends with a newline. `timeZone` is an IANA name. */
export function renderEscalation(clock: Escalation, look: Look, timeZone: string): string {
  const lines = [`${span(clock.elapsedSeconds)} since the onset`, ...clock.due.flatMap((due) => dueLines(due, look, timeZone))]
  if (clock.ask.length > 0) lines.push(...wrap(`Not known: ${clock.ask.map((one) => `whether ${one.says}`).join('; ')}.`, columnsOf(look)))
  return `${lines.join('\n')}\n`
}

function dueLines(due: Due, look: Look, timeZone: string): string[] {
  const { style } = look
  const paint = due.state === 'now' ? style.red : due.state === 'done' ? style.dim : style.yellow
  const why = due.why.filter((reason) => due.state !== 'now' || reason.at <= due.at + due.overdueSeconds * 1000)
  const text = `L${due.level} ${when(due, timeZone)}: ${why.map((reason) => `${reason.says}${reason.forSeconds >= 60 ? ` for ${span(reason.forSeconds)}` : ''}`).join('; ')} (${due.role}: ${due.contacts.join(', ')})`
  return wrap(text, columnsOf(look), '', '   ').map(paint)
}

const when = (due: Due, timeZone: string): string =>
  due.state === 'done'
    ? 'called'
    : due.state === 'later'
      ? `in ${span(due.inSeconds)}, at ${localTime(due.at, timeZone)}`
      : due.overdueSeconds >= 60
        ? `now, ${span(due.overdueSeconds)} late`
        : 'now'

/** `03:20 GMT+2`: the time of day in a zone with its offset from UTC, so that the hour that comes twice in autumn is told apart. */
export function localTime(at: number, timeZone: string): string {
  return new Intl.DateTimeFormat('en-GB', { timeZone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23', timeZoneName: 'shortOffset' })
    .format(at)
    .replace(/GMT(\+0)?$/, 'UTC')
}

/** Who of a level that was called in vain comes next; empty, or ending with a newline. */
export function renderNext(next: readonly NextCall[], look: Look, timeZone: string): string {
  const lines = next.flatMap(({ level, contact, at, inSeconds, says, forSeconds }) => {
    const time = inSeconds === 0 ? 'now' : `in ${span(inSeconds)}, at ${localTime(at, timeZone)}`
    const text = `L${level} ${contact} ${time}: ${says}${forSeconds >= 60 ? ` for ${span(forSeconds)}` : ''}`
    return wrap(text, columnsOf(look), '', '   ').map(inSeconds === 0 ? look.style.red : look.style.yellow)
  })
  return lines.map((line) => `${line}\n`).join('')
}

/** What became of an escalation, as `task-mcp escalate --json` has it. */
interface Calls {
  level: number
  role: string
  outcome: string
  said: string
  calls: readonly { contact: string; name: string; channel: string; outcome: string; said: string; tries: number; preview?: string }[]
}

/** A line for each attempt, and the end of it; in a dry run exactly what would be sent. */
export function renderCalls(report: Calls, look: Look): string {
  const { style } = look
  const columns = columnsOf(look)
  const paint = { accepted: style.green, refused: style.red, failed: style.red } as Readonly<Record<string, (text: string) => string>>
  const lines = report.calls.flatMap(({ name, channel, outcome, said, tries, preview }) => {
    const many = tries > 1 ? ` after ${tries} tries` : ''
    const [first = '', ...rest] = wrap(
      `${name} by ${channel}: ${preview === undefined ? `${said}${many}` : 'would be sent'}`,
      columns,
      '',
      '  ',
    )
    const shown = preview?.split('\n').map((line) => `  ${clean(line)}`) ?? []
    return [(paint[outcome] ?? style.bold)(first), ...rest, ...shown, ...(preview === undefined ? [] : [''])]
  })
  return `${[...lines, ...wrap(report.said, columns)].join('\n')}\n`
}
