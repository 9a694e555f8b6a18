/** Use beside requests and limits, for a person. */
import { bytes, cores } from '../diagnosis/quantity.ts'
import type { ContainerUse, Use } from '../diagnosis/top.ts'
import { columnsOf, type Look } from './page.ts'
import { type Row, table } from './table.ts'
import { cut, wrap } from './text.ts'

interface Top {
  service: string
  from: string
  measured: boolean
  next: string | null
  thresholds: { cpuRatio: number; memoryRatio: number }
  containers: readonly ContainerUse[]
}

/** A line for each container, the fullest first. Ends with a newline. */
export function renderTop(report: Top, look: Look): string {
  const { style } = look
  const { thresholds, containers } = report
  const head = report.measured ? `${report.service} by ${report.from}` : report.service
  const lines = [style.bold(cut(head, columnsOf(look)))]
  if (!report.measured) {
    lines.push(...wrap(`use was not seen: ${report.from}`, columnsOf(look)).map(style.yellow))
    lines.push(...(report.next ?? '').split('\n').filter((line) => line !== ''))
  }
  const rows = containers.map((one): Row => {
    const full = (one.memory.share ?? 0) > thresholds.memoryRatio || (one.cpu.share ?? 0) > thresholds.cpuRatio
    const several = containers.some((other) => other.pod === one.pod && other.container !== one.container)
    return {
      cells: [
        several ? `${one.pod}/${one.container}` : one.pod,
        useText(one.memory, bytes),
        useText(one.cpu, cores),
        one.ready ? 'yes' : 'no',
        String(one.restarts),
        one.node ?? '-',
      ],
      ...(full || !one.ready ? { paint: style.red } : {}),
    }
  })
  lines.push(...table(['POD', 'MEMORY/LIMIT', 'CPU/LIMIT', 'READY', 'RESTARTS', 'NODE'], rows, look))
  const unlimited = containers.filter((one) => one.memory.limit === undefined)
  if (unlimited.length > 0)
    lines.push(...wrap(`no memory limit: ${[...new Set(unlimited.map((one) => one.container))].join(', ')}`, columnsOf(look)))
  return `${lines.join('\n')}\n`
}

/** `52Mi/128Mi 41%`; the request in place of a limit that is not there. */
function useText({ used, limit, request, share }: Use, unit: (value: number) => string): string {
  const may = limit !== undefined ? unit(limit) : request !== undefined ? `${unit(request)} asked` : 'no limit'
  return `${used === undefined ? '?' : unit(used)}/${may}${share === undefined ? '' : ` ${Math.round(share * 100)}%`}`
}
