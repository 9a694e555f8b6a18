/** The service at a glance, for people: one screen. */
import type { Change } from '../diagnosis/changes.ts'
import type { PodLine } from '../diagnosis/rollout.ts'
import type { StatusReport, Traffic } from '../diagnosis/status.ts'
import type { Part } from '../facts/snapshot.ts'
import { columnsOf, counted, type Look, labelled, listed, phrase } from './page.ts'
import { onSteps, sparkline } from './spark.ts'
import { cut, pad, width, wrap } from './text.ts'
import { since, span } from './time.ts'

/** Rows of pods and of changes that still fit a screen. */
const mostPods = 8
const mostChanges = 5

/** Text for the report; `verbose` shows every pod and change. Ends with a newline. */
export function renderStatus(report: StatusReport, look: Look): string {
  const blocks = [
    heading(report, look),
    rolloutText(report, look),
    [...trafficText(report, look), ...budgetText(report, look)],
    podsText(report, look),
    alertsText(report, look),
    changesText(report, look),
  ]
  return `${blocks
    .filter((block) => block.length > 0)
    .map((block) => block.join('\n'))
    .join('\n\n')}\n`
}

function heading(report: StatusReport, look: Look): string[] {
  const { kind, namespace, workload, context } = report.target
  const word = report.state.toUpperCase()
  const because = report.because.length > 0 ? `: ${phrase(report.because)}` : ''
  const [first = '', ...rest] = wrap(`${word}  ${kind} ${namespace}/${workload} on ${context}${because}`, columnsOf(look))
  const paint = report.state === 'well' ? look.style.green : report.state === 'unwell' ? look.style.red : look.style.yellow
  return [paint(word) + look.style.bold(first.slice(word.length)), ...rest.map(look.style.bold)]
}

function rolloutText(report: StatusReport, look: Look): string[] {
  const { rollout, health, takenAt } = report
  const lines: string[] = []
  if (rollout.state === 'ok') {
    const { state, ready, wanted, updated, revision, image, since: begun } = rollout.value
    const number = revision === undefined || revision === 0 ? '' : `revision ${revision}, `
    const moving = state === 'in progress' || state === 'stuck' ? `, ${updated} updated` : ''
    lines.push(
      ...labelled(
        look,
        'Rollout',
        `${number}${state}: ${ready} of ${wanted} ready${moving}${begun === undefined ? '' : `, since ${since(begun, takenAt)}`}`,
      ),
    )
    if (image !== undefined) lines.push(...labelled(look, 'Image', image))
  } else lines.push(...unseen(look, 'Rollout', rollout))
  const answers = health.map(
    (one) => `${one.hop} ${one.purpose} ${one.well} of ${one.asked}${one.says === undefined ? '' : ` (${one.says})`}`,
  )
  return [...lines, ...listed(look, 'Health', answers)]
}

function trafficText(report: StatusReport, look: Look): string[] {
  const { traffic, thresholds, lookback } = report
  if (traffic.state !== 'ok') return unseen(look, 'Traffic', traffic)
  const { value } = traffic
  if (value.errorRatio === undefined) return labelled(look, 'Traffic', `no requests (${value.from})`)
  const columns = columnsOf(look)
  const steps = Math.min(48, columns - 20)
  const chart = (points: [number, number][], max: number, format: (value: number) => string): string[] => {
    if (points.length < 2) return []
    const values = onSteps(points, lookback.start, lookback.end, steps)
    const top = Math.max(max, ...values.filter(Number.isFinite))
    return [
      `        ${look.style.dim('|')}${sparkline(values, { min: 0, max: top })}${look.style.dim('|')} ${look.style.dim(`to ${format(top)}`)}`,
    ]
  }
  const over = (bad: boolean) => (bad ? look.style.red : look.style.bold)
  const { errorRatio, p95, p99 } = value
  return [
    ...labelled(
      look,
      'Errors',
      `${ratio(errorRatio)} of ${value.requests} requests (${value.from}; threshold ${ratio(thresholds.errorRatio)})`,
      over(errorRatio > thresholds.errorRatio),
    ),
    ...chart(value.errorHistory, thresholds.errorRatio, ratio),
    ...(p95 === undefined
      ? []
      : labelled(look, 'Latency', latencyText(p95, p99, thresholds.p95Seconds), over(p95 > thresholds.p95Seconds))),
    ...chart(value.p95History, thresholds.p95Seconds, milliseconds),
    ...(value.errorHistory.length + value.p95History.length > 3
      ? [look.style.dim(`        the last ${span(lookback.end - lookback.start)}; a gap is a time without figures`)]
      : []),
  ]
}

