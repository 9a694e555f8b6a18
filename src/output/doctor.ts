/** What `task-mcp doctor` found, for people. */
import type { DoctorLine, DoctorReport } from '../diagnosis/doctor.ts'
import { columnsOf, type Look } from './page.ts'
import { clean, pad, wrap } from './text.ts'

const headings = { cluster: 'Cluster', permissions: 'Permissions', sources: 'Sources' } as const
const words = { ok: 'ok', limited: 'LESS', denied: 'DENIED', unreachable: 'FAILED', absent: 'ABSENT' } as const
const wordWidth = 7

const summaries = {
  yes: 'A diagnosis works from here.',
  denied: 'A diagnosis needs permissions that are not granted.',
  unreachable: 'A diagnosis cannot work from here.',
} as const

/** A line for each thing that was tried, and under it what changes one that is not as it should be; ends with a newline. */
export function renderDoctor(report: DoctorReport, look: Look): string {
  const lines: string[] = []
  for (const area of ['cluster', 'permissions', 'sources'] as const) {
    const of = report.lines.filter((line) => line.area === area)
    if (of.length > 0) lines.push(look.style.bold(headings[area]), ...of.flatMap((line) => lineText(line, look)), '')
  }
  const less = report.lines.filter((line) => line.state === 'limited').length
  const rest = report.works === 'yes' && less > 0 ? ` ${less} ${less === 1 ? 'line says' : 'lines say'} what it cannot see or do.` : ''
  const paint = report.works === 'yes' ? look.style.green : look.style.red
  return `${lines.join('\n')}\n${wrap(summaries[report.works] + rest, columnsOf(look))
    .map(paint)
    .join('\n')}\n`
}

function lineText(line: DoctorLine, look: Look): string[] {
  const { style } = look
  const paint = line.state === 'ok' ? style.green : line.state === 'limited' ? style.yellow : style.red
  const indent = ' '.repeat(wordWidth + 2)
  const word = words[line.state]
  const [first = '', ...rest] = wrap(`${line.what}: ${line.says}`, columnsOf(look), `  ${pad(word, wordWidth)}`, indent)
  const fix = (line.fix ?? '').split('\n').filter((text) => text !== '')
  return [`  ${paint(word)}${first.slice(2 + word.length)}`, ...rest, ...fix.map((text) => `${indent}  ${style.cyan(clean(text))}`)]
}
