/** Answers of Prometheus for a person. */
import type { ScrapeTarget } from '../targets/ports.ts'
import { columnsOf, counted, type Look } from './page.ts'
import { sparkline } from './spark.ts'
import { clean, cut, wrap } from './text.ts'
import { since } from './time.ts'

/** What is scraped, what does not answer first. Ends with a newline. */
export function renderTargets(
  report: { at: string; where: string; scraped: number; up: number; about: string; targets: readonly ScrapeTarget[] },
  look: Look,
): string {
  const { style } = look
  const columns = columnsOf(look)
  const lines = wrap(`${report.where} scrapes ${counted(report.scraped, 'target')}, ${report.up} answer; of ${report.about}:`, columns).map(
    style.bold,
  )
  if (report.targets.length === 0) lines.push('  none')
  for (const { labels, health, lastError, lastScrape } of report.targets) {
    const name = [labels.job, labels.namespace, labels.pod ?? labels.instance].filter(Boolean).join(' ')
    const text = `${health.toUpperCase()} ${name}, ${since(lastScrape, report.at)}${lastError === '' ? '' : `: ${lastError}`}`
    lines.push(...wrap(text, columns, '  ', '    ').map(health === 'up' ? (line: string) => line : style.red))
  }
  return `${lines.join('\n')}\n`
}

const most = 50

/** A line for each series: its labels and last value, with its course where there is one. Ends with a newline. */
export function renderSeries(
  report: {
    where: string
    series: readonly { labels: Record<string, string>; points: readonly (readonly [number, number | string])[] }[]
    warnings: readonly string[]
  },
  look: Look,
): string {
  const { style } = look
  const columns = columnsOf(look)
  const lines = [style.dim(cut(`${counted(report.series.length, 'series', 'series')} from ${report.where}`, columns))]
  const shown = look.verbose ? report.series : report.series.slice(0, most)
  for (const { labels, points } of shown) {
    const { __name__: name = '', ...rest } = labels
    const pairs = Object.entries(rest).map(([key, value]) => `${key}="${value}"`)
    const last = points.at(-1)?.[1]
    const value = typeof last === 'number' ? String(Number(last.toPrecision(6))) : (last ?? 'no value')
    lines.push(`${style.bold(clean(value))}  ${clean(`${name}{${pairs.join(', ')}}`)}`)
    if (points.length > 1) lines.push(`  |${sparkline(points.slice(-(columns - 4)).map(([, one]) => Number(one)))}|`)
  }
  if (shown.length < report.series.length) lines.push(style.dim(`${report.series.length - shown.length} more: --verbose`))
  for (const warning of report.warnings) lines.push(...wrap(`warning: ${warning}`, columns).map(style.yellow))
  return `${lines.join('\n')}\n`
}
