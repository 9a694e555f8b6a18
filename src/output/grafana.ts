/** Grafana's health for a person. */
import { columnsOf, type Look } from './page.ts'
import { wrap } from './text.ts'

/** Ends with a newline. */
export function renderGrafana(report: { where: string; healthy: boolean; database: string; version: string | null }, look: Look): string {
  const version = report.version === null ? '' : ` ${report.version}`
  const text = `Grafana${version} at ${report.where}: its database is ${report.database}${report.healthy ? '. An empty dashboard is then a missing data source, not a calm service.' : ''}`
  const lines = wrap(text, columnsOf(look))
  return `${(report.healthy ? lines : lines.map(look.style.red)).join('\n')}\n`
}
