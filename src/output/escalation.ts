/** The escalation clock for a person: who is due when, and why. */
import type { Due, Escalation } from '../incident/escalation.ts'
import { columnsOf, type Look } from './page.ts'
import { wrap } from './text.ts'
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
