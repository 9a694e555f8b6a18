/** Groups of alerts and silences, for people. */
import { matcherText } from '../facts/matcher-text.ts'
import type { Alert, AlertGroup, Silence } from '../targets/ports.ts'
import { counted, type Look, labelled, listed } from './page.ts'
import { labelsText } from './slo-alerts.ts'
import { since, span } from './time.ts'

/** Who is told what: a block for each message that goes out. `now` is RFC 3339. */
export function renderGroups(groups: readonly AlertGroup[], where: string, now: string, look: Look): string {
  if (groups.length === 0) return `no alert fires, so nobody is told anything (${where})\n`
  const blocks = groups.map(({ receiver, labels, alerts }) =>
    [
      `${look.style.bold(receiver)}  ${labelsText(labels) === 'none' ? 'all together' : labelsText(labels)}`,
      ...listed(
        look,
        'Alerts',
        alerts.map(
          (alert) =>
            `${alert.name} ${labelsText(alert.labels, ['alertname', ...Object.keys(labels)])}, since ${since(alert.startsAt, now)}${alert.state === 'suppressed' ? ' (held back)' : ''}`,
        ),
      ),
    ].join('\n'),
  )
  return `${blocks.join('\n\n')}\n\n${counted(groups.length, 'group')}, from ${where}\n`
}

/** A block for each silence: its end, author and reason, and what it holds. */
export function renderSilences(
  silences: readonly (Silence & { holds: readonly Pick<Alert, 'name' | 'labels'>[] })[],
  where: string,
  now: string,
  look: Look,
): string {
  if (silences.length === 0) return `nothing is silenced (${where})\n`
  const left = ({ endsAt, state }: Silence) =>
    state === 'expired' ? `ended ${since(endsAt, now)}` : `ends in ${span((Date.parse(endsAt) - Date.parse(now)) / 1000)}`
  return `${silences
    .map((silence) =>
      [
        `${look.style.bold(silence.id)}  ${silence.state}, ${left(silence)}`,
        ...labelled(look, 'Silence', silence.matchers.map(matcherText).join(' ')),
        ...labelled(look, 'By', `${silence.createdBy}: ${silence.comment}`),
        ...(silence.holds.length === 0
          ? labelled(look, 'Holds', 'no alert that fires now')
          : listed(
              look,
              'Holds',
              silence.holds.map((alert) => `${alert.name} ${labelsText(alert.labels, ['alertname'])}`),
            )),
      ].join('\n'),
    )
    .join('\n\n')}\n`
}
