/** Pods described for a person. */
import type { ContainerSheet, PodSheet } from '../diagnosis/pod-sheet.ts'
import { columnsOf, counted, type Look } from './page.ts'
import { wrap } from './text.ts'
import { since } from './time.ts'

interface Sheets {
  at: string
  namespace: string
  pods: readonly PodSheet[]
  eventsUnseen: string | null
}

/** A block for each pod, those that are not ready first. Environment and mounts with `verbose` alone. Ends with a newline. */
export function renderSheets(report: Sheets, look: Look): string {
  const blocks = report.pods.map((pod) => sheetLines(pod, report.at, look).join('\n'))
  if (blocks.length === 0) blocks.push('no pods')
  if (report.eventsUnseen !== null)
    blocks.push(wrap(`events were not seen: ${report.eventsUnseen}`, columnsOf(look)).map(look.style.yellow).join('\n'))
  if (!look.verbose && report.pods.length > 0) blocks.push(look.style.dim('environment and mounts, by name alone: --verbose'))
  return `${blocks.join('\n\n')}\n`
}

function sheetLines(pod: PodSheet, now: string, look: Look): string[] {
  const { style } = look
  const columns = columnsOf(look)
  const paint = pod.ready ? style.bold : style.red
  const state = `${pod.leaving ? 'leaving, ' : ''}${pod.ready ? 'ready' : 'not ready'}, ${pod.reason ?? pod.phase}`
  const begun = pod.startedAt === null ? '' : `, since ${since(pod.startedAt, now)}`
  const lines = wrap(
    `${pod.name}: ${state}${begun}, on ${pod.node ?? 'no node yet'}${pod.address ? ` at ${pod.address}` : ''}`,
    columns,
    '',
    '  ',
  ).map(paint)
  for (const { type, status, reason, message, since: from } of pod.conditions) {
    const when = from === null ? '' : `, since ${since(from, now)}`
    lines.push(
      ...wrap(`${type} is ${status}${reason ? `, ${reason}` : ''}${message ? `: ${message}` : ''}${when}`, columns, '  ', '    ').map(
        style.yellow,
      ),
    )
  }
  lines.push(...pod.containers.flatMap((container) => containerLines(container, now, look)))
  for (const group of pod.events.filter((event) => look.verbose || event.type !== 'Normal')) {
    const count = group.count > 1 ? `, ${group.count} times` : ''
    lines.push(...wrap(`event ${group.reason}${count}, ${since(group.last ?? '', now)}: ${group.message}`, columns, '  ', '    '))
  }
  return lines
}

function containerLines(container: ContainerSheet, now: string, look: Look): string[] {
  const { style } = look
  const columns = columnsOf(look)
  const state = container.state.replace(/since (\S+)$/, (_, at: string) => `since ${since(at, now)}`)
  const restarts = container.restarts > 0 ? `, ${counted(container.restarts, 'restart')}` : ''
  const lines = wrap(
    `${container.init ? 'init ' : ''}${container.name}: ${state}${restarts}; ${container.image}`,
    columns,
    '  ',
    '    ',
  ).map(container.well ? (text: string) => text : style.red)
  const under = (text: string) => lines.push(...wrap(text, columns, '    ', '      '))
  if (container.lastEnd !== null)
    under(`ended before with ${container.lastEnd}${container.lastEndAt ? `, ${since(container.lastEndAt, now)}` : ''}`)
  const amounts = (of: Readonly<Record<string, string>>) =>
    Object.entries(of)
      .map(([name, value]) => `${name} ${value}`)
      .join(', ') || 'nothing'
  under(
    `asks for ${amounts(container.requests)}; may use ${Object.keys(container.limits).length > 0 ? amounts(container.limits) : 'what there is'}`,
  )
  for (const probe of container.probes) under(probe)
  if (look.verbose) {
    for (const env of container.env) under(`env ${env}`)
    for (const mount of container.mounts) under(`mounts ${mount}`)
  }
  return lines
}
