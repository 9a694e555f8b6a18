/** Changes for a person. */
import type { Change } from '../diagnosis/changes.ts'
import { columnsOf, counted, type Look } from './page.ts'
import { wrap } from './text.ts'
import { since, span } from './time.ts'

interface Changes {
  at: string
  service: string
  lookbackSeconds: number
  changes: readonly Change[]
  revisions: readonly { number: number; name: string; createdAt: string | null; pods: number; what: readonly string[] | null }[]
  unseen: readonly { kind: string; reason: string }[]
}

/** Newest first; ends with a newline. */
export function renderChanges(report: Changes, look: Look): string {
  const { style } = look
  const columns = columnsOf(look)
  const lines = wrap(`Changes around ${report.service} in the last ${span(report.lookbackSeconds)}`, columns).map(style.bold)
  if (report.changes.length === 0) lines.push('  none that can be seen; --lookback 24h looks further back')
  for (const change of report.changes) {
    const by = change.by === undefined ? '' : ` by ${change.by}`
    lines.push(...wrap(`${since(change.at, report.at)}: ${change.kind} ${change.name} ${change.what}${by}`, columns, '  ', '    '))
  }
  if (report.revisions.length > 0) {
    lines.push('', style.bold('Revisions that are kept'))
    for (const { number, createdAt, pods, what } of report.revisions) {
      const change = what === null ? 'the oldest that is kept' : what.length === 0 ? 'nothing that reaches a pod' : what.join(', ')
      const when = createdAt === null ? '' : `, ${since(createdAt, report.at)}`
      lines.push(...wrap(`${number}${when}${pods > 0 ? `, ${counted(pods, 'pod')}` : ''}: ${change}`, columns, '  ', '    '))
    }
  }
  if (report.unseen.length > 0)
    lines.push(
      '',
      ...wrap(
        `Not seen: ${report.unseen.map((one) => one.kind).join(', ')} (--json has why, and the rule that would allow it)`,
        columns,
      ).map(style.yellow),
    )
  return `${lines.join('\n')}\n`
}
