/** Logs for a person: what was said how often, or line by line. */
import type { LogGroup } from '../diagnosis/log-groups.ts'
import { columnsOf, counted, type Look } from './page.ts'
import { clean, cut, pad } from './text.ts'
import { moment, span } from './time.ts'

/** As `task-mcp logs --json` prints it. */
export interface LogsView {
  at: string
  since: string
  sinceFrom: string
  service: string
  pods: string[]
  podsLeftOut: number
  previous: boolean
  lines: number
  /** `pod/container` whose oldest lines were left out. */
  truncated: string[]
  groups: LogGroup[]
  text?: { pod: string; container: string; time: string | null; text: string }[]
  unseen: { pod: string; container: string; state: string; reason: string; next?: string | undefined }[]
}

const usual = 15

/** Groups, worst first; with `lines` the lines themselves by time. Ends with a newline. */
export function renderLogs(report: LogsView, look: Look & { lines: boolean }): string {
  const { style } = look
  const { groups, pods } = report
  const what = report.previous ? 'before their last restart' : `since ${moment(report.since, report.at)} (${report.sinceFrom})`
  const head = `${report.service}: ${counted(report.lines, 'line')} of ${counted(pods.length, 'pod')} ${what}`
  const lines = [style.bold(cut(head, columnsOf(look)))]
  if (look.lines) {
    const common = commonStart(pods)
    for (const { pod, container, time, text } of report.text ?? [])
      lines.push(`${time?.slice(11, 19) ?? '--:--:--'} ${pod.slice(common)}/${container} ${clean(text)}`)
  } else lines.push(...groupLines(groups, pods.length, look))
  lines.push(...report.unseen.map((one) => style.yellow(cut(`not read: ${one.pod}/${one.container}: ${one.reason}`, columnsOf(look)))))
  if (report.truncated.length > 0) lines.push(style.dim(cut(`only the newest lines of ${report.truncated.join(', ')}`, columnsOf(look))))
  if (report.podsLeftOut > 0) lines.push(style.dim(`${counted(report.podsLeftOut, 'pod')} left out`))
  return `${lines.join('\n')}\n`
}

function groupLines(groups: readonly LogGroup[], pods: number, look: Look): string[] {
  const { style } = look
  if (groups.length === 0) return ['  nothing was said']
  const shown = look.verbose ? groups : groups.slice(0, usual)
  const digits = Math.max(...shown.map((group) => String(group.count).length))
  const lines = shown.flatMap((group) => {
    const paint = group.level === 'error' ? style.red : group.level === 'warning' ? style.yellow : (text: string) => text
    const where =
      group.pods.length === pods
        ? pods > 1
          ? 'all pods'
          : group.pods[0]!
        : group.pods.length > 2
          ? `${group.pods.length} pods`
          : group.pods.join(', ')
    const length = (Date.parse(group.last ?? '') - Date.parse(group.first ?? '')) / 1000
    const times =
      group.first === undefined
        ? ''
        : group.count === 1
          ? ` at ${group.first.slice(11, 19)}`
          : ` ${group.first.slice(11, 19)} to ${group.last?.slice(11, 19)}${length > 0 ? ` (${span(length)})` : ''}`
    return [
      paint(cut(`${pad(String(group.count), digits)}x ${group.example}`, columnsOf(look))),
      style.dim(cut(`${' '.repeat(digits + 2)}${where}${times}`, columnsOf(look))),
    ]
  })
  const left = groups.length - shown.length
  return left > 0 ? [...lines, style.dim(`${counted(left, 'more kind')} of line: --verbose; every line: --lines`)] : lines
}

/** How many characters the names of all pods begin with in common, up to a dash. */
function commonStart(pods: readonly string[]): number {
  if (pods.length < 2) return 0
  const [first = ''] = pods
  let at = 0
  while (at < first.length && pods.every((pod) => pod[at] === first[at])) at++
  return first.lastIndexOf('-', at - 1) + 1
}
