/** Alerts for people: what fires, why, and what a silence would hold. */
import type { Alert, Silence } from '../targets/ports.ts'
import { command, counted, type Look, labelled, listed } from './page.ts'
import { since } from './time.ts'

/** One condition of a rule, with what it is now. */
export interface Weighed {
  measured: string
  operator?: string
  threshold?: string
  joined?: 'and' | 'or'
  /** Its values now by their labels; empty when it has no answer, undefined when it could not be asked. */
  now: { labels: Record<string, string>; value: number }[] | undefined
}

export interface Explained {
  name: string
  rule: { expr: string; for: string | undefined; from: string } | undefined
  conditions: Weighed[]
  firing: Alert[]
  runbook: string | undefined
  diagnose: string | undefined
}

const order = ['critical', 'warning', 'ticket', 'info']
const rank = (alert: Alert) => (order.indexOf(alert.labels.severity ?? '') + order.length + 1) % (order.length + 1)

/** The alerts by severity and age; what is silenced or inhibited last and said so. `now` is RFC 3339. */
export function renderAlerts(alerts: readonly Alert[], silences: readonly Silence[], where: string, now: string, look: Look): string {
  if (alerts.length === 0) return `no alert fires (${where})\n`
  const sorted = [...alerts].sort(
    (a, b) =>
      Number(a.state === 'suppressed') - Number(b.state === 'suppressed') ||
      rank(a) - rank(b) ||
      a.startsAt.localeCompare(b.startsAt) ||
      a.name.localeCompare(b.name),
  )
  const blocks = sorted.map((alert) => {
    const severity = alert.labels.severity ?? 'none'
    const paint = severity === 'critical' ? look.style.red : severity === 'warning' ? look.style.yellow : look.style.bold
    return [
      `${paint(alert.name)}  ${severity}${alert.state === 'suppressed' ? `, ${held(alert, alerts, silences)}` : ''}`,
      ...(alert.annotations.summary ? labelled(look, '', alert.annotations.summary) : []),
      ...labelled(look, 'Since', since(alert.startsAt, now)),
      ...labelled(look, 'Labels', labelsText(alert.labels, ['alertname', 'severity'])),
      ...(alert.annotations.diagnose ? command(look, alert.annotations.diagnose) : []),
    ].join('\n')
  })
  return `${blocks.join('\n\n')}\n\n${counted(alerts.length, 'alert')}, from ${where}\n`
}

function held(alert: Alert, alerts: readonly Alert[], silences: readonly Silence[]): string {
  const silence = silences.find(({ id }) => alert.silencedBy?.includes(id))
  if (silence) return `silenced until ${silence.endsAt} by ${silence.createdBy}: ${silence.comment}`
  const cause = alerts.find(({ fingerprint }) => alert.inhibitedBy?.includes(fingerprint))
  return cause ? `held back because ${cause.name} fires` : 'held back'
}

export function labelsText(labels: Record<string, string>, without: readonly string[] = []): string {
  return (
    Object.entries(labels)
      .filter(([name]) => !without.includes(name))
      .map(([name, value]) => `${name}=${value}`)
      .join(' ') || 'none'
  )
}

/** Why an alert fires or does not. */
export function renderExplained(explained: Explained, now: string, look: Look): string {
  const { name, rule, conditions, firing, runbook, diagnose } = explained
  const lines = [
    `${look.style.bold(name)}  ${firing.length === 0 ? 'does not fire' : `fires ${counted(firing.length, 'time')}, since ${since(firing.map(({ startsAt }) => startsAt).sort()[0]!, now)}`}`,
    ...(rule
      ? labelled(look, 'Rule', `from ${rule.from}${rule.for === undefined ? '' : `, when it has been so for ${rule.for}`}`)
      : labelled(look, 'Rule', 'not known: neither a shipped rule nor an alert with a link to its expression')),
    ...conditions.flatMap((condition) => [
      ...labelled(
        look,
        condition.joined ?? 'When',
        `${condition.measured}${condition.operator ? ` ${condition.operator} ${condition.threshold}` : ''}`,
      ),
      ...listed(look, '', values(condition)),
    ]),
    ...firing.flatMap((alert) => labelled(look, 'Firing', labelsText(alert.labels, ['alertname']))),
    ...(runbook ? labelled(look, 'Runbook', runbook) : []),
    ...(diagnose ? command(look, diagnose) : []),
  ]
  return `${lines.join('\n')}\n`
}

function values({ now, operator, threshold }: Weighed): string[] {
  if (now === undefined) return ['now: could not be asked']
  if (now.length === 0) return ['now: no answer, so not so']
  return now
    .slice(0, 5)
    .map(
      ({ labels, value }) =>
        `now ${Number(value.toPrecision(4))}${operator ? ` against ${threshold}` : ''}${Object.keys(labels).length > 0 ? ` (${labelsText(labels, ['__name__'])})` : ''}`,
    )
}

/** What a silence would hold. */
export function renderPreview(matchers: string, holds: readonly Alert[], until: string, by: string, comment: string, look: Look): string {
  return `${[
    ...labelled(look, 'Silence', matchers),
    ...labelled(look, 'Until', until),
    ...labelled(look, 'By', `${by}: ${comment}`),
    ...(holds.length === 0
      ? labelled(look, 'Holds', 'no alert that fires now', look.style.yellow)
      : listed(
          look,
          'Holds',
          holds.map((alert) => `${alert.name} ${labelsText(alert.labels, ['alertname'])}`),
        )),
  ].join('\n')}\n`
}
