/** A drill at the terminal: what is told, what can be done, and how it went. */
import { span } from '../duration.ts'
import { checksOf, type Drill, type Score, scoreOf } from '../incident/drill.ts'
import { evidenceLines } from './incident-words.ts'
import { columnsOf, command, counted, type Look, labelled, listed } from './page.ts'
import { pad, wrap } from './text.ts'

/** The page at 3 a.m., and what users notice. */
export function renderDrillStart(drill: Drill, look: Look): string {
  const { symptoms, target } = drill.verdict
  return `${[
    look.style.bold(`Drill ${drill.name}`),
    ...wrap(drill.told, columnsOf(look)),
    '',
    ...labelled(look, 'Service', `${target.kind} ${target.namespace}/${target.workload}`),
    ...listed(
      look,
      'Seen',
      symptoms.map(({ summary }) => summary),
    ),
  ].join('\n')}\n`
}

/** What can be asked, by the words that --answer takes. */
export function renderChoices(drill: Drill, guesses: readonly string[], actions: readonly string[], look: Look): string {
  const checks = checksOf(drill).map(({ id, title }) => `  check=${pad(id, 14)} ${title}`)
  return `${['Look:', ...checks, 'Name the cause:', ...wrap(guesses.map((code) => `cause=${code}`).join(' '), columnsOf(look), '  '), 'Do:', ...wrap(actions.map((action) => `do=${action}`).join(' '), columnsOf(look), '  '), 'Or: hint, give-up'].join('\n')}\n`
}

/** How it went, what proves the cause, and what to do about it. */
export function renderDrillEnd(drill: Drill, look: Look): string {
  const { style } = look
  const score = scoreOf(drill)
  const cause = drill.verdict.causes[0]!
  const remedy = cause.remedies[0]
  return `${[
    '',
    (score.found ? style.green : style.red)(scoreLine(score)),
    ...labelled(look, 'Cause', `${cause.code}: ${cause.summary}`),
    ...listed(look, 'Proof', evidenceLines(cause.evidence).slice(0, 4)),
    ...listed(
      look,
      'Wrong',
      drill.wrong.map(({ what, why }) => `${what}: ${why}`),
    ),
    ...(remedy ? [...labelled(look, 'Cure', remedy.why), ...command(look, remedy.command)] : []),
    ...listed(
      look,
      'Do NOT',
      cause.never.map(({ action, why }) => `${action}: ${why}`),
      style.red,
    ),
  ].join('\n')}\n`
}

function scoreLine({ found, secondsToCause, checks, wrongTurns, hints, points }: Score): string {
  const turns = [counted(checks, 'look'), counted(wrongTurns, 'wrong turn'), ...(hints > 0 ? [counted(hints, 'hint')] : [])].join(', ')
  return found
    ? `Found in ${span(secondsToCause ?? 0)} with ${turns}: ${points} of 100 points`
    : `Not found, after ${turns}: 0 of 100 points`
}
