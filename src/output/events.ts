/** Events for a person. */
import type { EventGroup } from '../diagnosis/event-groups.ts'
import { columnsOf, counted, type Look } from './page.ts'
import { clean, wrap } from './text.ts'
import { since } from './time.ts'

/** As `task-mcp events --json` prints it. Ends with a newline. */
export function renderEvents(
  report: { at: string; about: string; seen: number; groups: readonly EventGroup[]; truncated: boolean },
  look: Look,
): string {
  const { style } = look
  const columns = columnsOf(look)
  const lines = wrap(`${counted(report.seen, 'event')} about ${report.about}`, columns).map(style.bold)
  if (report.groups.length === 0) lines.push(...wrap('none: events are gone after an hour, so this is no proof of calm', columns, '  '))
  for (const group of report.groups) {
    const times = group.count > 1 ? `${group.count}x, last ${since(group.last ?? '', report.at)}` : since(group.last ?? '', report.at)
    const about = group.objects.length === 1 ? `${group.kind} ${group.objects[0]}` : counted(group.objects.length, group.kind)
    const [first = '', ...rest] = wrap(`${group.reason} ${about}: ${group.message}`, columns, '', '  ')
    lines.push((group.type === 'Normal' ? style.bold : style.red)(first), ...rest, style.dim(`  ${clean(times)}`))
  }
  if (report.truncated) lines.push(style.yellow('there are more events than were read'))
  return `${lines.join('\n')}\n`
}
