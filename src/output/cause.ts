/** A cause as text: what to do first, then why that is true. */
import type { Cause, Evidence, Subject } from '../diagnosis/verdict.ts'
import { command, type Look, labelled, listed } from './page.ts'
import { moment, since } from './time.ts'

/** `Deployment shop/web, container app`. */
export function subjectText(subject: Subject): string {
  const name = subject.namespace === undefined ? subject.name : `${subject.namespace}/${subject.name}`
  return `${subject.kind} ${name}${subject.container === undefined ? '' : `, container ${subject.container}`}`
}

function evidenceText(evidence: Evidence, now: string): string {
  const expected = evidence.expected === undefined ? '' : `; expected ${evidence.expected}`
  const at = evidence.at === undefined ? '' : ` ${moment(evidence.at, now)}`
  return `${evidence.asked}: ${evidence.observed}${expected} [${evidence.source}${at}]`
}

/** The lines that say what to do: since when, next command, what would harm, who owns it. `now` is RFC 3339. */
export function whatToDo(cause: Cause, look: Look, now: string): string[] {
  const begun = cause.since === undefined ? 'nothing dates it' : since(cause.since, now)
  const lines = labelled(look, 'Since', `${begun} (confidence ${Math.round(cause.confidence * 100)}%)`)
  for (const [index, remedy] of cause.remedies.entries()) {
    lines.push(...labelled(look, index === 0 ? 'Next' : 'Or', remedy.why), ...command(look, remedy.command))
  }
  lines.push(
    ...listed(
      look,
      'Do NOT',
      cause.never.map((refusal) => `${refusal.action}: ${refusal.why}`),
      look.style.red,
    ),
  )
  if (cause.owner !== '') lines.push(...labelled(look, 'Owner', cause.owner))
  return lines
}

/** The lines that say why: proof, what it explains, what else was considered. */
export function why(cause: Cause, look: Look, now: string): string[] {
  const effects = cause.effects.map((effect) => `${effect.what}${effect.subject === undefined ? '' : ` (${subjectText(effect.subject)})`}`)
  const rivals = cause.rivals.map((rival) =>
    rival.status === 'refuted' ? `not ${rival.code}: ${rival.fact}` : `perhaps ${rival.code}, still open: ${rival.fact}`,
  )
  const most = look.verbose ? Number.POSITIVE_INFINITY : 6
  return [
    ...some(
      look,
      'Proof',
      cause.evidence.map((evidence) => evidenceText(evidence, now)),
      most,
    ),
    ...some(look, 'Effects', effects, most),
    ...some(look, 'Rivals', rivals, most),
  ]
}

/** The first `most` texts under a label, and how many more there are. */
function some(look: Look, label: string, texts: readonly string[], most: number): string[] {
  const shown = texts.slice(0, most)
  const left = texts.length - shown.length
  return listed(look, label, left > 0 ? [...shown, `and ${left} more: --verbose`] : shown)
}
