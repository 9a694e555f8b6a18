/** The way to the pods for a person. */
import type { Hop } from '../diagnosis/path-check.ts'
import { columnsOf, type Look } from './page.ts'
import { pad, wrap } from './text.ts'

const words = { ok: 'ok', broken: 'BROKEN', unknown: '?', note: 'note' } as const

/** A line for each hop, from the name to the answer. Ends with a newline. */
export function renderHops(report: { service: string; from: string; hops: readonly Hop[] }, look: Look): string {
  const { style } = look
  const paint = { ok: style.green, broken: style.red, unknown: style.yellow, note: style.cyan }
  const hopWidth = Math.max(...report.hops.map((hop) => hop.hop.length))
  const lines = report.hops.flatMap(({ hop, state, said }) => {
    const [first = '', ...rest] = wrap(said, columnsOf(look), ' '.repeat(hopWidth + 12))
    return [`  ${paint[state](pad(words[state], 6))}  ${pad(hop, hopWidth)}  ${first.trimStart()}`, ...rest]
  })
  const head = wrap(`The way from namespace ${report.from} to ${report.service}`, columnsOf(look)).map(style.bold)
  // A rule is for pasting, and stays as it is.
  const rules = [...new Set(report.hops.flatMap((hop) => hop.next ?? []))].flatMap((next) => ['', ...next.split('\n')])
  return `${[...head, ...lines, ...rules].join('\n')}\n`
}