/** Only where something is known: a service without recorded counts has no budget to show. */
function budgetText({ budget }: StatusReport, look: Look): string[] {
  if (budget.state === 'unreachable') return unseen(look, 'Budget', budget)
  if (budget.state !== 'ok' || budget.value.left.length === 0) return []
  const spent = budget.value.left.some((one) => one.fraction <= 0)
  const left = budget.value.left.map((one) => `${one.title} ${one.fraction < 0 ? 'overspent' : `${Math.floor(one.fraction * 100)}% left`}`)
  return labelled(
    look,
    'Budget',
    `${phrase(left)} (${budget.value.policy}; more: task-mcp slo-budget)`,
    spent ? look.style.red : look.style.bold,
  )
}

const latencyText = (p95: number, p99: Traffic['p99'], threshold: number): string =>
  `p95 ${milliseconds(p95)}${p99 === undefined ? '' : `, p99 ${milliseconds(p99)}`} (threshold of p95 ${milliseconds(threshold)})`

const ratio = (value: number): string => `${Number((value * 100).toFixed(value < 0.1 ? 2 : 1))}%`
const milliseconds = (value: number): string => (value < 10 ? `${(value * 1000).toFixed(0)} ms` : `${value.toFixed(0)} s`)

function podsText(report: StatusReport, look: Look): string[] {
  const { pods, takenAt } = report
  if (pods.state !== 'ok') return unseen(look, 'Pods', pods)
  if (pods.value.length === 0) return labelled(look, 'Pods', 'none')
  // The ones that are not well are what one looks for.
  const sorted = [...pods.value].sort((a, b) => Number(a.ready) - Number(b.ready))
  const shown = look.verbose ? sorted : sorted.slice(0, mostPods)
  const rows = shown.map((pod) => podRow(pod, takenAt))
  const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((row) => width(row[column]!))))
  const lines = rows.map((row, index) => {
    const text = cut(row.map((cell, column) => pad(cell, widths[column] ?? 0)).join('  '), columnsOf(look) - 8).trimEnd()
    return `${index === 0 ? look.style.bold('Pods    ') : '        '}${shown[index]!.ready ? text : look.style.red(text)}`
  })
  const left = sorted.length - shown.length
  return left > 0
    ? [
        ...lines,
        look.style.dim(
          `        and ${left} more, all ${sorted.slice(mostPods).every((pod) => pod.ready) ? 'ready' : 'listed with --verbose'}`,
        ),
      ]
    : lines
}

const podRow = (pod: PodLine, now: string): string[] => [
  pod.name,
  pod.ready ? 'ready' : 'not ready',
  `${pod.state}${pod.template === 'old' ? ', old revision' : ''}`,
  `${counted(pod.restarts, 'restart')}${pod.startedAt === undefined ? '' : `, ${span((Date.parse(now) - Date.parse(pod.startedAt)) / 1000)} old`}`,
]

function alertsText(report: StatusReport, look: Look): string[] {
  const { alerts, takenAt } = report
  if (alerts.state !== 'ok') return unseen(look, 'Alerts', alerts)
  if (alerts.value.length === 0) return labelled(look, 'Alerts', 'none fires')
  const others = alerts.value.filter((alert) => !alert.ours).length
  const ours = alerts.value
    .filter((alert) => alert.ours)
    .map((alert) => `${alert.name}${alert.severity === undefined ? '' : ` (${alert.severity})`} since ${since(alert.since, takenAt)}`)
  return listed(look, 'Alerts', others > 0 ? [...ours, `${others} of other services`] : ours)
}

function changesText(report: StatusReport, look: Look): string[] {
  const { changes, createdAt, takenAt, lookback, rollout } = report
  if (changes.length === 0 && rollout.state !== 'ok') return unseen(look, 'Changes', rollout)
  const shown = look.verbose ? changes : changes.slice(0, mostChanges)
  const texts = shown.map((change) => changeText(change, takenAt))
  if (changes.length > shown.length) texts.push(`and ${changes.length - shown.length} more: --verbose`)
  if (createdAt !== undefined) texts.push(`${since(createdAt, takenAt)}: the workload was created`)
  return listed(look, 'Changes', texts.length > 0 ? texts : [`none in the last ${span(lookback.end - lookback.start)}`])
}

function changeText(change: Change, now: string): string {
  return `${since(change.at, now)}: ${change.kind} ${change.name} ${change.what}${change.by === undefined ? '' : `, by ${change.by}`}`
}

function unseen(look: Look, label: string, part: Part<unknown>): string[] {
  return part.state === 'ok' ? [] : labelled(look, label, `not seen: ${part.reason}`, look.style.yellow)
}
