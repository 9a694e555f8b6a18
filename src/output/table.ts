/** Rows in columns, as wide as they need to be and no wider than the terminal. */
import { columnsOf, type Look } from './page.ts'
import { cut, pad, width } from './text.ts'

export interface Row {
  cells: readonly string[]
  /** Paints the whole line. */
  paint?: (text: string) => string
}

/** Lines of a table under a heading. The last column takes what is left and is cut; the others are never narrower than their texts unless the line is full. */
export function table(heads: readonly string[], rows: readonly Row[], look: Look): string[] {
  const columns = columnsOf(look)
  const last = heads.length - 1
  const widths = heads.map((head, at) => Math.max(width(head), ...rows.map(({ cells }) => width(cells[at] ?? ''))))
  // The widest columns but the last give way until the last has room for its heading.
  const least = Math.min(widths[last]!, 12)
  const used = () => widths.slice(0, last).reduce((sum, one) => sum + one + 2, 0)
  while (used() + least > columns) {
    const widest = widths.slice(0, last).reduce((best, one, at) => (one > widths[best]! ? at : best), 0)
    if (widths[widest]! <= 6) break
    widths[widest] = widths[widest]! - 1
  }
  widths[last] = Math.max(least, columns - used())
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, at) => (at === last ? cut(cell, widths[at]!) : pad(cut(cell, widths[at]!), widths[at]!)))
      .join('  ')
      .trimEnd()
  return [look.style.bold(line(heads)), ...rows.map(({ cells, paint }) => (paint ?? ((text: string) => text))(line(cells)))]
}
